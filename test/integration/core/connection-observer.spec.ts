import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisClient,
  RedisPool,
  type ConnectionInfo,
  type ConnectionObserver,
  type ConnectionRole,
  type RedisPoolOptions,
} from 'nestjs-redwire/core';
import { eventually, newSeed, Random, runScript, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, cutAndReturn } from './support/index.js';

/** What an observer was told, as words. */
class Recorder implements Required<ConnectionObserver> {
  readonly lines: string[] = [];
  readonly waits: number[] = [];
  readonly uses: number[] = [];
  readonly durations: number[] = [];
  readonly infos = new Set<ConnectionInfo>();
  /** What must not be: a step out of order. */
  readonly violations: string[] = [];
  private readonly phases = new Map<ConnectionInfo, 'connecting' | 'open' | 'none'>();

  connecting(info: ConnectionInfo, isReconnect: boolean): void {
    this.infos.add(info);
    this.step(info, 'none', 'connecting');
    this.lines.push(`${info.role} ${isReconnect ? 'connecting again' : 'connecting'}`);
  }
  opened(info: ConnectionInfo, { duration, isReconnect }: { duration: number; isReconnect: boolean }): void {
    this.step(info, 'connecting', 'open');
    this.durations.push(duration);
    this.lines.push(`${info.role} ${isReconnect ? 'opened again' : 'opened'}`);
  }
  failed(info: ConnectionInfo, error: { code: string }): void {
    this.step(info, 'connecting', 'none');
    this.lines.push(`${info.role} failed ${error.code}`);
  }
  closed(info: ConnectionInfo, { reason }: { reason: string }): void {
    this.step(info, 'open', 'none');
    this.lines.push(`${info.role} closed ${reason}`);
  }
  lent(_: ConnectionInfo, wait: number): void {
    this.waits.push(wait);
    this.lines.push('lent');
  }
  lendingTimedOut(_: ConnectionInfo, wait: number): void {
    this.waits.push(wait);
    this.lines.push('timed out');
  }
  returned(_: ConnectionInfo, use: number): void {
    this.uses.push(use);
    this.lines.push('returned');
  }

  /** Connections that are open by what was told. */
  get open(): Record<ConnectionRole, number> {
    const open = { shared: 0, pooled: 0, subscriber: 0, monitor: 0 };
    for (const [{ role }, phase] of this.phases) if (phase === 'open') open[role]++;
    return open;
  }

  get underWay(): number {
    return [...this.phases.values()].filter((phase) => phase === 'connecting').length;
  }

  private step(info: ConnectionInfo, from: string, to: 'connecting' | 'open' | 'none'): void {
    const phase = this.phases.get(info) ?? 'none';
    if (phase !== from) this.violations.push(`${info.role}: ${to} after ${phase}`);
    this.phases.set(info, to);
  }
}

const NONE = { shared: 0, pooled: 0, subscriber: 0, monitor: 0 };

