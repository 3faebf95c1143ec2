import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { RedisContainer } from '@testcontainers/redis';
import { getRedisToken, InjectRedis, OnRedisMessage, RedisClient, RedisModule } from 'nestjs-redwire';

// #region app
@Injectable()
export class Settings {
  readonly redisUrl = process.env.REDIS_URL;
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}

@Injectable()
export class Greetings {
  readonly heard: string[] = [];

  constructor(
    private readonly redis: RedisClient,
    @InjectRedis('cache') private readonly cache: RedisClient,
  ) {}

  async greet(name: string): Promise<string> {
    await this.redis.incr(`greeted:${name}`);
    const greeting = (await this.cache.get(`greeting:${name}`)) ?? `Hello, ${name}.`;
    await this.cache.set(`greeting:${name}`, greeting);
    return greeting;
  }

  @OnRedisMessage('people.arrived')
  async onArrival({ name }: { name: string }): Promise<void> {
    this.heard.push(await this.greet(name));
  }
}

const settings = {
  imports: [SettingsModule],
  inject: [Settings],
  useFactory: ({ redisUrl }: Settings) => ({ url: redisUrl }),
};

@Module({
  imports: [RedisModule.forRootAsync(settings), RedisModule.forRootAsync({ name: 'cache', ...settings })],
  providers: [Greetings],
})
export class AppModule {}
// #endregion

// #region fake
/** Has what the code under test calls, and no more. */
export class FakeRedis {
  readonly values = new Map<string, string>();

  async get(key: string): Promise<string | null> {
    return this.values.get(key) ?? null;
  }

  async set(key: string, value: string): Promise<'OK'> {
    this.values.set(key, value);
    return 'OK';
  }
}
// #endregion

export async function overrideOne(cache: FakeRedis): Promise<TestingModule> {
  // #region override-one
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getRedisToken('cache'))
    .useValue(cache)
    .compile();
  await module.init(); // the default connection is opened, 'cache' is not
  // #endregion
  return module;
}

export async function withServer(redisUrl: string): Promise<TestingModule> {
  // #region with-server
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Settings)
    .useValue({ redisUrl }) // redis://localhost:6379/15: a database of the tests' own
    .compile();
  await module.init();
  await module.get(RedisClient).flushdb();
  // #endregion
  return module;
}

export async function withContainer(image: string): Promise<string> {
  // #region with-container
  const container = await new RedisContainer(image).start(); // in beforeAll, once for all tests of a file
  const module = await withServer(container.getConnectionUrl());
  // #endregion
  try {
    return await module.get(Greetings).greet('Ada');
  } finally {
    await module.close();
    await container.stop();
  }
}

export async function handler(greetings: Greetings): Promise<readonly string[]> {
  // #region handler
  await greetings.onArrival({ name: 'Ada' });
  // #endregion
  return greetings.heard;
}

export async function publish(module: TestingModule): Promise<void> {
  // #region publish
  await module.get(RedisClient).publish('people.arrived', JSON.stringify({ name: 'Ada' }));
  // #endregion
}
