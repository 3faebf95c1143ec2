import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { getRedisToken, InjectRedis, OnRedisMessage, RedisClient, RedisModule } from 'nestjs-redwire';
import { firstValueFrom } from 'rxjs';
import { createNestApp } from '../../support/nest-app.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

const TCP = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;

let server: TestServer;
const apps: INestApplicationContext[] = [];

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

afterAll(() => server.stop());

function opened<App extends INestApplicationContext>(app: App): App {
  apps.push(app);
  return app;
}

/** A service that counts what it hears, and answers requests of every kind with the count. */
function counter(redis: DynamicModule = RedisModule.forRoot({ url: server.url })): {
  App: Type;
  channel: string;
} {
  const channel = `kinds-${randomUUID()}`;
  @Controller()
  class Counter implements OnModuleInit {
    constructor(private readonly redis: RedisClient) {}

    async onModuleInit(): Promise<void> {
      await this.redis.set(channel, 0);
    }

    @OnRedisMessage(channel)
    async onMessage(): Promise<void> {
      await this.redis.incr(channel);
    }

    @Get('count')
    @MessagePattern('count')
    async count(): Promise<string | null> {
      return this.redis.get(channel);
    }
  }
  @Module({ imports: [redis], controllers: [Counter] })
  class App {}
  return { App, channel };
}

async function askOverTcp(port: number): Promise<unknown> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  try {
    return await firstValueFrom(client.send('count', {}));
  } finally {
    await client.close();
  }
}

async function hears(
  app: INestApplicationContext,
  channel: string,
  ask: () => Promise<unknown>,
): Promise<void> {
  expect(await ask()).toBe('0');
  expect(await app.get<RedisClient>(RedisClient).publish(channel, '{}')).toBe(1);
  await eventually(async () => expect(await ask()).toBe('1'));
}

async function closes(app: INestApplicationContext): Promise<void> {
  const redis = app.get<RedisClient>(RedisClient);
  expect(redis.status).toBe('ready');
  await app.close();
  expect(redis.status).toBe('closed');
}

test('a standalone application context', async () => {
  const { App, channel } = counter();
  const app = opened(await NestFactory.createApplicationContext(App, { logger: false }));
  await hears(app, channel, async () => app.get(RedisClient).get(channel));
  await closes(app);
});

test('an HTTP application', async () => {
  const { App, channel } = counter();
  const app = opened(await createNestApp(App));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  await hears(app, channel, async () => (await fetch(`${url}/count`)).text());
  await closes(app);
});

test('a microservice', async () => {
  const { App, channel } = counter();
  const app = opened(await NestFactory.createMicroservice(App, { ...TCP, logger: false }));
  await app.listen();
  const { port } = app.unwrap<Server>().address() as AddressInfo;
  await hears(app, channel, () => askOverTcp(port));
  await closes(app);
});

test('a hybrid application: each message is handled once', async () => {
  const { App, channel } = counter();
  const app = opened(await createNestApp(App));
  const microservice = app.connectMicroservice(TCP, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const { port } = microservice.unwrap<Server>().address() as AddressInfo;
  await hears(app, channel, async () => (await fetch(`${url}/count`)).text());
  expect(await askOverTcp(port)).toBe('1');
  await closes(app);
});

test('two applications in one process have connections of their own under one name', async () => {
  await using other = await startServer({ kind: SERVER_KINDS[0]! });
  const one = counter();
  const two = counter(RedisModule.forRoot({ url: other.url }));
  const first = opened(await NestFactory.createApplicationContext(one.App, { logger: false }));
  const second = opened(await NestFactory.createApplicationContext(two.App, { logger: false }));
  expect(first.get(RedisClient)).not.toBe(second.get(RedisClient));
  expect(second.get(RedisClient).address).toBe(`127.0.0.1:${other.port}`);
  await closes(first);
  await hears(second, two.channel, async () => second.get(RedisClient).get(two.channel));
  await closes(second);
});

test('one application booted, closed and booted again has a new connection each time', async () => {
  const { App, channel } = counter();
  const clients = new Set<RedisClient>();
  for (let round = 0; round < 3; round += 1) {
    const app = opened(await NestFactory.createApplicationContext(App, { logger: false }));
    clients.add(app.get(RedisClient));
    await hears(app, channel, async () => app.get(RedisClient).get(channel));
    await closes(app);
  }
  expect(clients.size).toBe(3);
});

test('one connection that several modules import, global and not, is one; a module that does not import it cannot have it', async () => {
  const options = { url: server.url, name: 'shared', isGlobal: false };
  const token = getRedisToken('shared');
  @Injectable()
  class One {
    constructor(@InjectRedis('shared') readonly redis: RedisClient) {}
  }
  @Injectable()
  class Two extends One {}
  @Module({ imports: [RedisModule.forRoot(options)], providers: [One] })
  class OneModule {}
  @Module({
    imports: [
      RedisModule.forRootAsync({ name: 'shared', isGlobal: false, useFactory: () => ({ url: server.url }) }),
    ],
    providers: [Two],
  })
  class TwoModule {}
  @Module({ imports: [OneModule, TwoModule] })
  class App {}
  const app = opened(await NestFactory.createApplicationContext(App, { logger: false }));
  const { redis } = app.get(One, { strict: false });
  expect(app.get(Two, { strict: false }).redis).toBe(redis);
  expect(await redis.ping()).toBe('PONG');

  @Module({ imports: [OneModule], providers: [Two] })
  class Outside {}
  const failing = NestFactory.createApplicationContext(Outside, { logger: false, abortOnError: false });
  await expect(failing).rejects.toThrow(/RedisClient\(shared\)/);
  expect(token).toBe('RedisClient(shared)');
});
