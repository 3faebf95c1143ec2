import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RedisModuleExtras, RedisModuleOptions } from './interfaces/index.js';
import { RedisHostModule } from './redis-host.module.js';
import { announceConnection } from './redis-unknown.module.js';
import { DEFAULT_REDIS_CONNECTION, REDIS_MODULE_OPTIONS } from './redis.constants.js';
import { createRedisProviders } from './redis.providers.js';
import { connectionTokens } from './redis.tokens.js';

const EXTRAS: RedisModuleExtras = { name: DEFAULT_REDIS_CONNECTION, isGlobal: true };

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RedisModuleOptions>({
  optionsInjectionToken: REDIS_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRedisOptions')
  .setExtras(EXTRAS, (definition, { name = DEFAULT_REDIS_CONNECTION, isGlobal = true }) => {
    announceConnection(name);
    return {
      ...definition,
      global: isGlobal,
      imports: [...(definition.imports ?? []), RedisHostModule],
      providers: [...(definition.providers ?? []), ...createRedisProviders(name)],
      exports: connectionTokens(name),
    };
  })
  .build();
