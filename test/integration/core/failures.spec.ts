import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisAbortError,
  RedisClient,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisProtocolError,
  RedisTimeoutError,
  type RedisClientOptions,
} from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

const QUICK: RedisClientOptions = { reconnect: { delay: 20, maxDelay: 100 } };

/** A server that answers each chunk as told: for faults that no real server commits. */
async function scripted(
  answer: (chunk: string, socket: Socket) => void,
): Promise<{ port: number; close: () => Promise<void>; server: NetServer }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => answer(chunk.toString('latin1'), socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Replies to the four commands of a handshake. */
const GREETING = '%1\r\n+proto\r\n:3\r\n+PONG\r\n+OK\r\n+OK\r\n';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  const open: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, ...QUICK, ...options });
    open.push(client);
    return client;
  };

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  afterAll(() => server.stop());

  it('SIGKILL under 200 callers: every promise settles, writes are not sent twice, the client comes back by itself', async () => {
    const client = make();
    await client.connect();
    const events: string[] = [];
    client.on('disconnect', ({ reason }) => events.push(`disconnect:${reason}`));
    client.on('ready', () => events.push('ready'));
    let stop = false;
    const outcomes = { replies: 0, connection: 0, timeout: 0, other: [] as unknown[] };
    const callers = Array.from({ length: 200 }, async (_, caller) => {
      for (let turn = 0; !stop; turn++) {
        const value = `${caller}:${turn}`;
        try {
          if ((turn + caller) % 2 === 0) expect(await client.echo(value)).toBe(value);
          else expect(await client.set(`caller:${caller}`, value)).toBe('OK');
          outcomes.replies++;
        } catch (error) {
          if (error instanceof RedisConnectionError) outcomes.connection++;
          else if (error instanceof RedisTimeoutError) outcomes.timeout++;
          else outcomes.other.push(error);
        }
      }
    });
    await eventually(() => outcomes.replies > 2_000);
    await server.kill();
    await eventually(() => client.status === 'reconnecting');
    await server.restart();
    const before = outcomes.replies;
    await eventually(() => outcomes.replies > before + 2_000);
    stop = true;
    await Promise.all(callers);
    expect(outcomes.other).toEqual([]);
    expect(outcomes.connection).toBeGreaterThan(0);
    expect(events[0]).toMatch(/^disconnect:(server_closed|connection_lost)$/);
    expect(events).toContain('ready');
    expect(client.inFlight).toBe(0);
  });

  it('restores subscriptions after a SIGKILL and tells how long it was deaf', async () => {
    const client = make();
    const publisher = make();
    const subscription = await client.subscribe('news');
    const gaps: number[] = [];
    subscription.on('resubscribed', ({ gap }) => gaps.push(gap));
    await server.kill();
    await server.restart();
    await eventually(() => gaps.length === 1);
    expect(gaps[0]).toBeGreaterThan(0);
    await publisher.publish('news', 'again');
    expect(await subscription.next()).toEqual({
      done: false,
      value: { type: 'message', channel: 'news', data: 'again' },
    });
  });

  it('SIGSTOP: commands time out, keep their place, and late replies go to nobody', async () => {
    const client = make({ commandTimeout: 200 });
    await client.set('k', 'before');
    await server.pause();
    const late = await Promise.allSettled([client.set('k', 'late'), client.get('k')]);
    for (const outcome of late)
      expect((outcome as PromiseRejectedResult).reason).toMatchObject({ kind: 'command', code: 'TIMEOUT' });
    await server.resume();
    expect(await client.with({ timeout: 5_000 }).echo('mine')).toBe('mine');
    expect(await client.get('k')).toBe('late');
  });

  it('a silent connection counts as dead after socketTimeout', async () => {
    const client = make({ commandTimeout: 0, socketTimeout: 200 });
    await client.ping();
    const reasons: string[] = [];
    client.on('disconnect', ({ reason }) => reasons.push(reason));
    await server.pause();
    const write = await client.incr('n').catch((error: unknown) => error);
    await server.resume();
    expect(write).toBeInstanceOf(RedisConnectionError);
    expect(reasons).toEqual(['timeout']);
    expect(await client.ping()).toBe('PONG');
  });

  it('CLIENT KILL: what was in flight is tried again where that is harmless, and else fails once and for all', async () => {
    const client = make();
    const admin = make();
    await client.del('x');
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const write = client.incr('x').catch((error: unknown) => error);
    const read = client.get('x');
    await eventually(() => client.inFlight === 2);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await write).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECTION_LOST',
      command: 'INCR',
    });
    await admin.call('CLIENT', 'UNPAUSE');
    expect(await read).toBeNull();
  });

  it('no write is applied twice while connections are killed under load', async () => {
    const client = make();
    const admin = make();
    await client.del('counter');
    let stop = false;
    let acknowledged = 0;
    let issued = 0;
    const callers = Array.from({ length: 50 }, async () => {
      while (!stop) {
        issued++;
        await client.incr('counter').then(
          () => acknowledged++,
          () => undefined,
        );
      }
    });
    for (let kills = 0; kills < 20; kills++) {
      const before = acknowledged;
      await eventually(() => acknowledged > before + 500);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    stop = true;
    await Promise.all(callers);
    const applied = Number(await client.get('counter'));
    expect(applied).toBeGreaterThanOrEqual(acknowledged);
    expect(applied).toBeLessThanOrEqual(issued);
    expect(issued - acknowledged).toBeGreaterThan(0);
  });

  it('holds commands while disconnected up to queueSize; one more fails at once', async () => {
    const client = make({ queueSize: 3, commandTimeout: 60_000, reconnect: { delay: 50 } });
    await client.connect();
    await server.kill();
    await eventually(() => client.status === 'reconnecting');
    const held = [client.ping(), client.ping(), client.ping()];
    await expect(client.ping()).rejects.toMatchObject({ code: 'QUEUE_FULL', command: 'PING' });
    await server.restart();
    expect(await Promise.all(held)).toEqual(['PONG', 'PONG', 'PONG']);
  });

  it.each([2, 3] as const)(
    'close() ends blocking commands at once and loses nothing (RESP%d)',
    async (protocol) => {
      const admin = make();
      await admin.del('jobs');
      const client = make({ protocol });
      const waiting = [client.blpop('jobs', 0), client.blpop('jobs', 0), client.brpop('jobs', 60)];
      const blocked = async (): Promise<number> =>
        (await admin.clientList()).filter(({ cmd }) => /^b[lr]pop$/.test(cmd)).length;
      await eventually(async () => (await blocked()) === 3);
      await client.close({ timeout: 60_000 });
      expect(await Promise.all(waiting)).toEqual([null, null, null]);
      await expect(client.blpop('jobs', 1)).rejects.toMatchObject({ code: 'CLOSED', command: 'BLPOP' });
      await admin.rpush('jobs', 'kept');
      expect(await admin.lpop('jobs')).toBe('kept');
    },
  );

  it('with a queue of 0 the first command is refused, and connects', async () => {
    const client = make({ queueSize: 0 });
    await expect(client.ping()).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await eventually(() => client.status === 'ready');
    expect(await client.ping()).toBe('PONG');
  });

  it('close() and destroy() always end: idle, connecting, ready, draining, reconnecting', async () => {
    const idle = make();
    await idle.close();
    await expect(idle.ping()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(idle.connect()).rejects.toBeInstanceOf(RedisDisconnectedError);

    const fresh = make();
    const issued = fresh.echo('x');
    await fresh.close();
    expect(await issued).toBe('x');

    const connecting = make();
    const attempt = connecting.connect().catch((error: unknown) => error);
    await connecting.close();
    expect(await attempt).toBeInstanceOf(RedisDisconnectedError);

    const draining = make();
    await draining.connect();
    const replies = Array.from({ length: 1_000 }, (_, index) => draining.echo(String(index)));
    await draining.close();
    expect(await Promise.all(replies)).toHaveLength(1_000);
    expect(draining.status).toBe('closed');

    const destroyed = make();
    await destroyed.connect();
    const lost = destroyed.incr('x').catch((error: unknown) => error);
    destroyed.destroy();
    expect(await lost).toMatchObject({ code: 'CLOSED', command: 'INCR' });

    const reconnecting = make({ commandTimeout: 60_000 });
    await reconnecting.connect();
    await server.kill();
    await eventually(() => reconnecting.status === 'reconnecting');
    const queued = reconnecting.ping().catch((error: unknown) => error);
    await reconnecting.close();
    expect(await queued).toMatchObject({ code: 'CLOSED' });
    await server.restart();
  });

  it('aborts: what was not sent is never sent, what was sent keeps its place', async () => {
    const client = make();
    await client.connect();
    await client.del('aborted');
    await expect(client.with({ signal: AbortSignal.abort('early') }).set('aborted', 1)).rejects.toMatchObject(
      { code: 'ABORTED', cause: 'early' },
    );
    expect(await client.exists('aborted')).toBe(0);
    const control = new AbortController();
    const sent = client.with({ signal: control.signal }).echo('theirs');
    const after = client.echo('mine');
    setImmediate(() => control.abort());
    const outcome = await sent.catch((error: unknown) => error);
    expect(outcome === 'theirs' || outcome instanceof RedisAbortError).toBe(true);
    expect(await after).toBe('mine');
  });
});

