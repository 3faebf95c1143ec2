import 'reflect-metadata';
import { Test, type TestingModule } from '@nestjs/testing';
import { metrics, type Attributes } from '@opentelemetry/api';
import { DataPointType, MeterProvider, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  getRedisPoolToken,
  getRedisToken,
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisModuleExtras,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { codeOf, readPage, tableBelow } from '../../docs/support/markdown.js';
import { LIBRARY_VERSION } from '../../../lib/core/version.js';
import { eventually, newSeed, Random, runScript, startServer, type TestServer } from '../../support/index.js';
import { Reader, type Point } from './support/metrics.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: TestServer;
let admin: RedisClient;
let reader: Reader;
let provider: MeterProvider;
const modules: TestingModule[] = [];

beforeAll(async () => {
  server = await startServer({ kind: 'redis-8.0' });
  admin = new RedisClient({ url: server.url });
  await admin.connect();
});

beforeEach(async () => {
  reader = new Reader();
  provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  await admin.flushall();
});

afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
  metrics.disable();
  await provider.shutdown();
  delete process.env['OTEL_SEMCONV_STABILITY_OPT_IN'];
});

afterAll(async () => {
  await admin.close();
  await server.stop();
});

async function start(...registrations: (RedisModuleOptions & RedisModuleExtras)[]): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: registrations.map((options) =>
      RedisModule.forRoot({
        url: server.url,
        reconnect: { delay: 10 },
        telemetry: { metrics: true },
        ...options,
      }),
    ),
  })
    .setLogger(silent)
    .compile();
  modules.push(module);
  await module.init();
  return module;
}

const collect = (): Promise<MetricData[]> => reader.metrics();
const points = (name: string, attributes?: Attributes): Promise<Point[]> => reader.points(name, attributes);

/** The sum over those points; 0 where there are none. */
async function sum(name: string, attributes?: Attributes): Promise<number> {
  return (await points(name, attributes)).reduce((total, { value }) => total + (value as number), 0);
}

/** How often something was recorded there, and what in all. */
async function recorded(name: string, attributes?: Attributes): Promise<{ count: number; sum: number }> {
  const values = (await points(name, attributes)).map(({ value }) => value as Histogram);
  return {
    count: values.reduce((total, { count }) => total + count, 0),
    sum: values.reduce((total, { sum = 0 }) => total + sum, 0),
  };
}

function kindOf(metric: MetricData): string {
  if (metric.dataPointType === DataPointType.HISTOGRAM) return 'histogram';
  if (metric.dataPointType !== DataPointType.SUM) return 'gauge';
  return metric.isMonotonic ? 'counter' : 'up-down';
}

const operation = (name: string): Attributes => ({ 'db.operation.name': name });
const role = (name: string): Attributes => ({ 'redis.connection.role': name });
const pool = (name: string): Attributes => ({ 'db.client.connection.pool.name': name });
const state = (name: string): Attributes => ({ 'db.client.connection.state': name });

