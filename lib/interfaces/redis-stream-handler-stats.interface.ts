import type { StreamConsumerStats } from '../core/index.js';

/** One `@OnRedisStream()` and its counters since the boot. */
export interface RedisStreamHandlerStats extends StreamConsumerStats {
  /** Class of the handler. */
  readonly className: string;
  /** Method of the handler. */
  readonly methodName: string;
  /** Name of the connection that it reads by. */
  readonly connection: string;
  readonly stream: string;
  readonly group: string;
}
