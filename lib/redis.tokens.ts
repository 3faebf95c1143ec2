import type { InjectionToken } from '@nestjs/common';
import { RedisClient, RedisPool } from './core/index.js';
import { RedisPublisher } from './publisher/redis-publisher.js';
import { DEFAULT_REDIS_CONNECTION } from './redis.constants.js';

/**
 * Injection token of a connection's client. For the default connection it is the class `RedisClient` itself, so that
 * a constructor parameter typed `RedisClient` needs no decorator, and overriding either overrides both:
 *
 * ```ts
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(getRedisToken('queue'))
 *   .useValue(fake);
 * ```
 *
 * @param name Name given to `RedisModule.forRoot({ name })`. Default `'default'`.
 */
export function getRedisToken(name: string = DEFAULT_REDIS_CONNECTION): InjectionToken<RedisClient> {
  return name === DEFAULT_REDIS_CONNECTION ? RedisClient : `RedisClient(${name})`;
}

/**
 * Injection token of a connection's pool; the class `RedisPool` itself for the default connection.
 *
 * @param name Name given to `RedisModule.forRoot({ name })`. Default `'default'`.
 */
export function getRedisPoolToken(name: string = DEFAULT_REDIS_CONNECTION): InjectionToken<RedisPool> {
  return name === DEFAULT_REDIS_CONNECTION ? RedisPool : `RedisPool(${name})`;
}

/**
 * Injection token of a connection's publisher; the class `RedisPublisher` itself for the default connection.
 *
 * @param name Name given to `RedisModule.forRoot({ name })`. Default `'default'`.
 */
export function getRedisPublisherToken(
  name: string = DEFAULT_REDIS_CONNECTION,
): InjectionToken<RedisPublisher> {
  return name === DEFAULT_REDIS_CONNECTION ? RedisPublisher : `RedisPublisher(${name})`;
}

/** What a connection provides, by its tokens. */
export function connectionTokens(name: string): InjectionToken[] {
  return [getRedisToken(name), getRedisPoolToken(name), getRedisPublisherToken(name)];
}
