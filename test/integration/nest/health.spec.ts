import 'reflect-metadata';
import { Injectable, type InjectionToken, type Type } from '@nestjs/common';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  getRedisPoolToken,
  getRedisToken,
  OnRedisMessage,
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

/** Terminus 11 has no third state. */
const DEGRADED = 'degraded' in new HealthIndicatorService().check('any') ? 'degraded' : 'up';

let server: TestServer;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterAll(async () => {
  await server.stop();
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function start(
  options: RedisModuleOptions = {},
  providers: Type[] = [],
): Promise<RedisHealthIndicator> {
  module = await Test.createTestingModule({
    imports: [
      RedisModule.forRoot({ url: server.url, reconnect: { delay: 20, maxDelay: 50 }, ...options }),
      RedisModule.forRoot({ name: 'lazy', url: server.url, connect: 'lazy' }),
      RedisHealthModule,
    ],
    providers,
  }).compile();
  await module.init();
  return module.get(RedisHealthIndicator);
}

describe('RedisHealthIndicator', () => {
  test('up: with the time to the answer and the occupancy of the pool', async () => {
    const indicator = await start({ pool: { min: 1, max: 4 } });
    const result = await module!.get(RedisPool).use(() => indicator.pingCheck('redis'));
    expect(result).toEqual({
      redis: {
        status: 'up',
        connection: 'default',
        address: `127.0.0.1:${server.port}`,
        state: 'ready',
        latency: expect.any(Number),
        pool: { active: 1, idle: 0, waiting: 0, total: 1, min: 1, max: 4, usage: 0.25 },
        dedicated: { active: 0, idle: 0, waiting: 0, total: 0, min: 0, max: expect.any(Number), usage: 0 },
      },
    });
    expect(result.redis['latency']).toBeLessThan(1_000);
  });

  test(`late: ${DEGRADED}, and says so`, async () => {
    const indicator = await start();
    expect(await indicator.pingCheck('redis', { degradedAfter: 0.000_1 })).toMatchObject({
      redis: { status: DEGRADED, message: 'slower than 0.0001 ms', latency: expect.any(Number) },
    });
  });

  test('a lazy connection that nothing has used is not down, and is not opened', async () => {
    const indicator = await start();
    expect(await indicator.pingCheck('redis', { connection: 'lazy' })).toMatchObject({
      redis: { status: DEGRADED, state: 'idle', message: expect.stringMatching(/not opened yet/) },
    });
    expect(await indicator.pingCheck('redis', { connection: 'lazy' })).toMatchObject({
      redis: { state: 'idle' },
    });
  });

  test('a lazy connection that only message handlers use is up', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage('nest:health', { connection: 'lazy' })
      onOrder(): void {}
    }
    const indicator = await start({}, [Orders]);
    const listening = { state: 'ready', subscriptions: 1, latency: expect.any(Number) };
    await eventually(async () =>
      expect(await indicator.pingCheck('redis', { connection: 'lazy' })).toMatchObject({
        redis: {
          status: 'up',
          state: 'idle',
          message: expect.stringMatching(/open for subscriptions alone/),
          subscriber: listening,
        },
      }),
    );
  });

  test('a pool or client that a test put in place is no reason to fail', async () => {
    const compile = async (token: InjectionToken, stub: unknown): Promise<RedisHealthIndicator> => {
      await module?.close();
      module = await Test.createTestingModule({
        imports: [RedisModule.forRoot({ url: server.url }), RedisHealthModule],
      })
        .overrideProvider(token)
        .useValue(stub)
        .compile();
      await module.init();
      return module.get(RedisHealthIndicator);
    };
    for (const stub of [{}, null]) {
      const withPool = await compile(getRedisPoolToken(), stub);
      expect(await withPool.pingCheck('redis')).toMatchObject({ redis: { status: 'up', pool: undefined } });
      const withClient = await compile(getRedisToken(), stub);
      expect(await withClient.pingCheck('redis')).toMatchObject({
        redis: { status: 'down', message: expect.stringMatching(/stands in for the client has no probe/) },
      });
    }
  });

  test('down at once while the server is gone, and up again after it', async () => {
    const indicator = await start();
    await server.kill();
    await eventually(() => expect(module!.get(RedisClient).status).toBe('reconnecting'));
    const started = performance.now();
    const down = await indicator.pingCheck('redis');
    expect(performance.now() - started).toBeLessThan(200);
    expect(down).toMatchObject({
      redis: {
        status: 'down',
        state: 'reconnecting',
        message: expect.stringMatching(/no connection to Redis at 127\.0\.0\.1/),
      },
    });
    expect(module!.get(RedisClient).queued).toBe(0);
    await server.restart();
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });

  test('down within its timeout while the server hangs', async () => {
    const indicator = await start();
    await server.pause();
    const started = performance.now();
    const down = await indicator.pingCheck('redis', { timeout: 200 });
    const took = performance.now() - started;
    await server.resume();
    expect(down).toMatchObject({
      redis: {
        status: 'down',
        message: `Redis at 127.0.0.1:${server.port} did not answer PING within 200 ms`,
      },
    });
    expect(took).toBeGreaterThanOrEqual(190);
    expect(took).toBeLessThan(600);
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });

  test('a connection that does not exist is a mistake, not an outage', async () => {
    const indicator = await start();
    await expect(indicator.pingCheck('redis', { connection: 'lasy' })).rejects.toThrow(
      /pingCheck\('redis'\) asks for the Redis connection "lasy".*did you mean "lazy"/,
    );
    const notNames: unknown[] = [5, null, '', {}];
    for (const connection of notNames) {
      const message = /^ping(Check|All)\('redis'\): a connection's name must be a string that is not empty\./;
      await expect(indicator.pingCheck('redis', { connection } as object)).rejects.toThrow(message);
      await expect(indicator.pingAll('redis', { connections: [connection as string] })).rejects.toThrow(
        message,
      );
    }
    await expect(indicator.pingCheck('redis', { timeout: 0 })).rejects.toThrow(
      /'timeout' must be a number of milliseconds above 0/,
    );
  });

  test('may be listed among the providers of a module of its user', async () => {
    module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url, isGlobal: false }), TerminusModule],
      providers: [RedisHealthIndicator],
    }).compile();
    await module.init();
    expect(await module.get(RedisHealthIndicator).pingCheck('cache')).toMatchObject({
      cache: { status: 'up' },
    });
  });
});
