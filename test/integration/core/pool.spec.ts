import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool, type RedisPoolOptions } from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';

describe('RedisPool', () => {
  let server: TestServer;
  let pool: RedisPool | undefined;
  const make = (options: RedisPoolOptions = {}): RedisPool =>
    (pool = new RedisPool({ url: server.url, ...options }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });

  afterEach(() => pool?.destroy());
  afterAll(() => server.stop());

  it('opens nothing by itself, and `min` with connect()', async () => {
    make({ min: 3 });
    expect(pool!.stats()).toEqual({ active: 0, idle: 0, waiting: 0, total: 0, min: 3, max: 10 });
    await pool!.connect();
    expect(pool!.stats()).toEqual({ active: 0, idle: 3, waiting: 0, total: 3, min: 3, max: 10 });
  });

  it('lends each connection to one caller, opens up to `max`, and serves waiters in order', async () => {
    make({ min: 0, max: 2 });
    const [a, b] = await Promise.all([pool!.acquire(), pool!.acquire()]);
    const numbers = [await a.clientId(), await b.clientId()];
    expect(numbers[0]).not.toBe(numbers[1]);
    const order: string[] = [];
    const first = pool!.acquire().then((client) => (order.push('first'), client));
    const second = pool!.acquire().then((client) => (order.push('second'), client));
    await eventually(() => pool!.stats().waiting === 2);
    expect(pool!.stats()).toEqual({ active: 2, idle: 0, waiting: 2, total: 2, min: 0, max: 2 });
    pool!.release(a);
    expect(await (await first).clientId()).toBe(numbers[0]);
    pool!.release(b);
    expect(await (await second).clientId()).toBe(numbers[1]);
    expect(order).toEqual(['first', 'second']);
    pool!.release(await first);
    pool!.release(await second);
    expect(pool!.stats()).toEqual({ active: 0, idle: 2, waiting: 0, total: 2, min: 0, max: 2 });
  });

  it('never opens more than `max`, however many ask at once', async () => {
    make({ min: 0, max: 3 });
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, () =>
        pool!.use(async (client) => {
          most = Math.max(most, pool!.stats().active);
          await client.ping();
        }),
      ),
    );
    expect(most).toBeLessThanOrEqual(3);
    expect(pool!.stats()).toMatchObject({ active: 0, waiting: 0 });
    expect(pool!.stats().total).toBeLessThanOrEqual(3);
  });

  it('use() gives back after an error too', async () => {
    make({ min: 0, max: 1 });
    await expect(pool!.use(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await pool!.use((client) => client.ping())).toBe('PONG');
  });

  it('a waiter gives up after acquireTimeout, with advice, or by its signal', async () => {
    make({ min: 0, max: 1, acquireTimeout: 60 });
    const held = await pool!.acquire();
    await expect(pool!.acquire()).rejects.toMatchObject({
      name: 'RedisTimeoutError',
      kind: 'pool',
      code: 'TIMEOUT',
    });
    await expect(pool!.acquire()).rejects.toThrow(/within 60 ms .*1 of 1 are lent.*released/);
    const control = new AbortController();
    const waiting = pool!.acquire({ signal: control.signal });
    control.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(pool!.stats().waiting).toBe(0);
    pool!.release(held);
  });

  it('refuses a second release and a stranger', async () => {
    make();
    const client = await pool!.acquire();
    pool!.release(client);
    expect(() => pool!.release(client)).toThrow(/was given back already/);
    expect(() => pool!.release(new RedisClient())).toThrow(/is not of this pool/);
  });

  it('closes what sits idle, down to `min`', async () => {
    make({ min: 1, max: 4, idleTimeout: 50 });
    const clients = await Promise.all([1, 2, 3, 4].map(() => pool!.acquire()));
    for (const client of clients) pool!.release(client);
    expect(pool!.stats().total).toBe(4);
    await eventually(() => pool!.stats().total === 1);
    expect(await pool!.use((client) => client.ping())).toBe('PONG');
  });

  it('replaces what broke while idle or lent, and serves waiters with the new one', async () => {
    make({ min: 0, max: 1, reconnect: { delay: 10 } });
    const held = await pool!.acquire();
    const waiting = pool!.acquire();
    await server.kill();
    await server.restart();
    held.destroy();
    pool!.release(held);
    const fresh = await waiting;
    expect(await fresh.ping()).toBe('PONG');
    pool!.release(fresh);
    await server.kill();
    await server.restart();
    await eventually(async () => (await pool!.use((client) => client.ping())) === 'PONG');
    expect(pool!.stats()).toMatchObject({ active: 0, waiting: 0, total: 1 });
  });

  it('close() waits for what is lent, fails waiters, refuses newcomers; destroy() waits for nothing', async () => {
    make({ min: 0, max: 1 });
    const held = await pool!.acquire();
    const waiting = pool!.acquire().catch((error: unknown) => error);
    const closing = pool!.close();
    expect(await waiting).toMatchObject({ code: 'CLOSED' });
    await expect(pool!.acquire()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await held.ping()).toBe('PONG');
    pool!.release(held);
    await closing;
    expect(held.status).toBe('closed');

    make({ min: 0 });
    const kept = await pool!.acquire();
    pool!.destroy();
    expect(kept.status).toBe('closed');
  });

  it('use() gives what the work gave, also when the pool is destroyed meanwhile', async () => {
    make({ min: 0 });
    const used = pool!.use(async (client) => {
      await client.ping();
      pool!.destroy();
      return 'done';
    });
    expect(await used).toBe('done');
  });

  it('concurrent close() calls end together, and shown as text it tells no password', async () => {
    make({ min: 1, password: undefined });
    await pool!.connect();
    await Promise.all([pool!.close({ timeout: Infinity }), pool!.close()]);
    expect(JSON.stringify(new RedisPool({ password: 'hunter2' }))).not.toContain('hunter2');
  });

  it('heeds a signal while a connection is being opened', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    pool = new RedisPool({ host: '127.0.0.1', port: (silent.address() as AddressInfo).port });
    const control = new AbortController();
    const acquired = pool.acquire({ signal: control.signal });
    await eventually(() => pool!.stats().total === 1);
    control.abort('enough');
    await expect(acquired).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    pool.destroy();
    silent.close();
  });

  it('does not lend from a pool that is destroyed while it looks at an idle connection', async () => {
    make({ min: 1 });
    await pool!.connect();
    await server.pause();
    // idle for so long that it is PINGed first
    const since = performance.now();
    await eventually(() => performance.now() - since > 1_000);
    const acquired = pool!.acquire().catch((error: unknown) => error);
    await eventually(() => pool!.stats().idle === 0);
    pool!.destroy();
    await server.resume();
    expect(await acquired).toMatchObject({ code: 'CLOSED' });
    expect(pool!.stats().total).toBe(0);
  });

  it('close() and destroy() end attempts to connect too', async () => {
    for (const end of ['close', 'destroy'] as const) {
      pool = new RedisPool({ host: '127.0.0.1', port: 1, reconnect: { delay: 10_000 } });
      const connecting = pool.connect({ deadline: Infinity }).catch((error: unknown) => error);
      await eventually(() => pool!.stats().total === 2);
      await pool[end]();
      expect(await connecting).toMatchObject({ code: 'CLOSED' });
      expect(pool.stats().total).toBe(0);
    }
  });

  it('says why no connection can be opened', async () => {
    pool = new RedisPool({ host: '127.0.0.1', port: 1 });
    await expect(pool.connect()).rejects.toThrow(/ECONNREFUSED/);
    await expect(pool.acquire()).rejects.toThrow(/ECONNREFUSED/);
    expect(pool.stats()).toEqual({ active: 0, idle: 0, waiting: 0, total: 0, min: 2, max: 10 });
  });

  it('tells waiters too, at once, when no connection can be opened', async () => {
    pool = new RedisPool({ host: '127.0.0.1', port: 1, max: 1, acquireTimeout: 60_000 });
    const outcomes = await Promise.allSettled([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CONNECT_FAILED' } });
  });

  it('drops a client that comes back with a subscription', async () => {
    make({ min: 0, max: 1 });
    const client = await pool!.acquire();
    const subscription = await client.subscribe('left');
    pool!.release(client);
    expect(subscription.closed).toBe(true);
    expect(client.status).toBe('closed');
    const next = await pool!.acquire();
    expect(await next.pubsubNumsub('left')).toEqual({ left: 0 });
    pool!.release(next);
    await expect(pool!.acquire({ signal: AbortSignal.abort('no') })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'no',
    });
  });

  it('stats always add up, under random use with connections killed', async () => {
    make({ min: 1, max: 4, reconnect: { delay: 10 }, retry: false });
    await using admin = new RedisClient(server.url);
    let done = 0;
    const check = (): void => {
      const { active, idle, waiting, total } = pool!.stats();
      expect(active + idle).toBeLessThanOrEqual(total);
      expect(total).toBeLessThanOrEqual(4);
      expect(waiting).toBeGreaterThanOrEqual(0);
    };
    const callers = Array.from({ length: 20 }, async (_, caller) => {
      for (let turn = 0; turn < 30; turn++) {
        await pool!
          .use((client) => client.echo(`${caller}:${turn}`))
          .then(
            (reply) => expect(reply).toBe(`${caller}:${turn}`),
            () => undefined,
          );
        check();
        done++;
      }
    });
    for (let kills = 0; kills < 5; kills++) {
      const before = done;
      await eventually(() => done > before + 40 || done === 600);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    await Promise.all(callers);
    expect(pool!.stats()).toMatchObject({ active: 0, waiting: 0 });
    expect(await pool!.use((client) => client.ping())).toBe('PONG');
  });
});
