import 'reflect-metadata';
import {
  Global,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import {
  getRedisPoolToken,
  getRedisToken,
  InjectRedis,
  RedisClient,
  RedisConnectionError,
  RedisModule,
  RedisPool,
  type RedisModuleExtras,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

let server: TestServer;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: 'secret' });
});

afterAll(async () => {
  await server.stop();
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function compile(options: RedisModuleOptions & RedisModuleExtras): Promise<TestingModule> {
  module = await Test.createTestingModule({ imports: [RedisModule.forRoot(options)] }).compile();
  return module;
}

/** Boots in vain. Nothing is left to close: and under Nest 11 close() would fail with the same error once more. */
async function bootFailure(): Promise<Error> {
  const error = await failureOf(module!.init());
  module = undefined;
  return error;
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: Error) => error,
  );
}

/** Sockets that would keep the process from exiting. Nothing in these tests but the module opens any. */
async function noOpenSockets(): Promise<void> {
  await eventually(() =>
    expect(process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP'))).toEqual([]),
  );
}

async function deadPort(): Promise<number> {
  const listener: Server = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

describe('boot', () => {
  test('compile() opens nothing; init() connects', async () => {
    const redis = (await compile({ url: server.url })).get(RedisClient);
    expect(redis.status).toBe('idle');
    await module!.init();
    expect(redis.status).toBe('ready');
    expect(await redis.ping()).toBe('PONG');
  });

  test('lazy: the first command connects', async () => {
    const redis = (await compile({ url: server.url, connect: 'lazy' })).get(RedisClient);
    await module!.init();
    expect(redis.status).toBe('idle');
    await redis.ping();
    expect(redis.status).toBe('ready');
  });

  test('background: the application starts without the server, and has it when it comes', async () => {
    const port = await deadPort();
    const redis = (
      await compile({
        host: '127.0.0.1',
        port,
        connect: 'background',
        reconnect: { delay: 20, maxDelay: 50 },
      })
    ).get(RedisClient);
    await module!.init();
    expect(redis.status).not.toBe('ready');
    await using late = await startServer({ kind: SERVER_KINDS[0]!, port });
    await eventually(() => expect(redis.status).toBe('ready'));
    expect(late.port).toBe(port);
  });

  test('eager: waits for a server that comes before the deadline', async () => {
    const port = await deadPort();
    await compile({ host: '127.0.0.1', port, reconnect: { delay: 20, maxDelay: 50 } });
    const booting = module!.init();
    await using late = await startServer({ kind: SERVER_KINDS[0]!, port });
    await booting;
    expect(late.port).toBe(port);
    expect(module!.get(RedisClient).status).toBe('ready');
  });

  test('eager: a wrong port fails once the deadline has passed, and says what to do', async () => {
    const port = await deadPort();
    await compile({ name: 'queue', host: '127.0.0.1', port, connectDeadline: 300 });
    const error = await bootFailure();
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error.message).toMatch(/^Redis connection "queue": /);
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toMatch(/within 300 ms.*ECONNREFUSED.*Is the server running/);
    expect(error.message).toMatch(/start without it with connect: 'background' or 'lazy'/);
  });

  test.each([
    ['a wrong password', { password: 'wrong' }, 'WRONGPASS', /Check `username` and `password`/],
    ['no password', {}, 'NOAUTH', /The server asks for a password/],
  ])('eager: %s fails at once', async (_, credentials, code, advice) => {
    const started = performance.now();
    await compile({ host: '127.0.0.1', port: server.port, ...credentials });
    const error = await bootFailure();
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(advice);
    expect(error.message).not.toMatch(/wrong"|'wrong'/);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('eager: when one of several connections fails, the others are closed', async () => {
    module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ url: server.url }),
        RedisModule.forRoot({ name: 'broken', host: '127.0.0.1', port: server.port, password: 'wrong' }),
      ],
    }).compile();
    const redis = module.get(RedisClient);
    expect((await bootFailure()).message).toMatch(/"broken"/);
    expect(redis.status).toBe('closed');
  });

  test('eager: after a failure no socket keeps the process alive', async () => {
    await noOpenSockets();
    module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ url: server.url, pool: { min: 2 } }),
        RedisModule.forRoot({
          name: 'background',
          host: '127.0.0.1',
          port: await deadPort(),
          connect: 'background',
        }),
        RedisModule.forRoot({
          name: 'broken',
          host: '127.0.0.1',
          port: await deadPort(),
          connectDeadline: 200,
        }),
      ],
    }).compile();
    await bootFailure();
    await noOpenSockets();
  });

  test('a failed compile() leaves nothing open', async () => {
    await noOpenSockets();
    const compiling = Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url, pool: { min: 2 } })],
      providers: [
        { provide: 'broken', inject: [RedisClient], useFactory: () => Promise.reject(new Error('broken')) },
      ],
    }).compile();
    await expect(compiling).rejects.toThrow('broken');
    await noOpenSockets();
  });

  test('the pool is filled at boot where it has settings, and opens nothing where it has none', async () => {
    await compile({ url: server.url, pool: { min: 3, max: 5 } });
    await module!.init();
    expect(module!.get(RedisPool).stats()).toEqual({
      active: 0,
      idle: 3,
      waiting: 0,
      total: 3,
      min: 3,
      max: 5,
    });
    await module!.close();
    await compile({ url: server.url });
    await module!.init();
    const pool = module!.get<RedisPool>(getRedisPoolToken());
    expect(pool.stats().total).toBe(0);
    expect(await pool.use((client) => client.ping())).toBe('PONG');
  });
});

