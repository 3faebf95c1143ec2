import { RedisClientError, RedisPool, type RedisSession } from './core/index.js';
import { DEFAULT_REDIS_CONNECTION } from './redis.constants.js';

/**
 * The pool of a connection whose client a test has overridden: it opens nothing, and whoever wants a connection of it is
 * told what to override too.
 */
export class OverriddenPool extends RedisPool {
  constructor(private readonly connection: string) {
    super();
  }

  override async connect(): Promise<void> {}

  override async acquire(): Promise<RedisSession> {
    throw this.refusal('acquire()');
  }

  override async use(): Promise<never> {
    throw this.refusal('use()');
  }

  private refusal(method: string): RedisClientError {
    const name = this.connection === DEFAULT_REDIS_CONNECTION ? '' : `'${this.connection}'`;
    return new RedisClientError(
      'OVERRIDDEN',
      `${method}: the client of the Redis connection "${this.connection}" is overridden and its pool is not; nothing was opened. ` +
        `Override the pool too: .overrideProvider(getRedisPoolToken(${name})).useValue(…).`,
    );
  }
}
