import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { OnRedisMessage, RedisClient, RedisModule } from 'nestjs-redwire';
import { createNestApp } from '../../support/nest-app.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

const ns = `nest-${randomUUID()}`;
let server: TestServer;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
});

afterAll(async () => {
  await server.stop();
});

/** An HTTP request has a URL; what else would call it must not get here. */
@Injectable()
class HttpGuard implements CanActivate {
  static readonly types: string[] = [];

  canActivate(context: ExecutionContext): boolean {
    HttpGuard.types.push(context.getType());
    return context.switchToHttp().getRequest<{ url: string }>().url === '/total';
  }
}

@Injectable()
class TypeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getType<string>() === 'redis';
  }
}

@Controller()
class Tally implements OnModuleInit {
  constructor(private readonly redis: RedisClient) {}

  async onModuleInit(): Promise<void> {
    await this.redis.set(`${ns}:total`, 0);
  }

  @Get('total')
  async total(): Promise<{ total: number }> {
    return { total: Number(await this.redis.get(`${ns}:total`)) };
  }

  @UseGuards(TypeGuard)
  @OnRedisMessage(`${ns}.sold.*`, { pattern: true })
  async onSold({ amount }: { amount: number }): Promise<void> {
    await this.redis.incrby(`${ns}:total`, amount);
  }
}

function appModule(): new () => object {
  @Module({
    imports: [
      RedisModule.forRootAsync({
        useFactory: async () => ({ url: server.url, reconnect: { delay: 20, maxDelay: 50 } }),
      }),
    ],
    controllers: [Tally],
    providers: [{ provide: APP_GUARD, useClass: HttpGuard }],
  })
  class AppModule {}
  return AppModule;
}

test('an HTTP application: one controller answers requests and handles messages, through a restart of the server', async () => {
  const app = await createNestApp(appModule());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const total = async (): Promise<unknown> => (await fetch(`${url}/total`)).json();
  const redis = app.get(RedisClient);

  await redis.publish(`${ns}.sold.tea`, JSON.stringify({ amount: 3 }));
  await eventually(async () => expect(await total()).toEqual({ total: 3 }));
  expect(new Set(HttpGuard.types)).toEqual(new Set(['http']));

  await server.kill();
  await delay(50);
  await server.restart();
  // publishing reaches the handler again: it gives the number of those who listen
  await eventually(async () => (await redis.publish(`${ns}.sold.tea`, JSON.stringify({ amount: 5 }))) === 1);
  await eventually(async () => expect(await total()).toEqual({ total: 5 }));

  await app.close();
  expect(redis.status).toBe('closed');
});

test('an application context without HTTP', async () => {
  const context = await NestFactory.createApplicationContext(appModule(), { logger: false });
  const redis = context.get(RedisClient);
  await redis.publish(`${ns}.sold.tea`, JSON.stringify({ amount: 7 }));
  await eventually(async () => (await redis.get(`${ns}:total`)) === '7');
  await context.close();
  expect(redis.status).toBe('closed');
});

test('what a slow handler misses is said, and its backlog stays bounded', async () => {
  const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn(), debug: jest.fn() };
  const handled: number[] = [];
  @Injectable()
  class Slow {
    @OnRedisMessage(`${ns}.flood`, { concurrency: 1, bufferSize: 10 })
    async onMessage(n: number): Promise<void> {
      handled.push(n);
      await delay(20);
    }
  }
  @Module({ imports: [RedisModule.forRoot({ url: server.url })], providers: [Slow] })
  class FloodModule {}
  const context = await NestFactory.createApplicationContext(FloodModule, { logger });
  const redis = context.get(RedisClient);
  await Promise.all(Array.from({ length: 100 }, (_, n) => redis.publish(`${ns}.flood`, String(n))));
  await eventually(() => expect(handled.at(-1)).toBe(99));
  expect(handled.length).toBeLessThan(20);
  expect(logger.warn.mock.calls.flat()).toContainEqual(
    expect.stringMatching(
      /Slow\.onMessage is too slow for its channels: \d+ message\(s\) were dropped \(bufferSize 10/,
    ),
  );
  await context.close();
});
