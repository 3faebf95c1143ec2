import type { RedisModuleOptions } from './redis-module-options.interface.js';

/** A class that makes a connection's options, for `RedisModule.forRootAsync({ useClass })` and `useExisting`. */
export interface RedisOptionsFactory {
  /** Called once, at boot. */
  createRedisOptions(): RedisModuleOptions | Promise<RedisModuleOptions>;
}
