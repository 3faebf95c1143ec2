import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { RedisModuleExtras } from './redis-module-extras.interface.js';
import type { RedisModuleOptions } from './redis-module-options.interface.js';

/** Options of `RedisModule.forRootAsync()`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type RedisModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  RedisModuleOptions,
  'createRedisOptions'
> &
  RedisModuleExtras;
