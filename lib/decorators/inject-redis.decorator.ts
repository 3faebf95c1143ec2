import { Inject } from '@nestjs/common';
import { checkConnectionName } from '../redis-options.js';
import { expectConnection } from '../redis-unknown.module.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { getRedisToken } from '../redis.tokens.js';

/**
 * Injects the `RedisClient` of a connection. The default connection can be injected by class alone.
 *
 * ```ts
 * constructor(@InjectRedis('queue') private readonly queue: RedisClient) {}
 * ```
 *
 * @param name Name given to `RedisModule.forRoot({ name })`. Default `'default'`. One that no module registers fails
 *   the boot, naming those that exist.
 * @throws {TypeError} for a name that is no string or empty.
 */
export function InjectRedis(name: string = DEFAULT_REDIS_CONNECTION): PropertyDecorator & ParameterDecorator {
  checkConnectionName('@InjectRedis()', name);
  expectConnection(name);
  return Inject(getRedisToken(name));
}
