import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
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
    useFactory: (settings) => ({ url: settings.redisUrl }), // settings: Settings
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

// #region kept
@Injectable()
export class Greeting {
  static readonly provider = {
    provide: 'greeting',
    inject: [RedisClient],
    useFactory: (redis: RedisClient) => redis.get('greeting'), // while the application is being built
  };

  constructor(
    private readonly redis: RedisClient,
    @Inject('greeting') readonly text: string | null,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.redis.set('started', Date.now()); // connected by now
  }

  async onApplicationShutdown(): Promise<void> {
    await this.redis.del('started'); // still connected
  }
}
// #endregion

// #region lazy
@Injectable()
export class Exports {
  constructor(private readonly loader: LazyModuleLoader) {}

  async run(): Promise<void> {
    // its connections are open and its handlers subscribed when this resolves
    const module = await this.loader.load(() => ExportsModule);
    await module.get(Exporter).run();
  }
}
// #endregion

@Injectable()
export class Exporter {
  constructor(@InjectRedis('exports') private readonly redis: RedisClient) {}

  async run(): Promise<void> {
    await this.redis.set('exported', 1);
  }
}

@Module({
  imports: [
    RedisModule.forRootAsync({ name: 'exports', useFactory: () => ({ url: process.env.REDIS_URL }) }),
  ],
  providers: [Exporter],
})
export class ExportsModule {}

export async function override(AppModule: new () => unknown): Promise<TestingModule> {
  const fake = { get: async () => 'from the test' };
  // #region override
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getRedisToken('queue'))
    .useValue(fake) // of the default connection: getRedisToken(), or RedisClient
    .compile();
  await module.init(); // opens nothing
  // #endregion
  return module;
}
