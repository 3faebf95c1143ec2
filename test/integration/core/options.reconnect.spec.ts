import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import {
  RedisConnectionError,
  type ReconnectOptions,
  type RedisClient,
  type RedisError,
} from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, FakeServer, shows, watch } from './support/index.js';

const NOWHERE = { url: 'redis://127.0.0.1:1', commandTimeout: 0 };

interface Reconnecting {
  attempt: number;
  delay: number;
}

describe('reconnecting', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());

  function announced(client: RedisClient): Reconnecting[] {
    const events: Reconnecting[] = [];
    client.on('reconnecting', (event) => events.push(event));
    return events;
  }

  /** The first `count` delays of a client that finds no server. */
  async function delays(reconnect: ReconnectOptions, count: number): Promise<number[]> {
    const client = make({ ...NOWHERE, reconnect });
    const events = announced(client);
    client.ping().catch(() => undefined);
    await eventually(() => events.length >= count, { timeout: 20_000 });
    client.destroy();
    expect(events.map(({ attempt }) => attempt)).toEqual(events.map((_, index) => index + 1));
    return events.slice(0, count).map(({ delay }) => delay);
  }

  shows('reconnect', 'without settings begins at 100 ms and doubles', async () => {
    expect(await delays({ jitter: 0 }, 3)).toEqual([100, 200, 400]);
  });

  shows('reconnect.delay', 'is the first delay', async () => {
    expect(await delays({ delay: 3, jitter: 0 }, 4)).toEqual([3, 6, 12, 24]);
  });

  shows('reconnect.factor', 'is what each delay is multiplied by', async () => {
    expect(await delays({ delay: 2, factor: 3, jitter: 0 }, 4)).toEqual([2, 6, 18, 54]);
    expect(await delays({ delay: 4, factor: 1, jitter: 0 }, 3)).toEqual([4, 4, 4]);
  });

  shows('reconnect.maxDelay', 'is the longest, jitter or not', async () => {
    expect(await delays({ delay: 4, maxDelay: 10, jitter: 0 }, 4)).toEqual([4, 8, 10, 10]);
    const spread = await delays({ delay: 10, factor: 1, maxDelay: 10, jitter: 1 }, 20);
    expect(Math.max(...spread)).toBe(10);
  });

  shows('reconnect.jitter', 'spreads the delays up and down, each time anew', async () => {
    const spread = await delays({ delay: 20, factor: 1, jitter: 1 }, 20);
    for (const delay of spread) {
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(40);
    }
    // 20 of one side, all alike, or all within the default's quarter: less likely than one in 100,000
    expect(Math.min(...spread)).toBeLessThan(20);
    expect(Math.max(...spread)).toBeGreaterThan(20);
    expect(spread.filter((delay) => delay < 15 || delay > 25)).not.toEqual([]);
    expect(new Set(spread).size).toBeGreaterThan(3);
  });

  shows('reconnect.delay', 'is kept: no attempt is made before it has passed', async () => {
    const client = make({ ...NOWHERE, reconnect: { delay: 60, factor: 1, jitter: 0 } });
    let announcedAt = 0;
    const gaps: number[] = [];
    client.on('error', () => {
      if (announcedAt !== 0) gaps.push(performance.now() - announcedAt);
    });
    client.on('reconnecting', () => (announcedAt = performance.now()));
    client.ping().catch(() => undefined);
    await eventually(() => gaps.length >= 3);
    // Node's timers may fire a fraction of a millisecond early
    for (const gap of gaps) expect(gap).toBeGreaterThan(58);
  });

  shows(
    'reconnect.maxAttempts',
    'ends the attempts: what waits fails with the cause, the next use begins anew',
    async () => {
      const client = make({ ...NOWHERE, reconnect: { delay: 2, jitter: 0, maxAttempts: 3 } });
      const events = announced(client);
      const errors: RedisError[] = [];
      client.on('error', (error) => errors.push(error));
      const waiting = [
        errorOf(client.ping()),
        errorOf(client.incr('n')),
        errorOf(client.connect({ deadline: Infinity })),
      ];
      for (const error of await Promise.all(waiting)) {
        expect(error).toBeInstanceOf(RedisConnectionError);
        expect(error).toMatchObject({ code: 'CONNECT_FAILED' });
        expect(error.message).toMatch(/ECONNREFUSED/);
        expect(error.cause).toBeDefined();
      }
      expect(errors).toHaveLength(3);
      expect(events).toEqual([
        { attempt: 1, delay: 2 },
        { attempt: 2, delay: 4 },
      ]);
      await eventually(() => client.status === 'idle');
      expect(client.queued).toBe(0);
      await errorOf(client.ping());
      expect(errors).toHaveLength(6);
      expect(events.slice(2)).toEqual(events.slice(0, 2));
      await errorOf(client.connect({ deadline: Infinity }));
      expect(errors).toHaveLength(9);
    },
  );

  shows(
    'reconnect.maxAttempts',
    'counts failures in a row: a connection that stood begins a new row',
    async () => {
      await using own = await startServer({ kind: 'redis-7.0' });
      const client = make({
        url: own.url,
        commandTimeout: 0,
        reconnect: { delay: 2, jitter: 0, maxAttempts: 2 },
      });
      const errors: RedisError[] = [];
      client.on('error', (error) => errors.push(error));
      for (let round = 1; round <= 2; round++) {
        expect(await client.ping()).toBe('PONG');
        await own.kill();
        await eventually(() => client.status === 'idle');
        expect(errors).toHaveLength(2 * round);
        await own.restart();
      }
      expect(await client.ping()).toBe('PONG');
    },
  );

  shows('reconnect', 'false: one attempt, and a lost connection stays lost until connect()', async () => {
    const gone = make({ ...NOWHERE, reconnect: false });
    let failed = 0;
    gone.on('error', () => failed++);
    const events = announced(gone);
    const errors = await Promise.all([errorOf(gone.ping()), errorOf(gone.connect({ deadline: Infinity }))]);
    for (const error of errors) expect(error).toMatchObject({ code: 'CONNECT_FAILED' });
    expect(failed).toBe(1);

    await using fake = await FakeServer.start(({ name }) => (name === 'INCR' ? null : undefined));
    const client = make({ url: `redis://127.0.0.1:${fake.port}`, reconnect: false, maxInFlight: 1 });
    const more = announced(client);
    await client.connect();
    const sent = errorOf(client.incr('sent'));
    const held = errorOf(client.incr('held'));
    await eventually(() => fake.count('INCR') === 1);
    fake.calls[0]!.socket.destroy();
    expect(await sent).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await held).toMatchObject({ command: 'INCR' });
    expect(await errorOf(client.ping())).toMatchObject({ code: 'DISCONNECTED' });
    expect(client.status).toBe('idle');
    expect(fake.connections).toBe(1);
    await client.connect();
    expect(await client.ping()).toBe('PONG');
    expect([...events, ...more]).toEqual([]);
  });

  shows('reconnect', 'keeps up a connection that stood, though nobody asks for it', async () => {
    await using fake = await FakeServer.start();
    const client = make({ url: `redis://127.0.0.1:${fake.port}`, reconnect: { delay: 2 } });
    await client.ping();
    fake.calls[0]!.socket.destroy();
    await eventually(() => fake.connections === 2 && client.status === 'ready');
    // one that never stood is not tried again for nobody
    const idle = make({ ...NOWHERE, reconnect: { delay: 2 } });
    const attempt = watch(idle.connect());
    await eventually(() => attempt.settled && idle.status === 'idle');
  });
});