describe('faults that no real server commits', () => {
  let closeServer: (() => Promise<void>) | undefined;
  let client: RedisClient | undefined;

  afterEach(async () => {
    client?.destroy();
    await closeServer?.();
  });

  it.each([
    ['bytes that are no reply', '?what\r\n', /sent bytes that are no reply/],
    ['a reply with nothing in flight', '+OK\r\n+EXTRA\r\n', /sent a reply with no command in flight/],
    ['an error with nothing in flight', '+OK\r\n-ERR extra\r\n', /sent an error with no command in flight/],
  ])('%s end the connection and fail what was in flight', async (_, answer, message) => {
    let connections = 0;
    const fake = await scripted((chunk, socket) => {
      if (chunk.includes('HELLO')) {
        connections++;
        socket.write(GREETING);
      } else if (connections === 1) socket.write(answer);
      else socket.write('+OK\r\n'.repeat(chunk.split('*3').length - 1));
    });
    closeServer = fake.close;
    client = new RedisClient({ port: fake.port, host: '127.0.0.1', ...QUICK });
    await client.connect();
    const events: { reason: string; error: Error }[] = [];
    client.on('disconnect', (event) => events.push(event));
    await client.set('a', 1).catch(() => undefined);
    await eventually(() => events.length === 1);
    expect(events[0]!.reason).toBe('protocol_error');
    expect(events[0]!.error).toBeInstanceOf(RedisProtocolError);
    expect(events[0]!.error.message).toMatch(message);
    expect(await client.set('b', 2)).toBe('OK');
    expect(connections).toBe(2);
  });

  it('what is sent again comes first and in its order, then what waited', async () => {
    let connections = 0;
    const received: string[] = [];
    const fake = await scripted((chunk, socket) => {
      if (chunk.includes('HELLO')) {
        connections++;
        socket.write(GREETING);
      } else if (connections === 1) socket.destroy();
      else {
        const keys = [...chunk.matchAll(/GET\r\n\$1\r\n(.)/g)].map(([, key]) => key!);
        received.push(...keys);
        socket.write(keys.map((key) => `$1\r\n${key}\r\n`).join(''));
      }
    });
    closeServer = fake.close;
    // three are on their way when the connection is lost, two wait for room
    client = new RedisClient({ port: fake.port, host: '127.0.0.1', ...QUICK, maxInFlight: 3 });
    await client.connect();
    const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => client!.get(key)));
    expect(replies).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(received).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('a server that still loads its data is tried again after a pause, not after connectTimeout', async () => {
    let connections = 0;
    const fake = await scripted((chunk, socket) => {
      if (chunk.includes('HELLO')) {
        connections++;
        const ping = connections < 3 ? '-LOADING Redis is loading the dataset in memory' : '+PONG';
        socket.write(GREETING.replace('+PONG', ping));
      } else socket.write('+OK\r\n');
    });
    closeServer = fake.close;
    client = new RedisClient({ port: fake.port, host: '127.0.0.1', ...QUICK, connectTimeout: 600_000 });
    const errors: { code: string }[] = [];
    client.on('error', (error) => errors.push(error));
    expect(await client.set('a', 1)).toBe('OK');
    expect(connections).toBe(3);
    expect(errors.map(({ code }) => code)).toEqual(['LOADING', 'LOADING']);
  });

  it('a handshake that never ends runs into connectTimeout', async () => {
    const fake = await scripted(() => undefined);
    closeServer = fake.close;
    client = new RedisClient({ port: fake.port, host: '127.0.0.1', connectTimeout: 100 });
    await expect(client.connect()).rejects.toMatchObject({ name: 'RedisTimeoutError', kind: 'connect' });
  });

  it('what waits for a server that is not there times out with the reason', async () => {
    client = new RedisClient({ port: 1, host: '127.0.0.1', commandTimeout: 150, ...QUICK });
    const error = await client.get('k').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'command', command: 'GET' });
    expect((error as Error).message).toMatch(
      /never sent: Could not connect to Redis at 127\.0\.0\.1:1 \(ECONNREFUSED\): nothing listens there/,
    );
    expect((error as Error).cause).toBeInstanceOf(RedisConnectionError);
    await eventually(() => client!.status === 'idle');
  });

  it('a blocking command that waits for ever is not held for ever where there is no server', async () => {
    client = new RedisClient({ port: 1, host: '127.0.0.1', commandTimeout: 150, ...QUICK });
    await expect(client.blpop('queue', 0)).rejects.toThrow(
      /could not be reached within 150 ms: .*ECONNREFUSED/,
    );
  });
});
