import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisPool, type RedisClient, type RedisPoolOptions, type RedisSession } from 'nestjs-redwire/core';
import { eventually, FaultProxy, startServer, type TestServer } from '../../support/index.js';
import { clientMaker } from './support/clients.js';

describe('dedicated connections', () => {
  let server: TestServer;
  let client: RedisClient;
  let pool: RedisPool | undefined;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));
  const makePool = (options: RedisPoolOptions = {}): RedisPool =>
    (pool = new RedisPool({ url: server.url, reconnect: { delay: 10 }, ...options }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    client = make();
    await client.flushall();
  });
  afterEach(() => {
    pool?.destroy();
    pool = undefined;
  });

  it('is lent for the time of the work, and used again', async () => {
    const shared = await client.clientId();
    const first = await client.dedicated((session) => session.clientId());
    const second = await client.dedicated((session) => session.clientId());
    expect(first).not.toBe(shared);
    expect(second).toBe(first);
    const together = await client.dedicated(async (one) =>
      client.dedicated(async (other) => [await one.clientId(), await other.clientId(), shared]),
    );
    expect(new Set(together).size).toBe(3);
    await expect(client.dedicated(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(client.isDedicated).toBe(false);
  });

  it('is waited for as long as was asked for, or until the signal', async () => {
    const narrow = make({ maxDedicated: 1 });
    await narrow.dedicated(async () => {
      await expect(narrow.dedicated(() => 1, { timeout: 20 })).rejects.toMatchObject({ kind: 'pool' });
      const signal = AbortSignal.timeout(20);
      await expect(narrow.dedicated(() => 1, { signal, timeout: 0 })).rejects.toMatchObject({
        code: 'ABORTED',
      });
      await expect(narrow.dedicated(() => 1, { timeout: -1 })).rejects.toThrow(TypeError);
      await expect(narrow.dedicated(undefined as never)).rejects.toThrow(/give a function/);
    });
    expect(await narrow.dedicated(() => 1)).toBe(1);
  });

  it('cannot be used after its work, and harms nobody who has the connection then', async () => {
    let kept: RedisSession | undefined;
    await client.dedicated(async (session) => {
      kept = session;
      await session.ping();
    });
    const gone = { code: 'RELEASED' };
    await expect(kept!.ping()).rejects.toMatchObject(gone);
    await expect(kept!.with({ timeout: 10 }).get('k')).rejects.toMatchObject(gone);
    await expect(kept!.pipeline().get('k').exec()).rejects.toMatchObject(gone);
    await expect(kept!.multi((tx) => tx.get('k'))).rejects.toMatchObject(gone);
    await expect(kept!.subscribe('c')).rejects.toThrow(/closed|given back/);
    await expect(kept!.probe(10)).rejects.toMatchObject(gone);
    expect(() => kept!.on('ready', () => undefined)).toThrow(/given back already/);
    expect(kept!.status).toBe('closed');
    await client.dedicated(async (session) => {
      kept!.destroy();
      await kept!.close();
      expect(await session.ping()).toBe('PONG');
    });
  });

  it('what was left on it is undone, or the connection is not used again', async () => {
    const id = await client.dedicated((session) => session.clientId());
    const leave: ((session: RedisSession) => Promise<unknown>)[] = [
      (session) => session.multi(),
      (session) => session.watch('k'),
      async (session) => {
        await session.watch('k');
        await session.multi();
        await session.set('k', 'never');
      },
      (session) => session.subscribe('c'),
    ];
    for (const work of leave) {
      await client.dedicated(async (session) => void (await work(session)));
      await client.set('k', 'changed');
      await client.dedicated(async (session) => {
        expect(await session.clientId()).toBe(id);
        expect(await session.multi((tx) => tx.get('k'))).toEqual(['changed']);
      });
    }
    expect(await client.pubsubNumsub('c')).toEqual({ c: 0 });
    const alter: ((session: RedisSession) => Promise<unknown>)[] = [
      (session) => session.call('SELECT', 1),
      (session) => session.clientSetname('other'),
      (session) => session.pipeline().clientSetname('other').exec(),
      (session) => session.multi((tx) => tx.clientSetname('other')),
      (session) => session.call('CLIENT', 'TRACKING', 'on'),
      (session) => session.call('RESET'),
      (session) => session.call('CLIENT', 'NO-EVICT', 'on'),
    ];
    let last = id;
    for (const work of alter) {
      const altered = await client.dedicated(async (session) => {
        const own = await session.clientId();
        await work(session);
        return own;
      });
      expect(altered).toBe(last);
      last = await client.dedicated(async (session) => {
        expect(await session.clientInfo()).toMatchObject({ db: 0, name: '' });
        return session.clientId();
      });
      expect(last).not.toBe(altered);
    }
  });

  it('refuses what would break the pairing of replies', async () => {
    await client.dedicated(async (session) => {
      for (const [words, message] of [
        [['CLIENT', 'REPLY', 'OFF'], /no command could be matched/],
        [['MONITOR'], /use monitor\(\)/],
        [['SYNC'], /stream between servers/],
        [['QUIT'], /give the connection back/],
        [['SUBSCRIBE', 'c'], /Use subscribe\(\)/],
      ] as [[string, ...string[]], RegExp][])
        await expect(session.call(...words)).rejects.toThrow(message);
      expect(await session.ping()).toBe('PONG');
    });
  });

  it('a nested one is the same', async () => {
    await client.dedicated((outer) =>
      outer.dedicated(async (inner) => expect(await inner.clientId()).toBe(await outer.clientId())),
    );
  });

  it('blocking commands wait on it itself; a signal ends them and loses no element', async () => {
    await client.dedicated(async (session) => {
      const id = await session.clientId();
      const popped = session.blpop('list', 5);
      await eventually(async () =>
        (await client.clientList()).some((info) => info.id === id && info.cmd === 'blpop'),
      );
      await client.rpush('list', 'x');
      expect(await popped).toEqual(['list', 'x']);
      const controller = new AbortController();
      const aborted = session.with({ signal: controller.signal }).blpop('list', 0);
      await eventually(async () =>
        (await client.clientList()).some((info) => info.id === id && info.cmd === 'blpop'),
      );
      controller.abort('enough');
      await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
      expect(await session.clientId()).toBe(id);
      await client.rpush('list', 'y');
      expect(await client.llen('list')).toBe(1);
    });
  });

  it('await using gives a pooled client back; a second release is an error', async () => {
    makePool({ min: 0, max: 1 });
    {
      await using lent = await pool!.acquire();
      expect(await lent.ping()).toBe('PONG');
      expect(pool!.stats()).toMatchObject({ active: 1, idle: 0 });
    }
    expect(pool!.stats()).toMatchObject({ active: 0, idle: 1 });
    const lent = await pool!.acquire();
    await lent[Symbol.asyncDispose]();
    expect(() => pool!.release(lent)).toThrow(/given back already/);
  });

  it('a pooled client has transactions by hand too, reset for the next one', async () => {
    makePool({ min: 0, max: 1 });
    await pool!.use(async (lent) => {
      await lent.watch('k');
      await lent.multi();
      await lent.incr('k');
    });
    await pool!.use(async (lent) => {
      expect(await lent.incr('k')).toBe(1);
      expect(await lent.multi((tx) => tx.incr('k'))).toEqual([2]);
    });
    expect(pool!.stats()).toEqual({ active: 0, idle: 1, waiting: 0, total: 1, min: 0, max: 1 });
  });

  it('waiters are served in the order in which they came, though a connection must be looked at first', async () => {
    makePool({ min: 0, max: 1 });
    await pool!.use((lent) => lent.ping());
    const since = performance.now();
    await eventually(() => performance.now() - since > 1_000);
    const order: number[] = [];
    await Promise.all([0, 1, 2, 3].map((nth) => pool!.use(() => order.push(nth))));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('keeps `min` open: what the server cuts comes back by itself', async () => {
    makePool({ min: 3, max: 5, clientName: 'kept' });
    await pool!.connect();
    const admin = make();
    const kept = async (): Promise<string[]> =>
      (await admin.clientList()).filter(({ name }) => name === 'kept').map(({ id }) => String(id));
    const before = await kept();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(async () => {
      const now = await kept();
      return now.length === 3 && now.every((id) => !before.includes(id)) && pool!.stats().idle === 3;
    });
    // one that comes back altered is dropped, and replaced
    await pool!.use(async (lent) => void (await lent.call('SELECT', 1)));
    await eventually(() => pool!.stats().idle === 3 && pool!.stats().total === 3);
    await server.kill();
    await eventually(() => pool!.stats().idle === 0);
    await server.restart();
    await eventually(() => pool!.stats().idle === 3, { timeout: 20_000 });
  });

  it('one that is lost while what was left on it is being undone goes to nobody', async () => {
    await using proxy = await FaultProxy.start({ target: { host: server.host, port: server.port } });
    makePool({ host: '127.0.0.1', port: proxy.port, url: undefined, min: 0, max: 1 });
    for (const leave of [
      (session: RedisSession): Promise<unknown> => session.watch('k'),
      (session: RedisSession): Promise<unknown> => session.multi(),
    ]) {
      await client.set('k', 'v');
      const first = await pool!.acquire();
      await leave(first);
      proxy.latest.freeze(Infinity);
      pool!.release(first);
      const acquired = pool!.acquire();
      expect(pool!.stats()).toEqual({ active: 0, idle: 0, waiting: 1, total: 1, min: 0, max: 1 });
      proxy.latest.reset();
      const second = await acquired;
      expect(await second.get('k')).toBe('v');
      expect(await second.multi((tx) => tx.get('k'))).toEqual(['v']);
      pool!.release(second);
    }
  });

  it('close() on a lent client lets its commands finish; a stream consumer has no place on it', async () => {
    await client.dedicated(async (session) => {
      expect(() => session.streamConsumer({ stream: 's', group: 'g' })).toThrow(
        /Make it on the shared client/,
      );
      const stored = session.set('k', 'v');
      await session.close();
      expect(await stored).toBe('OK');
      await expect(session.get('k')).rejects.toMatchObject({ code: 'CLOSED' });
    });
    expect(await client.dedicated((session) => session.get('k'))).toBe('v');
  });

  it('close() of the client serves transactions that wait for a connection', async () => {
    const narrow = make({ maxDedicated: 1 });
    const results = Array.from({ length: 5 }, () => narrow.multi((tx) => tx.incr('n')));
    expect(narrow.queued).toBe(5);
    await narrow.close();
    expect(await Promise.all(results)).toEqual([[1], [2], [3], [4], [5]]);
    await expect(narrow.multi((tx) => tx.incr('n'))).rejects.toThrow(/the client is closed/);
  });

  it('a session that has lost its state and its subscription does no harm to the process', async () => {
    const own = await startServer({ kind: 'redis-7.0' });
    const losing = make({ url: own.url });
    await losing.dedicated(async (session) => {
      await session.watch('k');
      const errors: unknown[] = [];
      session.on('error', (error) => errors.push(error));
      await session.subscribe('c');
      await own.stop();
      await eventually(() => errors.length > 2);
      await expect(session.get('k')).rejects.toThrow(/watched keys or settings on it that are gone/);
    });
  });

  it('acquire() waits for one that is lent where the server takes no more', async () => {
    await using full = await startServer({ kind: 'redis-7.0', args: ['--maxclients', '2'] });
    makePool({ url: full.url, min: 0, max: 5 });
    const [one, two] = await Promise.all([pool!.acquire(), pool!.acquire()]);
    const third = pool!.acquire();
    const fourth = pool!.acquire();
    await eventually(() => pool!.stats().waiting === 2 && pool!.stats().total === 2);
    pool!.release(one);
    expect(await (await third).ping()).toBe('PONG');
    pool!.release(two);
    expect(await (await fourth).ping()).toBe('PONG');
  });

  it('keeps `min` open though one attempt failed while another succeeded', async () => {
    await using proxy = await FaultProxy.start({
      target: { host: server.host, port: server.port },
      plan: (nth) => {
        if (nth === 2) return { refuse: true };
        return nth === 3 ? { replies: [{ kind: 'stall', after: 0, ms: 300 }] } : {};
      },
    });
    // after a failure far longer than the test: only the success of the other can tell that it is worth while
    const reconnect = { delay: 10, factor: 1e6, maxDelay: 600_000 };
    makePool({ host: '127.0.0.1', port: proxy.port, url: undefined, min: 2, max: 2, reconnect });
    await pool!.connect();
    for (const connection of proxy.connections) connection.reset();
    await eventually(() => proxy.accepted >= 4);
    await eventually(() => pool!.stats().idle === 2);
    expect(proxy.counts.refuse).toBe(1);
  });

  it('serves who waited for an attempt of connect() that failed', async () => {
    await using proxy = await FaultProxy.start({
      target: { host: server.host, port: server.port },
      plan: (nth) => {
        if (nth === 1) return { refuse: true };
        return nth === 2 ? { replies: [{ kind: 'cut', after: 0 }] } : {};
      },
    });
    const reconnect = { delay: 10, factor: 1e6, maxDelay: 600_000 };
    makePool({ host: '127.0.0.1', port: proxy.port, url: undefined, min: 1, max: 1, reconnect });
    await pool!.connect();
    proxy.latest.reset();
    // the attempt of the pool's own has failed: it pauses
    await eventually(() => proxy.counts.refuse === 1 && pool!.stats().total === 0);
    const connecting = pool!.connect();
    const acquired = pool!.acquire();
    await expect(connecting).rejects.toMatchObject({ name: 'RedisConnectionError' });
    expect(await (await acquired).ping()).toBe('PONG');
  });
});
