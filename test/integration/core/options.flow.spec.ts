import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest } from '@jest/globals';
import type { RedisClient, RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, FakeServer, shows } from './support/index.js';

/** What clients hand to their sockets, as text: one entry for each system call that Node makes of it at the least. */
function spyOnWrites(port: number): { writes: string[]; sockets: Set<Socket> } {
  const writes: string[] = [];
  const sockets = new Set<Socket>();
  const { write } = Socket.prototype as unknown as { write: (...args: unknown[]) => boolean };
  jest.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]) {
    if (this.remotePort === port) {
      writes.push(String(args[0]));
      sockets.add(this);
    }
    return write.apply(this, args);
  });
  return { writes, sockets };
}

function commandsIn(text: string): number {
  return text.split('*2\r\n').length - 1;
}

describe('flow control', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, commandTimeout: 0, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => server.stop());

  shows('queueSize', 'is how many commands wait for a connection: none, one, any number', async () => {
    await using fake = await FakeServer.start(() => null);
    for (const queueSize of [0, 1, 17, Infinity]) {
      const client = make({ url: `redis://127.0.0.1:${fake.port}`, queueSize });
      const outcomes = Array.from({ length: 2_000 }, () =>
        client.ping().then(
          () => 'sent',
          (error: { code: string }) => error.code,
        ),
      );
      expect(client.queued).toBe(Math.min(queueSize, 2_000));
      client.destroy();
      const codes = await Promise.all(outcomes);
      expect(codes.filter((code) => code === 'CLOSED')).toHaveLength(Math.min(queueSize, 2_000));
      expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(2_000 - Math.min(queueSize, 2_000));
    }
  });

  shows('queueSize', 'does not count while connected', async () => {
    await using fake = await FakeServer.start();
    const client = make({ url: `redis://127.0.0.1:${fake.port}`, queueSize: 1, maxInFlight: 1 });
    await client.connect();
    expect(await Promise.all(Array.from({ length: 50 }, () => client.ping()))).toHaveLength(50);
  });

  shows('maxInFlight', 'is the most that is on the wire, and all of it is used', async () => {
    let unanswered = 0;
    let most = 0;
    await using fake = await FakeServer.start(({ name, socket }) => {
      if (name !== 'INCR') return undefined;
      most = Math.max(most, ++unanswered);
      setImmediate(() => {
        unanswered--;
        socket.write(':1\r\n');
      });
      return null;
    });
    for (const maxInFlight of [1, 7, 1_000]) {
      most = 0;
      const client = make({ url: `redis://127.0.0.1:${fake.port}`, maxInFlight });
      await client.connect();
      const replies = Array.from({ length: 300 }, () => client.incr('n'));
      expect(client.inFlight).toBe(Math.min(maxInFlight, 300));
      expect(client.queued).toBe(300 - Math.min(maxInFlight, 300));
      await Promise.all(replies);
      expect(most).toBeLessThanOrEqual(maxInFlight);
      if (maxInFlight < 300) expect(most).toBe(maxInFlight);
      else expect(most).toBeGreaterThan(7);
    }
  });

  async function writesOf(
    options: RedisClientOptions,
    issue: (client: RedisClient) => Promise<unknown>[],
  ): Promise<{ inTick: string[]; all: string[] }> {
    const client = make(options);
    await client.connect();
    const { writes } = spyOnWrites(server.port);
    const replies = issue(client);
    const inTick = [...writes];
    await Promise.all(replies);
    jest.restoreAllMocks();
    return { inTick, all: writes };
  }
  const echoes =
    (count: number, text = 'x') =>
    (client: RedisClient): Promise<unknown>[] =>
      Array.from({ length: count }, () => client.echo(text));

  shows(
    'autoPipelining',
    'puts the commands of a tick into one write; false writes each by itself',
    async () => {
      const together = await writesOf({}, echoes(20));
      expect(together.inTick).toEqual([]);
      expect(together.all.map(commandsIn)).toEqual([20]);
      const apart = await writesOf({ autoPipelining: false }, echoes(20));
      expect(apart.inTick.map(commandsIn)).toEqual(Array.from({ length: 20 }, () => 1));
      expect(apart.all).toEqual(apart.inTick);
    },
  );

  shows('pipelineDepth', 'is after how many commands a long tick is written for the first time', async () => {
    for (const pipelineDepth of [5, 32]) {
      const { inTick, all } = await writesOf({ pipelineDepth }, echoes(100));
      expect(commandsIn(inTick[0]!)).toBe(pipelineDepth);
      expect(all.map(commandsIn).reduce((sum, count) => sum + count)).toBe(100);
    }
    const whole = await writesOf({ pipelineDepth: Infinity }, echoes(100));
    expect(whole.inTick).toEqual([]);
    expect(whole.all.map(commandsIn)).toEqual([100]);
  });

  shows('writeBufferSize', 'is after how many bytes a tick is written', async () => {
    const text = 'x'.repeat(90);
    const small = await writesOf({ writeBufferSize: 1_000, pipelineDepth: Infinity }, echoes(100, text));
    expect(small.inTick.length).toBeGreaterThan(5);
    for (const write of small.inTick) {
      expect(write.length).toBeGreaterThanOrEqual(1_000);
      expect(write.length).toBeLessThan(1_000 + 150);
    }
    const large = await writesOf({ writeBufferSize: 1_000_000, pipelineDepth: Infinity }, echoes(100, text));
    expect(large.inTick).toEqual([]);
    expect(large.all.map(commandsIn)).toEqual([100]);
  });

  shows(
    'readBufferSize',
    'is what a connection reads into: replies that are larger arrive whole',
    async () => {
      const client = make({ readBufferSize: 64 });
      const texts = [1, 63, 64, 65, 1_000, 1_000_000].map((length) => 'ü'.repeat(length));
      await Promise.all(texts.map((text, index) => client.set(`text:${index}`, text)));
      expect(await Promise.all(texts.map((_, index) => client.get(`text:${index}`)))).toEqual(texts);
    },
  );

  shows('readBufferSize', 'is the memory of a connection', async () => {
    const memoryOf = async (readBufferSize: number): Promise<number> => {
      const before = process.memoryUsage().arrayBuffers;
      const clients = Array.from({ length: 8 }, () => make({ readBufferSize }));
      await Promise.all(clients.map((client) => client.connect()));
      const taken = process.memoryUsage().arrayBuffers - before;
      for (const client of clients) client.destroy();
      return taken;
    };
    expect(await memoryOf(1_024)).toBeLessThan(16 * 2 ** 20);
    // 8 connections of 8 MiB, less what was collected meanwhile
    expect(await memoryOf(8 * 2 ** 20)).toBeGreaterThan(48 * 2 ** 20);
  });

  shows(
    'maxInFlight',
    'or a server that stops reading: the client stops writing, and goes on in order',
    async () => {
      const client = make({ maxInFlight: Infinity, socketTimeout: 0 });
      await client.connect();
      const { sockets } = spyOnWrites(server.port);
      await server.pause();
      const pad = 'x'.repeat(65_536);
      const script = "return redis.call('incr', KEYS[1])";
      // 128 MiB: more than the system takes for a connection
      const replies = Array.from({ length: 2_000 }, () => client.eval(script, 1, 'turn', pad));
      const [socket] = sockets;
      expect(socket).toBeDefined();
      let before = -1;
      await eventually(() => {
        const stalled = client.queued === before && socket!.writableLength > 0;
        before = client.queued;
        return stalled;
      });
      expect(socket!.writableLength).toBeLessThan(4 * 2 ** 20);
      expect(client.queued).toBeGreaterThan(1_000);
      expect(client.inFlight + client.queued).toBe(2_000);
      const refused = await errorOf(client.with({ timeout: 40 }).ping());
      expect(refused.message).toMatch(/never sent: the connection had no room for it/);
      await server.resume();
      expect(await Promise.all(replies)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
      expect(client.queued).toBe(0);
    },
  );
});
