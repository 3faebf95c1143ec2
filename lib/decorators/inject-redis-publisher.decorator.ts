import { Inject } from '@nestjs/common';
import { checkConnectionName } from '../redis-options.js';
import { expectConnection } from '../redis-unknown.module.js';
import { DEFAULT_REDIS_CONNECTION } from '../redis.constants.js';
import { getRedisPublisherToken } from '../redis.tokens.js';

/**
 * Injects the `RedisPublisher` of a connection. The default connection's can be injected by class alone.
 *
 * @param name Name given to `RedisModule.forRoot({ name })`. Default `'default'`. One that no module registers fails
 *   the boot, naming those that exist.
 * @throws {TypeError} for a name that is no string or empty.
 */
export function InjectRedisPublisher(
  name: string = DEFAULT_REDIS_CONNECTION,
): PropertyDecorator & ParameterDecorator {
  checkConnectionName('@InjectRedisPublisher()', name);
  expectConnection(name);
  return Inject(getRedisPublisherToken(name));
}