describe('metrics of commands', () => {
  test('count and measure each, by name, and carry nothing else', async () => {
    const redis = (await start({ name: 'cache' })).get<RedisClient>(getRedisToken('cache'));
    await Promise.all([redis.set('secret', 'hunter2'), redis.get('secret'), redis.get('hunter2')]);
    const own = {
      'redis.connection.name': 'cache',
      'server.address': server.host,
      'server.port': server.port,
    };
    expect(await points('redis.commands.total')).toMatchObject([
      { attributes: { ...own, 'db.operation.name': 'SET' }, value: 1 },
      { attributes: { ...own, 'db.operation.name': 'GET' }, value: 2 },
    ]);
    const durations = await points('redis.commands.duration');
    expect(durations.map(({ attributes }) => attributes)).toEqual([
      { ...own, 'db.operation.name': 'SET' },
      { ...own, 'db.operation.name': 'GET' },
    ]);
    const { count, sum: seconds } = await recorded('redis.commands.duration', operation('GET'));
    expect(count).toBe(2);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(10);
    const [first] = await points('db.client.operation.duration');
    expect(first!.attributes).toEqual({
      ...own,
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '0',
    });
    expect((first!.value as Histogram).buckets.boundaries).toEqual([
      0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10,
    ]);
    expect(JSON.stringify(await collect())).not.toMatch(/hunter2|secret/);
  });

  test('count errors by type', async () => {
    const redis = (await start({})).get(RedisClient);
    await redis.set('text', 'hunter2');
    for (let nth = 0; nth < 3; nth++) await redis.lpush('text', 'hunter2').catch(() => undefined);
    await redis
      .with({ timeout: 30 })
      .blpop('nothing', 0)
      .catch(() => undefined);
    expect(await points('redis.errors.total')).toMatchObject([
      { attributes: { ...operation('LPUSH'), 'error.type': 'WRONGTYPE' }, value: 3 },
      { attributes: { ...operation('BLPOP'), 'error.type': 'TIMEOUT' }, value: 1 },
    ]);
    expect(await recorded('redis.commands.duration', { 'error.type': 'WRONGTYPE' })).toMatchObject({
      count: 3,
    });
    expect(
      await recorded('db.client.operation.duration', { 'db.response.status_code': 'WRONGTYPE' }),
    ).toMatchObject({ count: 3 });
    // a command that failed was a command
    expect(await sum('redis.commands.total', operation('LPUSH'))).toBe(3);
  });

  test('a script that the server does not know yet is sent whole, which is no error', async () => {
    const redis = (await start({})).get(RedisClient);
    const script = redis.script({ lua: `return 'fresh ${Date.now()}'`, keys: 0 });
    expect(await script.call([], [])).toMatch(/^fresh/);
    expect(await sum('redis.commands.total', operation('EVALSHA'))).toBe(1);
    expect(await sum('redis.commands.total', operation('EVAL'))).toBe(1);
    expect(await sum('redis.errors.total')).toBe(0);
    await redis.evalsha('0'.repeat(40), [], []).catch(() => undefined);
    expect(await sum('redis.errors.total', { 'error.type': 'NOSCRIPT' })).toBe(1);
  });

  test('count each command of a pipeline and of a transaction, and measure the whole once', async () => {
    const redis = (await start({})).get(RedisClient);
    await redis.pipeline().set('a', '1').get('a').get('a').exec();
    await redis.pipeline().del('a').del('b').exec();
    await redis.multi((tx) => tx.set('a', 'text').incr('a').get('a'));
    expect(await sum('redis.commands.total', operation('SET'))).toBe(2);
    expect(await sum('redis.commands.total', operation('GET'))).toBe(3);
    expect(await sum('redis.commands.total', operation('DEL'))).toBe(2);
    expect(await sum('redis.commands.total')).toBe(8);
    expect(
      (await points('redis.pipeline.size')).map(({ attributes }) => attributes['db.operation.name']),
    ).toEqual(['PIPELINE', 'PIPELINE DEL', 'MULTI']);
    expect(await recorded('redis.pipeline.size')).toEqual({ count: 3, sum: 8 });
    expect(await recorded('redis.commands.duration')).toMatchObject({ count: 3 });
    expect(await sum('redis.errors.total', operation('MULTI'))).toBe(1);
    const [first] = await points('db.client.operation.duration');
    expect(first!.attributes).not.toHaveProperty(['db.operation.batch.size']);
  });

  test('names that users make up are no endless series', async () => {
    const redis = (await start({})).get(RedisClient);
    const calls = Array.from({ length: 1_100 }, (_, nth) =>
      redis.call(`NOSUCH${nth}`).catch(() => undefined),
    );
    await Promise.all(calls);
    const script = `return redis.error_reply('E' .. ARGV[1] .. ' made up')`;
    for (let nth = 0; nth < 120; nth++) await redis.eval(script, [], [nth]).catch(() => undefined);
    expect((await points('redis.commands.total')).length).toBeLessThanOrEqual(1_001);
    expect(await sum('redis.commands.total')).toBe(1_220);
    expect(await sum('redis.commands.total', operation('_OTHER'))).toBe(220);
    const types = new Set(
      (await points('redis.errors.total')).map(({ attributes }) => attributes['error.type']),
    );
    expect(types.size).toBe(101);
    expect(types).toContain('_OTHER');
  });
});

