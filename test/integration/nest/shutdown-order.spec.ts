import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  Controller,
  Global,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OnRedisMessage, RedisClient, RedisModule, RedisPool } from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

let server: TestServer;
let log: string[];

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

beforeEach(() => {
  log = [];
});

afterAll(() => server.stop());

const HOOKS = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
] as const;

/** Uses Redis in every hook that Nest has, once at once and once after a while. */
function hooked(label: string, decorate: ClassDecorator): Type {
  @decorate
  class Hooked
    implements
      OnModuleInit,
      OnApplicationBootstrap,
      OnModuleDestroy,
      BeforeApplicationShutdown,
      OnApplicationShutdown
  {
    constructor(
      private readonly redis: RedisClient,
      private readonly pool: RedisPool,
    ) {}

    onModuleInit = (): Promise<void> => this.use('onModuleInit');
    onApplicationBootstrap = (): Promise<void> => this.use('onApplicationBootstrap');
    onModuleDestroy = (): Promise<void> => this.use('onModuleDestroy');
    beforeApplicationShutdown = (): Promise<void> => this.use('beforeApplicationShutdown');
    onApplicationShutdown = (): Promise<void> => this.use('onApplicationShutdown');

    private async use(hook: string): Promise<void> {
      const first = `${this.redis.status} ${await this.redis.ping()}`;
      await new Promise((resolve) => setTimeout(resolve, 10));
      const pooled = await this.pool.use((client) => client.ping());
      log.push(`${label} ${hook}: ${first} ${await this.redis.ping()} ${pooled}`);
    }
  }
  return Hooked;
}

/** A module whose class, provider and controller have all the hooks. */
function hookedModule(label: string, { isGlobal = false, imports = [] as DynamicModule[] } = {}): Type {
  const providers = [hooked(`${label} provider`, Injectable())];
  const controllers = [hooked(`${label} controller`, Controller())];
  const ModuleClass = hooked(`${label} module`, Module({ imports, providers, controllers }));
  if (isGlobal) Global()(ModuleClass);
  return ModuleClass;
}

describe('every hook of every module finds Redis open', () => {
  const redis = (isGlobal = true): DynamicModule => RedisModule.forRoot({ url: server.url, isGlobal });

  test.each<[string, number, () => (Type | DynamicModule)[]]>([
    ['imported before RedisModule', 1, () => [hookedModule('before'), redis()]],
    ['imported after it', 1, () => [redis(), hookedModule('after')]],
    ['global, before it', 1, () => [hookedModule('before', { isGlobal: true }), redis()]],
    ['global, after it', 1, () => [redis(), hookedModule('after', { isGlobal: true })]],
    ['importing it, not global', 1, () => [hookedModule('importing', { imports: [redis(false)] })]],
    [
      'on both sides',
      3,
      () => [hookedModule('one', { isGlobal: true }), hookedModule('two'), redis(), hookedModule('three')],
    ],
  ])('%s', async (_, modules, imports) => {
    const app: TestingModule = await Test.createTestingModule({ imports: imports() }).compile();
    const client = app.get(RedisClient, { strict: false });
    await app.init();
    expect(client.status).toBe('ready');
    await app.close();
    expect(client.status).toBe('closed');
    // module class, provider and controller of each
    expect(log).toHaveLength(modules * 3 * HOOKS.length);
    for (const line of log) expect(line).toMatch(/: ready PONG PONG PONG$/);
    for (const hook of HOOKS)
      expect(log.filter((line) => line.includes(` ${hook}:`))).toHaveLength(modules * 3);
  });
});

describe('close()', () => {
  test('twice, one after the other and at once, closes once and does not fail', async () => {
    const app = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url })],
    }).compile();
    await app.init();
    const client = app.get(RedisClient);
    await Promise.all([app.close(), app.close()]);
    expect(client.status).toBe('closed');
    await app.close();
    expect(client.status).toBe('closed');
  });

  test('while the application boots closes what the boot opens', async () => {
    const slow = {
      provide: 'slow',
      useValue: { onModuleInit: () => new Promise((resolve) => setTimeout(resolve, 50)) },
    };
    class Handlers {
      @OnRedisMessage('shutdown-order:boot')
      onMessage(): void {}
    }
    const app = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url, pool: { min: 2 } })],
      providers: [slow, Handlers],
    }).compile();
    const client = app.get(RedisClient);
    const booting = app.init().then(
      () => 'booted',
      () => 'failed',
    );
    await eventually(() => expect(client.status).toBe('ready'));
    await app.close();
    expect(await booting).toMatch(/booted|failed/);
    await app.close();
    expect(client.status).toBe('closed');
    expect(app.get(RedisPool).stats().total).toBe(0);
  });

  test('waits for handlers that are busy, which can use Redis, and no longer than shutdownTimeout', async () => {
    const channel = `shutdown-order:${randomUUID()}`;
    const warnings: string[] = [];
    const logger = {
      log: () => undefined,
      error: () => undefined,
      warn: (text: string) => void warnings.push(text),
    };
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Handlers {
      constructor(private readonly redis: RedisClient) {}

      @OnRedisMessage(channel)
      async quick(): Promise<void> {
        log.push('quick begins');
        await new Promise((resolve) => setTimeout(resolve, 50));
        log.push(`quick: ${await this.redis.ping()}`);
      }

      @OnRedisMessage(channel)
      async endless(): Promise<void> {
        log.push('endless begins');
        await released;
        log.push(`endless: ${await this.redis.ping().catch((error: { code: string }) => error.code)}`);
      }
    }
    const app = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url, shutdownTimeout: 400 })],
      providers: [Handlers],
    })
      .setLogger(logger)
      .compile();
    await app.init();
    const client = app.get(RedisClient);
    await client.publish(channel, '{}');
    await eventually(() => expect(log).toHaveLength(2));
    const started = performance.now();
    await app.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(log).toContain('quick: PONG');
    expect(client.status).toBe('closed');
    expect(warnings).toContainEqual(
      expect.stringMatching(/Handlers\.endless left 1 message\(s\) behind: they were not done within 400 ms/),
    );
    release();
    await eventually(() => expect(log).toContain('endless: CLOSED'));
  });
});
