import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisConnectionError, type RedisClientOptions } from 'nestjs-redwire/core';
import {
  eventually,
  type Fault,
  FaultProxy,
  ONE_KIND,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../../support/index.js';

describe.each(SERVER_KINDS)('%s, one fault at a chosen byte', (kind) => {
  let server: TestServer;
  let admin: RedisClient;
  let proxy: FaultProxy;
  let nextPlan: { requests?: Fault[]; replies?: Fault[] } = {};
  const open: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: proxy.url, reconnect: { delay: 1, maxDelay: 5 }, ...options });
    open.push(client);
    return client;
  };

  beforeAll(async () => {
    server = await startServer({ kind });
    admin = new RedisClient(server.url);
    proxy = await FaultProxy.start({
      target: { host: server.host, port: server.port },
      // the next connection has what was planned; those after it have nothing
      plan: () => {
        const plan = nextPlan;
        nextPlan = {};
        return plan;
      },
    });
  });

  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  afterAll(async () => {
    await admin.close();
    await proxy.stop();
    await server.stop();
  });

  describe.each([2, 3] as const)('RESP%d', (protocol) => {
    const options: RedisClientOptions = { protocol, clientName: 'cut', database: 1 };

    /** Bytes of a handshake and a first INCR, each way. */
    const measure = async (): Promise<{ requests: number; replies: number }> => {
      const client = make(options);
      await client.incr('measured');
      const { requests, replies } = proxy.latest;
      const bytes = { requests: requests.forwarded, replies: replies.forwarded };
      client.destroy();
      await eventually(() => proxy.connections.size === 0);
      return bytes;
    };

    // every server has its own handshake to be cut; what is reset, and what waits, is the client's part
    it.each(ONE_KIND.includes(kind) ? (['cut', 'reset'] as const) : (['cut'] as const))(
      'a handshake that is ended by a %s after any byte, either way: connect() fails or recovers, and the client works',
      async (fault) => {
        const bytes = await measure();
        const outcomes = { connected: 0, failed: 0 };
        for (const direction of ['requests', 'replies'] as const) {
          for (let after = 0; after <= bytes[direction]; after++) {
            nextPlan = { [direction]: [{ kind: fault, after }] };
            const client = make(options);
            try {
              await client.connect();
              outcomes.connected++;
            } catch (error) {
              expect(error).toBeInstanceOf(RedisConnectionError);
              outcomes.failed++;
            }
            expect(await client.echo(`${direction} ${after}`)).toBe(`${direction} ${after}`);
            client.destroy();
          }
        }
        // those that end after the last byte of the handshake find it done
        expect(outcomes.connected).toBeGreaterThan(0);
        expect(outcomes.failed).toBeGreaterThan((bytes.requests + bytes.replies) / 2);
      },
      120_000,
    );

    if (ONE_KIND.includes(kind)) {
      it('a write that waits for the handshake is sent once, wherever that is cut', async () => {
        const bytes = await measure();
        const results: { key: string; answered: boolean }[] = [];
        for (const direction of ['requests', 'replies'] as const) {
          for (let after = 0; after <= bytes[direction]; after++) {
            const key = `${protocol}:${direction}:${after}`;
            nextPlan = { [direction]: [{ kind: 'cut', after }] };
            const client = make(options);
            const outcome = await client.incr(key).catch((error: unknown) => error);
            if (outcome !== 1) expect(outcome).toMatchObject({ code: 'CONNECTION_LOST' });
            results.push({ key, answered: outcome === 1 });
            client.destroy();
          }
        }
        await eventually(() => proxy.connections.size === 0);
        await using direct = new RedisClient({ url: server.url, database: 1 });
        const applied = await direct.mget(results.map(({ key }) => key));
        const wrong = results.filter(({ answered }, index) =>
          answered ? applied[index] !== '1' : applied[index] !== '1' && applied[index] !== null,
        );
        expect(wrong).toEqual([]);
        // only the cuts within the INCR itself leave its caller in doubt
        expect(results.filter(({ answered }) => !answered).length).toBeLessThan(100);
      }, 120_000);
    }
  });

  it('a reply whose last byte comes after its command timed out goes to nobody', async () => {
    const client = make({ commandTimeout: 5_000 });
    await client.connect();
    const connection = proxy.latest;
    // `$5\r\nfirst\r\n` has 11 bytes
    connection.replies.schedule({ kind: 'stall', after: 10, ms: 300 });
    const first = client.with({ timeout: 50 }).echo('first');
    const second = client.echo('second');
    await expect(first).rejects.toMatchObject({ kind: 'command' });
    expect(await second).toBe('second');
    expect(await client.echo('third')).toBe('third');
    expect(proxy.latest).toBe(connection);
  });

  it('a value in fragments of one byte comes whole, both ways', async () => {
    const client = make();
    await client.connect();
    const { requests, replies } = proxy.latest;
    const value = 'aé尺😀\r\n$3\r\n'.repeat(50);
    const before = proxy.counts.split;
    requests.schedule({ kind: 'split', after: 0, length: 2_000 });
    replies.schedule({ kind: 'split', after: 0, length: 2_000 });
    expect(await client.set('fragments', value)).toBe('OK');
    const [text, bytes] = await Promise.all([client.get('fragments'), client.buffers.get('fragments')]);
    expect(text).toBe(value);
    expect(bytes).toEqual(Buffer.from(value));
    expect(proxy.counts.split).toBe(before + 2);
  });

  it.each(['requests', 'replies'] as const)(
    'close() ends within its time though the %s are stalled for good',
    async (direction) => {
      const client = make({ commandTimeout: 60_000, socketTimeout: 0 });
      const subscription = await client.subscribe('news');
      await client.connect();
      const blocked = client.blpop('nothing', 60).catch((error: unknown) => error);
      await eventually(() => proxy.connections.size === 3);
      await eventually(async () => (await admin.clientList()).some(({ cmd }) => cmd === 'blpop'));
      for (const connection of proxy.connections)
        connection[direction].schedule({ kind: 'stall', after: 0, ms: Infinity });
      const write = client.incr('stalled').catch((error: unknown) => error);
      await client.close({ timeout: 100 });
      expect(await write).toMatchObject({ code: 'CONNECTION_LOST', command: 'INCR' });
      expect(await blocked).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
      expect(await subscription.next()).toEqual({ done: true, value: undefined });
      expect([client.status, client.inFlight, client.queued]).toEqual(['closed', 0, 0]);
      proxy.heal();
      await eventually(() => proxy.connections.size === 0);
    },
  );

  it('a reset around the tick of a write: it is applied once at most, and the client comes back', async () => {
    const client = make();
    const results: { key: string; answered: boolean }[] = [];
    for (let round = 0; round < 80; round++) {
      await client.ping();
      const connection = proxy.latest;
      const reset = [
        () => connection.reset(),
        () => process.nextTick(() => connection.reset()),
        () => setImmediate(() => connection.reset()),
        () => queueMicrotask(() => connection.reset()),
      ][round % 4]!;
      const key = `tick:${round}`;
      if (round % 8 < 4) reset();
      const write = client.incr(key).catch((error: unknown) => error);
      if (round % 8 >= 4) reset();
      const outcome = await write;
      if (outcome !== 1) expect(outcome).toMatchObject({ code: 'CONNECTION_LOST' });
      results.push({ key, answered: outcome === 1 });
      await turn();
    }
    await eventually(async () => (await client.ping()) === 'PONG');
    client.destroy();
    await eventually(() => proxy.connections.size === 0);
    const applied = await admin.mget(results.map(({ key }) => key));
    const wrong = results.filter(({ answered }, index) =>
      answered ? applied[index] !== '1' : applied[index] !== '1' && applied[index] !== null,
    );
    expect(wrong).toEqual([]);
  });
});