describe('metrics of connections', () => {
  test('count what is open, was opened, lost and opened again', async () => {
    const module = await start({});
    const redis = module.get(RedisClient);
    expect(await sum('redis.connections.active')).toBe(1);
    await admin.call('CLIENT', 'KILL', 'ID', Number(await redis.call('CLIENT', 'ID')));
    await eventually(async () => expect(await sum('redis.reconnects.total')).toBe(1));
    const [reconnect] = await points('redis.reconnects.total');
    expect(reconnect!.attributes).toEqual({
      'redis.connection.name': 'default',
      'redis.connection.role': 'shared',
      'server.address': server.host,
      'server.port': server.port,
    });
    await redis.subscribe('channel');
    await redis.multi((tx) => tx.get('a'));
    expect(await sum('redis.connections.total', role('shared'))).toBe(2);
    expect(await sum('redis.connections.total', role('subscriber'))).toBe(1);
    expect(await sum('redis.connections.total', role('pooled'))).toBe(1);
    expect(await sum('redis.connections.active', role('shared'))).toBe(1);
    expect(await sum('redis.connections.active')).toBe(3);
    expect(await sum('redis.disconnects.total', { 'redis.disconnect.reason': 'server_closed' })).toBe(1);
    expect(await recorded('db.client.connection.create_time', pool('default.shared'))).toMatchObject({
      count: 2,
    });
    await module.close();
    expect(await sum('redis.connections.active')).toBe(0);
    expect(await sum('redis.disconnects.total', { 'redis.disconnect.reason': 'closed' })).toBe(3);
  });

  test('attempts that fail are errors, and reconnects that failed', async () => {
    await using other = await startServer({ kind: 'valkey-9.1' });
    const module = await start({ url: other.url });
    await other.stop();
    await eventually(async () =>
      expect(await sum('redis.reconnects.total', { 'error.type': 'CONNECT_FAILED' })).toBeGreaterThan(1),
    );
    expect(await sum('redis.connections.active')).toBe(0);
    const failed = await sum('redis.errors.total', {
      ...operation('CONNECT'),
      'error.type': 'CONNECT_FAILED',
    });
    expect(failed).toBeGreaterThan(1);
    await module.close();
  });

  test('an attempt that closing ends is no error', async () => {
    const redis = (await start({ connect: 'lazy' })).get(RedisClient);
    redis.connect().catch(() => undefined);
    redis.destroy();
    expect(await sum('redis.errors.total')).toBe(0);
    expect(await sum('redis.connections.total')).toBe(0);
  });

  test('of a pool: occupancy, limits, waits, timeouts and use', async () => {
    const module = await start({ name: 'queue', pool: { min: 1, max: 2, acquireTimeout: 50 } });
    const lender = module.get<RedisPool>(getRedisPoolToken('queue'));
    const [first, second] = [await lender.acquire(), await lender.acquire()];
    const waiting = lender.acquire();
    waiting.catch(() => undefined);
    expect(await sum('db.client.connection.pending_requests', pool('queue'))).toBe(1);
    expect(await sum('db.client.connection.count', { ...pool('queue'), ...state('used') })).toBe(2);
    expect(await sum('db.client.connection.count', { ...pool('queue'), ...state('idle') })).toBe(0);
    await expect(waiting).rejects.toMatchObject({ kind: 'pool' });
    lender.release(first);
    lender.release(second);
    expect(await sum('db.client.connection.count', { ...pool('queue'), ...state('idle') })).toBe(2);
    expect(await sum('db.client.connection.timeouts', pool('queue'))).toBe(1);
    expect(await recorded('db.client.connection.wait_time', pool('queue'))).toMatchObject({ count: 2 });
    const use = await recorded('db.client.connection.use_time', pool('queue'));
    expect(use.count).toBe(2);
    // both were held while somebody waited in vain for 50 ms
    expect(use.sum).toBeGreaterThan(0.09);
    expect(use.sum).toBeLessThan(20);
    expect(await recorded('db.client.connection.create_time', pool('queue'))).toMatchObject({ count: 2 });
    for (const [name, value] of [
      ['max', 2],
      ['idle.max', 2],
      ['idle.min', 1],
      ['pending_requests', 0],
    ] as const)
      expect([name, await sum(`db.client.connection.${name}`, pool('queue'))]).toEqual([name, value]);
  });

  test("of the client's own lending", async () => {
    const redis = (await start({ maxDedicated: 1, commandTimeout: 500 })).get(RedisClient);
    await redis.dedicated(async () => {
      await expect(redis.multi((tx) => tx.get('a'))).rejects.toMatchObject({ kind: 'pool' });
      expect(
        await sum('db.client.connection.count', { ...pool('default.dedicated'), ...state('used') }),
      ).toBe(1);
    });
    await redis.multi((tx) => tx.get('a'));
    expect(await sum('db.client.connection.timeouts', pool('default.dedicated'))).toBe(1);
    expect(await sum('db.client.connection.max', pool('default.dedicated'))).toBe(1);
    expect(await recorded('db.client.connection.use_time', pool('default.dedicated'))).toMatchObject({
      count: 2,
    });
  });

  test('under the older names also, where the environment says so, in their units', async () => {
    process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] = 'database/dup';
    const redis = (await start({ maxDedicated: 3 })).get(RedisClient);
    await redis.dedicated((session) => session.blpop('nothing', 0.05));
    const former = { 'pool.name': 'default.dedicated' };
    const [[used], [seconds]] = [
      await points('db.client.connections.use_time', former),
      await points('db.client.connection.use_time', pool('default.dedicated')),
    ];
    expect(used!.attributes).toEqual(former);
    const [ms, s] = [(used!.value as Histogram).sum!, (seconds!.value as Histogram).sum!];
    expect(ms).toBeGreaterThan(49);
    expect(ms / 1_000).toBeCloseTo(s, 9);
    expect(await sum('db.client.connections.usage', { ...former, state: 'idle' })).toBe(1);
    expect(await sum('db.client.connections.max', former)).toBe(3);
    const units = (await collect())
      .filter(({ descriptor }) => descriptor.name.startsWith('db.client.connections.'))
      .map(({ descriptor }) => [descriptor.name.slice('db.client.connections.'.length), descriptor.unit]);
    expect(Object.fromEntries(units)).toEqual({
      usage: '{connection}',
      'idle.max': '{connection}',
      'idle.min': '{connection}',
      max: '{connection}',
      pending_requests: '{request}',
      create_time: 'ms',
      wait_time: 'ms',
      use_time: 'ms',
    });
  });

  test('the older names only where they are asked for', async () => {
    const redis = (await start({})).get(RedisClient);
    await redis.multi((tx) => tx.get('a'));
    const names = (await collect()).map(({ descriptor }) => descriptor.name);
    expect(names.filter((name) => name.startsWith('db.client.connections.'))).toEqual([]);
  });
});