describe('observers of connections', () => {
  let server: TestServer;
  let admin: RedisClient;
  const pools: RedisPool[] = [];
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10, jitter: 0 } }));
  const makePool = (options: RedisPoolOptions = {}): RedisPool => {
    const pool = new RedisPool({ url: server.url, min: 0, reconnect: { delay: 10 }, ...options });
    pools.push(pool);
    return pool;
  };

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
    admin = new RedisClient({ url: server.url });
  });
  afterEach(() => {
    for (const pool of pools.splice(0)) pool.destroy();
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });

  it('see a connection open, get lost, come back and close', async () => {
    const client = make({ database: 3 });
    const recorder = new Recorder();
    client.observeConnections(recorder);
    await client.connect();
    expect(client.connectionStats().open).toEqual({ ...NONE, shared: 1 });
    await cutAndReturn(client, admin);
    await client.close();
    expect(recorder.lines).toEqual([
      'shared connecting',
      'shared opened',
      'shared closed server_closed',
      'shared connecting again',
      'shared opened again',
      'shared closed closed',
    ]);
    expect([...recorder.infos]).toEqual([
      { role: 'shared', host: server.host, port: server.port, path: undefined, database: 3 },
    ]);
    for (const duration of recorder.durations) {
      expect(duration).toBeGreaterThan(0);
      expect(duration).toBeLessThan(5_000);
    }
    expect(client.connectionStats().open).toEqual(NONE);
  });

  it('see attempts that fail, by the code of the error, and those that closing ends', async () => {
    const nobody = new RedisPool({ url: server.url, username: 'nobody', password: 'wrong', min: 1 });
    pools.push(nobody);
    const refused = new Recorder();
    nobody.observeConnections(refused);
    await expect(nobody.connect()).rejects.toThrow();
    // it goes on trying
    expect(refused.lines.slice(0, 2)).toEqual(['pooled connecting', 'pooled failed WRONGPASS']);

    const client = make();
    const recorder = new Recorder();
    client.observeConnections(recorder);
    client.connect().catch(() => undefined);
    client.destroy();
    expect(recorder.lines).toEqual(['shared connecting', 'shared failed CLOSED']);
    expect(client.connectionStats().open).toEqual(NONE);
  });

  it('see what was wrong with TLS options before there was a socket', async () => {
    const client = make({ tls: { cert: 'no certificate' } });
    const recorder = new Recorder();
    client.observeConnections(recorder);
    await expect(client.connect()).rejects.toThrow(/tls/);
    expect(recorder.lines).toEqual(['shared connecting', expect.stringMatching(/^shared failed /)]);
    expect(recorder.violations).toEqual([]);
  });

  it('tell subscribers, monitors and lent connections apart, whoever made them', async () => {
    const client = make();
    const recorder = new Recorder();
    client.observeConnections(recorder);
    await client.subscribe('channel');
    await client.monitor();
    await client.dedicated(async (session) => {
      await session.subscribe('other');
      expect(session.connectionStats().open).toEqual({ shared: 0, pooled: 1, subscriber: 2, monitor: 1 });
    });
    await client.ping();
    await eventually(() =>
      expect(client.connectionStats().open).toEqual({ shared: 1, pooled: 1, subscriber: 1, monitor: 1 }),
    );
    expect(recorder.open).toEqual(client.connectionStats().open);
    await client.close();
    expect(recorder.open).toEqual(NONE);
    expect(recorder.violations).toEqual([]);
  });

  it.each([
    ['a client', (): RedisClient | RedisPool => make({ maxDedicated: 1, commandTimeout: 60 })],
    ['a pool', (): RedisClient | RedisPool => makePool({ max: 1, acquireTimeout: 60 })],
  ])('see the lending of %s: waits, timeouts and use', async (_, create) => {
    const lender = create();
    const lend = (work: () => Promise<unknown>): Promise<unknown> =>
      lender instanceof RedisPool ? lender.use(work) : lender.dedicated(work);
    await lend(async () => undefined);
    const recorder = new Recorder();
    lender.observeConnections(recorder);
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = lend(() => held);
    await eventually(() => expect(lender.connectionStats().lending.active).toBe(1));
    const late = lend(async () => undefined);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', kind: 'pool' });
    const second = lend(async () => undefined);
    expect(lender.connectionStats().lending).toEqual({
      active: 1,
      idle: 0,
      waiting: 1,
      total: 1,
      min: 0,
      max: 1,
    });
    release();
    await Promise.all([first, second]);
    expect(recorder.lines).toEqual(['lent', 'timed out', 'returned', 'lent', 'returned']);
    expect(recorder.waits[0]).toBe(0);
    // Node's timers may be early by less than a millisecond
    expect(recorder.waits[1]).toBeGreaterThan(59);
    expect(recorder.uses[0]).toBeGreaterThan(59);
    expect(recorder.uses[1]).toBeLessThan(5_000);
    expect(lender.connectionStats().lending).toMatchObject({ active: 0, idle: 1, waiting: 0 });
  });

  it('that came late know what is open; that have left are told nothing', async () => {
    const client = make();
    await client.ping();
    const recorder = new Recorder();
    const stop = client.observeConnections(recorder);
    expect(client.connectionStats().open.shared).toBe(1);
    stop();
    await client.close();
    expect(recorder.lines).toEqual([]);
    expect(client.connectionStats().open).toEqual(NONE);
  });

  it('that throw harm nothing, and every hook may be left out', async () => {
    const fault = (): never => {
      throw new Error('observer');
    };
    const client = make({ maxDedicated: 1 });
    const faulty = { connecting: fault, opened: fault, failed: fault, closed: fault, lent: fault };
    client.observeConnections({ ...faulty, returned: fault, lendingTimedOut: fault });
    client.observeConnections({});
    await client.connect();
    await client.multi((tx) => tx.set('key', '1'));
    await cutAndReturn(client, admin);
    expect(await client.get('key')).toBe('1');
    await client.close();
    expect(client.connectionStats().open).toEqual(NONE);
  });

  it('that are async functions harm nothing either when they reject', async () => {
    const { code, stdout, stderr } = await runScript(`
      import { RedisClient } from 'nestjs-redwire/core';
      const called = new Set();
      const hook = (name) => async () => { called.add(name); throw new Error(name); };
      const hooks = (...names) => Object.fromEntries(names.map((name) => [name, hook(name)]));
      const client = new RedisClient({ url: '${server.url}', reconnect: { delay: 5 } });
      client.observe(hooks('start', 'event', 'end'));
      client.observeConnections(hooks('connecting', 'opened', 'closed', 'lent', 'returned'));
      await client.get('key');
      await client.multi((tx) => tx.get('key'));
      await client.close();
      await new Promise(setImmediate);
      console.log([...called].sort().join());
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toBe('closed,connecting,end,event,lent,opened,returned,start');
  });

  it.each([
    ['connecting', {}],
    ['opened', {}],
    ['failed', { username: 'nobody', password: 'wrong' }],
    ['failed', { username: 'nobody', password: 'wrong', reconnect: false }],
    ['closed', {}],
    ['closed', { reconnect: false }],
  ] as const)('may destroy the client in %s, with %j', async (hook, options) => {
    const client = make(options);
    const recorder = new Recorder();
    client.observeConnections(recorder);
    client.observeConnections({ [hook]: () => client.destroy() });
    const pinged = client.ping().catch((error: { code: string }) => error.code);
    if (hook === 'closed') {
      await pinged;
      await admin.call('CLIENT', 'KILL', 'ID', Number(await client.call('CLIENT', 'ID')));
    } else expect(await pinged).not.toBe('PONG');
    await eventually(() => expect(client.status).toBe('closed'));
    expect(recorder.violations).toEqual([]);
    expect(recorder.underWay).toBe(0);
    expect(client.connectionStats().open).toEqual(NONE);
    await expect(client.ping()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('see the end of a connection also where a retry rule destroys the client at that moment', async () => {
    const recorder = new Recorder();
    const client = make({
      retry: () => {
        client.destroy();
        return false;
      },
    });
    client.observeConnections(recorder);
    const id = Number(await client.call('CLIENT', 'ID'));
    await expect(
      client.call('CLIENT', 'KILL', 'ID', id, 'SKIPME', 'no').then(() => client.ping()),
    ).rejects.toThrow();
    await eventually(() => expect(client.status).toBe('closed'));
    expect(recorder.lines).toEqual(['shared connecting', 'shared opened', 'shared closed server_closed']);
    expect(client.connectionStats().open).toEqual(NONE);
  });

  it('never lose count, whatever is cut, taken and closed', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    const recorder = new Recorder();
    const client = make({ maxDedicated: 3 });
    const pool = makePool({ min: 2, max: 4, acquireTimeout: 50 });
    const openOf = (): Record<string, number> => {
      const [a, b] = [client.connectionStats().open, pool.connectionStats().open];
      return Object.fromEntries(
        Object.keys(a).map((role) => [role, a[role as 'shared'] + b[role as 'shared']]),
      );
    };
    client.observeConnections(recorder);
    pool.observeConnections(recorder);
    await Promise.all([client.connect(), pool.connect()]);
    await client.subscribe('channel');
    const steps = [
      () => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
      () => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      () => client.multi((tx) => tx.incr('n')),
      () => client.blpop('nothing', 0.01),
      () => pool.use((lent) => lent.ping()),
      () => Promise.all(Array.from({ length: 8 }, () => pool.use((lent) => lent.get('n')))),
      () => client.ping(),
    ];
    for (let nth = 0; nth < 60; nth++) {
      const step = random.pick(steps)();
      if (random.chance(0.6)) await step.catch(() => undefined);
      else step.catch(() => undefined);
      expect({ seed, ...recorder.open }).toEqual({ seed, ...openOf() });
      expect({ seed, violations: recorder.violations }).toEqual({ seed, violations: [] });
    }
    await eventually(() => expect(pool.connectionStats().lending).toMatchObject({ active: 0, waiting: 0 }));
    await Promise.all([client.close(), pool.close()]);
    expect({ seed, open: recorder.open, stats: openOf(), underWay: recorder.underWay }).toEqual({
      seed,
      open: NONE,
      stats: NONE,
      underWay: 0,
    });
    expect(recorder.violations).toEqual([]);
    expect(recorder.lines.filter((line) => line === 'lent')).toHaveLength(
      recorder.lines.filter((line) => line === 'returned').length,
    );
  });
});
