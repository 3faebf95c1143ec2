import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { Inject, Injectable, Module, Scope, type DynamicModule, type Type } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  getRedisPoolToken,
  getRedisToken,
  InjectRedis,
  OnRedisMessage,
  OnRedisStream,
  RedisClient,
  RedisModule,
} from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

let server: TestServer;
let app: INestApplicationContext | undefined;
let ns: string;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterAll(() => server.stop());

beforeEach(() => {
  ns = randomUUID();
});

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function boot(
  imports: (DynamicModule | Type)[],
  logger: LoggerService | false = false,
): Promise<LazyModuleLoader> {
  @Module({ imports })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
  return app.get(LazyModuleLoader);
}

const redis = (name?: string, options: object = {}): DynamicModule =>
  RedisModule.forRoot({ url: server.url, name, ...options });

/** Publishes; gives how many connections listen. */
async function publish(channel: string): Promise<number> {
  return app!.get<RedisClient>(getRedisToken()).publish(channel, '{}');
}

describe('a module that is loaded lazily', () => {
  test('opens nothing once the application has closed: nobody would close it', async () => {
    const loader = await boot([redis()]);
    await app!.close();
    app = undefined;
    const name = `late-${ns}`;
    @Module({ imports: [redis(name, { clientName: name })] })
    class LateModule {}
    await expect(loader.load(() => LateModule)).rejects.toThrow(
      `The Redis connection "${name}" is not opened: its module was loaded after the application had closed.`,
    );
    await using admin = new RedisClient(server.url);
    expect((await admin.clientList()).filter((client) => client.name === name)).toEqual([]);
  });

  test('has its handlers subscribed when load() resolves, once, and drained at shutdown', async () => {
    const loader = await boot([redis()]);
    const heard: string[] = [];
    @Injectable()
    class Handlers {
      @OnRedisMessage(`${ns}.lazy`)
      async onMessage(): Promise<void> {
        heard.push('begin');
        await new Promise((resolve) => setTimeout(resolve, 50));
        heard.push('end');
      }
    }
    @Module({ providers: [Handlers] })
    class LazyModule {}
    await loader.load(() => LazyModule);
    expect(await publish(`${ns}.lazy`)).toBe(1);
    await loader.load(() => LazyModule);
    await eventually(() => expect(heard).toEqual(['begin', 'end']));
    expect(await publish(`${ns}.lazy`)).toBe(1);
    await eventually(() => expect(heard).toHaveLength(3));
    await app!.close();
    app = undefined;
    expect(heard).toEqual(['begin', 'end', 'begin', 'end']);
  });

  test('whose handlers were refused has them tried again when it is loaded again, and by no other load', async () => {
    const loader = await boot([redis()]);
    const client = app!.get(RedisClient);
    await client.set(`${ns}.stream`, 'text');
    await client.call('ACL', 'SETUSER', ns, 'on', '>secret', '~*', '+@all', 'resetchannels');
    const heard: string[] = [];
    @Injectable()
    class Handlers {
      @OnRedisMessage(`${ns}.refused`, { connection: 'limited' })
      onMessage(): void {
        heard.push('message');
      }
      @OnRedisStream(`${ns}.stream`, { group: 'g', consumer: 'c', block: 50 })
      onEntry(): void {
        heard.push('entry');
      }
    }
    @Module({
      imports: [redis('limited', { username: ns, password: 'secret' })],
      providers: [Handlers],
    })
    class LazyModule {}
    @Module({})
    class OtherModule {}
    const load = (): Promise<unknown> => loader.load(() => LazyModule).catch((error: Error) => error.message);
    expect(await load()).toMatch(/NOPERM|WRONGTYPE.* Its module is not loaded without it/);
    await client.call('ACL', 'SETUSER', ns, 'allchannels');
    expect(await load()).toMatch(/Handlers\.onEntry: .* WRONGTYPE.* Its module is not loaded without it/);
    await loader.load(() => OtherModule);
    await client.del(`${ns}.stream`);
    await loader.load(() => LazyModule);
    await client.xadd(`${ns}.stream`, '*', { n: 1 });
    expect(await publish(`${ns}.refused`)).toBe(1);
    await eventually(() => expect(heard.toSorted()).toEqual(['entry', 'message']));
    await loader.load(() => LazyModule);
    expect(await publish(`${ns}.refused`)).toBe(1);
    expect(await client.xinfoConsumers(`${ns}.stream`, 'g')).toHaveLength(1);
  });

  test('has the handlers of what it imports and of request scope; those from the boot are not subscribed twice', async () => {
    const heard: string[] = [];
    class Early {
      @OnRedisMessage(`${ns}.all`)
      onMessage(): void {
        heard.push('early');
      }
    }
    class Imported {
      @OnRedisMessage(`${ns}.all`)
      onMessage(): void {
        heard.push('imported');
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerMessage {
      constructor(private readonly redis: RedisClient) {}
      @OnRedisMessage(`${ns}.all`)
      async onMessage(): Promise<void> {
        heard.push(await this.redis.ping());
      }
    }
    @Module({ providers: [Early] })
    class EarlyModule {}
    @Module({ providers: [Imported] })
    class ImportedModule {}
    @Module({ imports: [ImportedModule, EarlyModule], providers: [PerMessage] })
    class LazyModule {}
    const loader = await boot([redis(), EarlyModule]);
    await loader.load(() => LazyModule);
    await publish(`${ns}.all`);
    await eventually(() => expect(heard).toContain('PONG'));
    await publish(`${ns}.all`);
    await eventually(() => expect(heard.filter((each) => each === 'PONG')).toHaveLength(2));
    expect(heard.toSorted()).toEqual(['PONG', 'PONG', 'early', 'early', 'imported', 'imported']);
  });

  test('loaded by two at once, and beside another: each handler is subscribed once', async () => {
    const loader = await boot([redis()]);
    const heard: number[] = [];
    const lazyModules = Array.from({ length: 4 }, (_, index) => {
      class Handlers {
        @OnRedisMessage(`${ns}.many`)
        onMessage(): void {
          heard.push(index);
        }
      }
      const slow = {
        provide: 'slow',
        useFactory: () => new Promise((resolve) => setTimeout(() => resolve(1), 20)),
      };
      @Module({ providers: [Handlers, slow] })
      class LazyModule {}
      return LazyModule;
    });
    await Promise.all([...lazyModules, lazyModules[0]!].map((each) => loader.load(() => each)));
    // a channel's messages reach its handlers in the order they came
    await publish(`${ns}.many`);
    await publish(`${ns}.many`);
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(8));
    expect(heard.toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  test('that is still being built when another is ready is waited for: its handlers are whole', async () => {
    const loader = await boot([redis()]);
    const heard: unknown[] = [];
    let build = (): void => undefined;
    const built = new Promise<void>((resolve) => (build = resolve));
    @Injectable()
    class Handlers {
      constructor(@Inject('slow') private readonly value: string) {}
      @OnRedisMessage(`${ns}.slow`)
      onMessage(): void {
        heard.push(this.value);
      }
    }
    @Module({
      providers: [Handlers, { provide: 'slow', useFactory: () => built.then(() => 'built') }],
    })
    class SlowModule {}
    @Module({})
    class QuickModule {}
    const loading = loader.load(() => SlowModule);
    await loader.load(() => QuickModule);
    expect(await publish(`${ns}.slow`)).toBe(0);
    build();
    await loading;
    await publish(`${ns}.slow`);
    await publish(`${ns}.slow`);
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(2));
    expect(heard).toEqual(['built', 'built']);
  });

  test.each([
    ['eager', 'ready', 2],
    ['lazy', 'idle', 0],
  ] as const)(
    'has its %s connection %s when load() resolves; it is closed with the application',
    async (connect, status, open) => {
      const loader = await boot([redis()]);
      @Injectable()
      class Handlers {
        constructor(@InjectRedis('late') readonly redis: RedisClient) {}
        @OnRedisMessage(`${ns}.late`, { connection: 'late' })
        onMessage(): void {}
      }
      @Module({ imports: [redis('late', { connect, pool: { min: 2 } })] })
      class LazyModule {}
      const late = await loader.load(() => LazyModule);
      const client = late.get<RedisClient>(getRedisToken('late'), { strict: false });
      const pool = late.get(getRedisPoolToken('late'), { strict: false });
      expect(client.status).toBe(status);
      expect(pool.stats().total).toBe(open);
      @Module({ providers: [Handlers] })
      class Listening {}
      await loader.load(() => Listening);
      await eventually(async () => expect(await publish(`${ns}.late`)).toBe(1));
      await app!.close();
      app = undefined;
      expect(client.status).toBe('closed');
      expect(pool.stats().total).toBe(0);
    },
  );

  test('fails to load where its eager connection cannot be had, and loads once it can', async () => {
    const loader = await boot([redis()]);
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    @Module({
      imports: [RedisModule.forRoot({ name: 'late', host: '127.0.0.1', port, connectDeadline: 200 })],
    })
    class LazyModule {}
    await expect(loader.load(() => LazyModule)).rejects.toThrow(
      /Redis connection "late": .*within 200 ms.*ECONNREFUSED.*Its module is not loaded without it/,
    );
    expect(await app!.get(RedisClient).ping()).toBe('PONG');
    await using late = await startServer({ kind: SERVER_KINDS[0]!, port });
    const loaded = await loader.load(() => LazyModule);
    const client = loaded.get<RedisClient>(getRedisToken('late'), { strict: false });
    expect(client.status).toBe('ready');
    expect(client.address).toBe(`127.0.0.1:${late.port}`);
    await app!.close();
    app = undefined;
  });

  test('has its connection traced', async () => {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    try {
      const loader = await boot([redis()]);
      @Module({ imports: [redis('traced', { telemetry: { traces: true } })] })
      class LazyModule {}
      const loaded = await loader.load(() => LazyModule);
      await loaded.get<RedisClient>(getRedisToken('traced'), { strict: false }).set('k', 'v');
      expect(exporter.getFinishedSpans().map(({ name }) => name)).toContain('SET');
    } finally {
      trace.disable();
    }
  });

  test('may import a connection that the application has; other options fail to load', async () => {
    const loader = await boot([redis()]);
    @Module({ imports: [redis()], providers: [{ provide: 'same', useExisting: RedisClient }] })
    class Same {}
    @Module({ imports: [redis(undefined, { database: 1 })] })
    class Other {}
    expect((await loader.load(() => Same)).get('same')).toBe(app!.get(RedisClient));
    await expect(loader.load(() => Other)).rejects.toThrow(/with different options \(database\)/);
    expect(await app!.get(RedisClient).ping()).toBe('PONG');
  });

  test('fails to load with a handler of a connection that does not exist', async () => {
    const loader = await boot([redis()]);
    class Handlers {
      @OnRedisMessage(`${ns}.nowhere`, { connection: 'nowhere' })
      onMessage(): void {}
    }
    @Module({ providers: [Handlers] })
    class LazyModule {}
    await expect(loader.load(() => LazyModule)).rejects.toThrow(
      /@OnRedisMessage\(\) on Handlers.onMessage asks for.*"nowhere"/,
    );
  });

  test('loaded while the application boots: its connection is open and its handlers listen, once', async () => {
    const heard: number[] = [];
    class Handlers {
      @OnRedisMessage(`${ns}.boot`)
      onMessage(): void {
        heard.push(1);
      }
    }
    @Module({ imports: [redis('late')], providers: [Handlers] })
    class LazyModule {}
    @Injectable()
    class Loads {
      status = '';
      constructor(private readonly loader: LazyModuleLoader) {}
      async onModuleInit(): Promise<void> {
        const loaded = await this.loader.load(() => LazyModule);
        this.status = loaded.get<RedisClient>(getRedisToken('late'), { strict: false }).status;
      }
    }
    @Module({ providers: [Loads] })
    class Loading {}
    await boot([redis(), Loading]);
    expect(app!.get(Loads, { strict: false }).status).toBe('ready');
    await publish(`${ns}.boot`);
    await publish(`${ns}.boot`);
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(2));
    expect(heard).toHaveLength(2);
  });
});

test('the first RedisModule of an application, loaded lazily: connections open and close with it, handlers of later loads listen, and what does not work is said', async () => {
  const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn() };
  const loader = await boot([], logger);
  @Module({ imports: [redis()] })
  class LazyModule {}
  const loaded = await loader.load(() => LazyModule);
  const client = loaded.get(RedisClient, { strict: false });
  expect(client.status).toBe('ready');
  expect(logger.warn.mock.calls.flat()).toContainEqual(
    expect.stringMatching(
      /loaded by LazyModuleLoader into an application that had booted without it.*Import a RedisModule in the application/,
    ),
  );
  const handled: string[] = [];
  class Handlers {
    @OnRedisMessage(`${ns}.first`)
    async onMessage(): Promise<void> {
      handled.push(await client.ping());
    }
  }
  @Module({ providers: [Handlers] })
  class Listening {}
  await loader.load(() => Listening);
  expect(await client.publish(`${ns}.first`, '{}')).toBe(1);
  await eventually(() => expect(handled).toEqual(['PONG']));
  await app!.close();
  app = undefined;
  expect(client.status).toBe('closed');
});