test('each metric has the kind and the unit that the conventions and the documentation say', async () => {
  const module = await start({ pool: { min: 0, max: 1, acquireTimeout: 20 } });
  const redis = module.get(RedisClient);
  const lender = module.get(RedisPool);
  await redis.pipeline().get('a').call('NOSUCHCOMMAND').exec();
  await lender.use(() => expect(lender.acquire()).rejects.toThrow());
  await admin.call('CLIENT', 'KILL', 'ID', Number(await redis.call('CLIENT', 'ID')));
  await eventually(async () => expect(await sum('redis.reconnects.total')).toBe(1));
  const found = (await collect()).map((metric) => [
    metric.descriptor.name,
    `${kindOf(metric)} ${metric.descriptor.unit}`,
  ]);
  expect(Object.fromEntries(found)).toEqual({
    'redis.commands.total': 'counter {command}',
    'redis.commands.duration': 'histogram s',
    'redis.errors.total': 'counter {error}',
    'redis.pipeline.size': 'histogram {command}',
    'redis.connections.active': 'up-down {connection}',
    'redis.connections.total': 'counter {connection}',
    'redis.disconnects.total': 'counter {connection}',
    'redis.reconnects.total': 'counter {attempt}',
    'db.client.operation.duration': 'histogram s',
    'db.client.connection.count': 'up-down {connection}',
    'db.client.connection.idle.max': 'up-down {connection}',
    'db.client.connection.idle.min': 'up-down {connection}',
    'db.client.connection.max': 'up-down {connection}',
    'db.client.connection.pending_requests': 'up-down {request}',
    'db.client.connection.timeouts': 'counter {timeout}',
    'db.client.connection.create_time': 'histogram s',
    'db.client.connection.wait_time': 'histogram s',
    'db.client.connection.use_time': 'histogram s',
  });
  const documented = tableBelow(readPage('docs/telemetry.md'), 'Metrics');
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(documented.map(([name, kind, unit]) => [codeOf(name!), `${kind} ${codeOf(unit!)}`])),
  );
});