test('a pool that a test replaced is left alone, and ours is not opened in its place', async () => {
  const pool = { stats: () => 'faked' };
  await using own = await startServer({ kind: SERVER_KINDS[0]! });
  module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ url: own.url, pool: { min: 3 } })],
  })
    .overrideProvider(getRedisPoolToken())
    .useValue(pool)
    .compile();
  await module.init();
  expect(module.get(RedisPool)).toBe(pool);
  const clients = await module.get(RedisClient).clientList();
  expect(clients).toHaveLength(1);
  await module.close();
});

describe('order', () => {
  const log: string[] = [];

  @Injectable()
  class Early implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
    constructor(@InjectRedis() private readonly redis: RedisClient) {}

    async onModuleInit(): Promise<void> {
      log.push(`init: ${this.redis.status}`);
      await this.redis.set('nest:lifecycle', 'init');
    }

    async onModuleDestroy(): Promise<void> {
      log.push(`destroy: ${await this.redis.ping()}`);
    }

    async onApplicationShutdown(): Promise<void> {
      log.push(`shutdown: ${await this.redis.ping()}`);
      await this.redis.del('nest:lifecycle');
    }
  }

  // global, and imported before RedisModule: the hardest to be ahead of
  @Global()
  @Module({ providers: [Early] })
  class EarlyModule {}

  @Module({ providers: [Early] })
  class PlainModule {}

  test.each([true, false])(
    "isGlobal: %s: Redis is open in others' onModuleInit and until their onApplicationShutdown",
    async (isGlobal) => {
      log.length = 0;
      const redis = RedisModule.forRoot({ url: server.url, isGlobal });
      @Module({ imports: [redis], providers: [Early] })
      class ImportingModule {}
      const imports = isGlobal ? [EarlyModule, PlainModule, redis] : [ImportingModule];
      const app = await Test.createTestingModule({ imports }).compile();
      await app.init();
      const client = app.get<RedisClient>(getRedisToken());
      await app.close();
      const each = isGlobal ? 2 : 1;
      expect(log.filter((line) => line === 'init: ready')).toHaveLength(each);
      expect(log.filter((line) => line === 'destroy: PONG')).toHaveLength(each);
      expect(log.filter((line) => line === 'shutdown: PONG')).toHaveLength(each);
      expect(client.status).toBe('closed');
    },
  );
});

describe('shutdown', () => {
  test('leaves no socket open', async () => {
    await noOpenSockets();
    await compile({ url: server.url, pool: { min: 2 } });
    await module!.init();
    await module!.get(RedisClient).set('nest:handles', '1', 'EX', 1);
    await module!.close();
    await noOpenSockets();
  });

  test('lets issued commands finish, and closes the pool', async () => {
    await compile({ url: server.url, pool: { min: 1 } });
    await module!.init();
    const redis = module!.get(RedisClient);
    const pool = module!.get(RedisPool);
    const answers = Promise.all(Array.from({ length: 100 }, () => redis.ping()));
    await module!.close();
    expect(await answers).toHaveLength(100);
    expect(redis.status).toBe('closed');
    expect(pool.stats().total).toBe(0);
    await expect(redis.ping()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('ends in time while the server hangs', async () => {
    await using hanging = await startServer({ kind: SERVER_KINDS[0]! });
    await compile({ url: hanging.url, shutdownTimeout: 300 });
    await module!.init();
    await hanging.pause();
    const answer = failureOf(module!.get(RedisClient).ping());
    const started = performance.now();
    await module!.close();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await answer).toBeInstanceOf(Error);
    await hanging.resume();
  });

  test('ends at once while reconnecting', async () => {
    await using killed = await startServer({ kind: SERVER_KINDS[0]! });
    await compile({ url: killed.url });
    await module!.init();
    await killed.kill();
    await eventually(() => expect(module!.get(RedisClient).status).toBe('reconnecting'));
    const started = performance.now();
    await module!.close();
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('close() without init() closes what was used', async () => {
    const redis = (await compile({ url: server.url })).get(RedisClient);
    await redis.ping();
    await module!.close();
    expect(redis.status).toBe('closed');
  });
});
