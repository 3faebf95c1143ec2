import 'reflect-metadata';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { getRedisPoolToken, getRedisToken, RedisModule, type RedisPool } from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { DEGRADED, startChecked, timed, type CheckedApp } from './support/health.js';

let server: TestServer;
let other: TestServer;
let app: CheckedApp | undefined;

beforeAll(async () => {
  [server, other] = await Promise.all([
    startServer({ kind: SERVER_KINDS[0]! }),
    startServer({ kind: SERVER_KINDS.at(-1)! }),
  ]);
});

afterEach(async () => {
  await app?.module.close();
  app = undefined;
});

afterAll(async () => {
  await server.stop();
  await other.stop();
});

describe('pingAll()', () => {
  test('up: each connection under its name', async () => {
    const pool = { active: 0, idle: 0, waiting: 0, total: 0, min: 2, max: 10, usage: 0 };
    app = await startChecked({ default: { url: server.url }, queue: { url: other.url, maxDedicated: 4 } });
    expect(await app.indicator.pingAll('redis')).toEqual({
      redis: {
        status: 'up',
        connections: {
          default: {
            status: 'up',
            address: `127.0.0.1:${server.port}`,
            state: 'ready',
            latency: expect.any(Number),
            pool,
            dedicated: { ...pool, min: 0, max: expect.any(Number) },
          },
          queue: {
            status: 'up',
            address: `127.0.0.1:${other.port}`,
            state: 'ready',
            latency: expect.any(Number),
            pool,
            dedicated: { ...pool, min: 0, max: 4 },
          },
        },
      },
    });
  });

  test('one server that hangs hides none of the others, and all is settled within one timeout', async () => {
    app = await startChecked({
      default: { url: server.url },
      queue: { url: other.url },
      jobs: { url: other.url },
      mail: { url: other.url },
      log: { url: other.url },
      cache: { url: server.url },
    });
    await other.pause();
    const { result, took } = await timed(app.indicator.pingAll('redis', { timeout: 500 }));
    await other.resume();
    const message = `Redis at 127.0.0.1:${other.port} did not answer PING within 500 ms`;
    expect(result).toMatchObject({
      redis: {
        status: 'down',
        message: '"queue" is down, "jobs" is down, "mail" is down, "log" is down',
        connections: {
          default: { status: 'up', latency: expect.any(Number) },
          queue: { status: 'down', message },
          jobs: { status: 'down', message },
          mail: { status: 'down', message },
          log: { status: 'down', message },
          cache: { status: 'up', latency: expect.any(Number) },
        },
      },
    });
    // one after the other it would be four times as long
    expect(took).toBeGreaterThanOrEqual(490);
    expect(took).toBeLessThan(1_900);
    await eventually(async () =>
      expect(await app!.indicator.pingAll('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });

  test('some of them, by name; a late one is told of', async () => {
    app = await startChecked({ default: { url: server.url }, queue: { url: other.url } });
    const some = await app.indicator.pingAll('redis', { connections: ['queue', 'queue'] });
    expect(Object.keys(some.redis['connections'] as object)).toEqual(['queue']);
    const late = await app.indicator.pingAll('redis', { degradedAfter: 0.000_1 });
    expect(late.redis).toMatchObject({
      status: DEGRADED,
      message: '"default" is degraded, "queue" is degraded',
      connections: { default: { status: DEGRADED, message: 'slower than 0.0001 ms' } },
    });
  });

  test('a Terminus without a third state calls it up', async () => {
    const service = new HealthIndicatorService();
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url }), RedisHealthModule],
    })
      .overrideProvider(HealthIndicatorService)
      .useValue({
        check: (key: string) => {
          const session = service.check(key);
          return { up: session.up.bind(session), down: session.down.bind(session) };
        },
      })
      .compile();
    app = { module: await module.init(), indicator: module.get(RedisHealthIndicator) };
    const limits = { degradedAfter: 0.000_1 };
    expect(await app.indicator.pingAll('redis', limits)).toMatchObject({
      redis: { status: 'up', connections: { default: { status: 'up', message: 'slower than 0.0001 ms' } } },
    });
    expect(await app.indicator.pingCheck('redis', limits)).toMatchObject({
      redis: { status: 'up', message: 'slower than 0.0001 ms' },
    });
  });

  test('what is wrong with the call is an error, and says what to write', async () => {
    app = await startChecked({ default: { url: server.url } });
    const { indicator } = app;
    const wrong = (options: unknown): Promise<unknown> => indicator.pingAll('redis', options as object);
    await expect(wrong({ connections: ['defualt'] })).rejects.toThrow(/did you mean "default"/);
    for (const connections of [[], 'default', null])
      await expect(wrong({ connections })).rejects.toThrow(/'connections' must be a list of names/);
    for (const options of [null, [], 'redis'])
      await expect(wrong(options)).rejects.toThrow(/its options must be an object/);
    await expect(wrong({ timeOut: 5 })).rejects.toThrow(
      /pingAll\('redis'\): Unknown Redis option 'timeOut': did you mean 'timeout'\?/,
    );
    await expect(wrong({ connection: 'default' })).rejects.toThrow(/did you mean 'connections'\?/);
    await expect(indicator.pingCheck('redis', { connections: [] } as object)).rejects.toThrow(
      /did you mean 'connection'\?/,
    );
    for (const timeout of [0, -1, NaN, Infinity, '5'])
      await expect(wrong({ timeout })).rejects.toThrow(/'timeout' must be a number of milliseconds above 0/);
    await expect(wrong({ degradedAfter: 0 })).rejects.toThrow(
      /'degradedAfter' must be a number of ms|millis/,
    );
    for (const maxPoolUsage of [-0.1, 1.1, NaN, '1'])
      await expect(wrong({ maxPoolUsage })).rejects.toThrow(/'maxPoolUsage' must be a number from 0 to 1/);
    await expect(wrong({ whenDeaf: 'up' })).rejects.toThrow(
      /'whenDeaf' must be 'down', 'degraded' or 'ignore'/,
    );
  });
});