test('what is active neither drifts nor goes below zero, whatever is killed, restarted and closed', async () => {
  const seed = newSeed();
  const random = new Random(seed);
  const other = await startServer({ kind: 'redis-7.0' });
  const killer = new RedisClient({ url: other.url, reconnect: { delay: 10 } });
  try {
    const module = await start({
      url: other.url,
      maxDedicated: 3,
      pool: { min: 2, max: 4, acquireTimeout: 200 },
    });
    const redis = module.get(RedisClient);
    const lender = module.get(RedisPool);
    await redis.subscribe('channel');
    const steps = [
      () => killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
      () => killer.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      () => redis.multi((tx) => tx.incr('n')),
      () => lender.use((client) => client.incr('n')),
      () => Promise.all(Array.from({ length: 6 }, () => lender.use((client) => client.ping()))),
    ];
    for (let nth = 0; nth < 40; nth++) {
      const step = random.pick(steps)();
      if (random.chance(0.5)) await step.catch(() => undefined);
      else step.catch(() => undefined);
      for (const name of ['redis.connections.active', 'db.client.connection.count'])
        for (const { value, attributes } of await points(name))
          if ((value as number) < 0)
            throw new Error(`seed ${seed}: ${name} ${JSON.stringify(attributes)} ${value}`);
    }
    await other.restart();
    await killer.ping();
    // the server counts them as well, and the killer's own
    await eventually(async () => {
      const listed = (await killer.clientList()).length - 1;
      expect({ seed, active: await sum('redis.connections.active') }).toEqual({ seed, active: listed });
      expect(await sum('redis.connections.active', role('shared'))).toBe(1);
      expect(await sum('redis.connections.active', role('subscriber'))).toBe(1);
      expect(lender.connectionStats().lending).toMatchObject({ active: 0, waiting: 0 });
    });
    const closed = module.close();
    await closed;
    expect(await sum('redis.connections.active')).toBe(0);
    expect(await sum('db.client.connection.count')).toBe(0);
    expect(await sum('redis.connections.total')).toBe(await sum('redis.disconnects.total'));
  } finally {
    killer.destroy();
    await other.stop();
  }
});

test('connections of one name in two applications add up, and go one by one', async () => {
  const [one, two] = [await start({}), await start({})];
  expect(await sum('redis.connections.active')).toBe(2);
  await one.close();
  expect(await sum('redis.connections.active')).toBe(1);
  await two.close();
  expect(await sum('redis.connections.active')).toBe(0);
});

test('no callback is left behind, with a reader or without, however many applications come and go', async () => {
  for (const readers of [[new Reader()], []]) {
    metrics.disable();
    const local = new MeterProvider({ readers });
    metrics.setGlobalMeterProvider(local);
    const meter = local.getMeter('nestjs-redwire', LIBRARY_VERSION);
    const added = jest.spyOn(meter, 'addBatchObservableCallback');
    const removed = jest.spyOn(meter, 'removeBatchObservableCallback');
    for (let nth = 0; nth < 5; nth++) {
      const module = await start({});
      for (const each of readers) await each.collect();
      await module.close();
      for (const each of readers) await each.collect();
      await eventually(() => expect(removed).toHaveBeenCalledTimes(nth + 1));
      expect(added).toHaveBeenCalledTimes(nth + 1);
      expect(removed.mock.calls.at(-1)).toEqual(added.mock.calls.at(-1));
    }
    await local.shutdown();
  }
});

test('a process ends by itself with metrics on and an application that was closed', async () => {
  const { code, stderr } = await runScript(`
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { metrics } from '@opentelemetry/api';
    import { MeterProvider } from '@opentelemetry/sdk-metrics';
    import { RedisClient, RedisModule } from 'nestjs-redwire';
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [] }));
    const root = RedisModule.forRoot({ url: '${server.url}', telemetry: { metrics: true } });
    const app = await NestFactory.createApplicationContext(root, { logger: false });
    await app.get(RedisClient).ping();
    await app.close();
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('off, nothing observes', async () => {
  const module = await start({ telemetry: {} });
  await module.get(RedisClient).ping();
  expect(await collect()).toEqual([]);
});
