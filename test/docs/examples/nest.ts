import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getRedisPoolToken,
  getRedisToken,
  InjectRedis,
  InjectRedisPool,
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisModuleOptions,
  type RedisOptionsFactory,
} from 'nestjs-redwire';

export const forRoot = () => [
  // #region forRoot
  RedisModule.forRoot({ url: process.env.REDIS_URL, pool: { max: 20 } }),
  RedisModule.forRoot({ name: 'cache', url: process.env.CACHE_URL, keyPrefix: 'cache:' }),
  // #endregion
];

// #region settings
@Injectable()
export class Settings {
  readonly redisUrl = process.env.REDIS_URL;
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}
// #endregion

export const useFactory = () =>
  // #region useFactory
  RedisModule.forRootAsync({
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: (settings: Settings) => ({ url: settings.redisUrl }),
  });
// #endregion

// #region useClass
@Injectable()
export class RedisSettings implements RedisOptionsFactory {
  createRedisOptions(): RedisModuleOptions {
    return { url: process.env.REDIS_URL, connect: 'background' };
  }
}
// #endregion

export const useClass = () =>
  // #region useClass
  RedisModule.forRootAsync({ name: 'queue', useClass: RedisSettings });
// #endregion

// #region inject
@Injectable()
export class Reports {
  constructor(
    private readonly redis: RedisClient,
    private readonly pool: RedisPool,
    @InjectRedis('cache') private readonly cache: RedisClient,
    @InjectRedisPool('cache') private readonly cachePool: RedisPool,
  ) {}
  // #endregion

  get all(): unknown[] {
    return [this.redis, this.pool, this.cache, this.cachePool];
  }
}

// #region token
@Injectable()
export class Audit {
  constructor(@Optional() @Inject(getRedisToken('audit')) private readonly redis?: RedisClient) {}
  // #endregion

  get client(): RedisClient | undefined {
    return this.redis;
  }
}

export async function override(AppModule: new () => unknown): Promise<TestingModule> {
  const fake = { get: async () => 'from the test' };
  // #region override
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getRedisToken()) // or RedisClient: the same
    .useValue(fake)
    .overrideProvider(getRedisPoolToken())
    .useValue({})
    .compile();
  await module.init(); // opens nothing
  // #endregion
  return module;
}