describe('occupancy', () => {
  test('of the pool, and of what the client lends: degraded above a share', async () => {
    app = await startChecked({ default: { url: server.url, maxDedicated: 2, pool: { min: 0, max: 4 } } });
    const { indicator, module } = app;
    const pool = module.get<RedisPool>(getRedisPoolToken());
    const check = (): Promise<unknown> => indicator.pingCheck('redis', { maxPoolUsage: 0.5 });
    const lent = [await pool.acquire(), await pool.acquire()];
    expect(await check()).toMatchObject({
      redis: {
        status: 'up',
        pool: { active: 2, idle: 0, waiting: 0, total: 2, min: 0, max: 4, usage: 0.5 },
        dedicated: { active: 0, max: 2, usage: 0 },
      },
    });
    lent.push(await pool.acquire());
    expect(await check()).toMatchObject({
      redis: { status: DEGRADED, message: 'pool: 3 of 4 are lent', pool: { usage: 0.75 } },
    });
    expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
    for (const client of lent) pool.release(client);
    expect(await check()).toMatchObject({ redis: { status: 'up', pool: { usage: 0, idle: 3 } } });

    const client = module.get(getRedisToken());
    await client.dedicated(async () => {
      expect(await check()).toMatchObject({ redis: { status: 'up', dedicated: { usage: 0.5 } } });
      await client.dedicated(async () => {
        const late = client.dedicated(() => 'served');
        expect(await check()).toMatchObject({
          redis: {
            status: DEGRADED,
            message: 'connections that the client lends (maxDedicated): 2 of 2 are lent',
            dedicated: { active: 2, waiting: 1, usage: 1 },
          },
        });
        void late;
      });
    });
  });
});
