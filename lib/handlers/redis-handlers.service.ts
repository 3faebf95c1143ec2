import { Injectable } from '@nestjs/common';
import type { RedisMessageHandlerStats, RedisStreamHandlerStats } from '../interfaces/index.js';
import { RedisStreamHandlers } from '../streams/redis-stream-handlers.service.js';
import { RedisMessageHandlers } from '../pubsub/redis-message-handlers.service.js';

/**
 * What the application's `@OnRedisMessage()` and `@OnRedisStream()` handlers are doing. Injectable everywhere:
 *
 * ```ts
 * constructor(private readonly handlers: RedisHandlers) {}
 *
 * behind(): boolean {
 *   return this.handlers.messageStats().some(({ waiting }) => waiting > 1_000);
 * }
 * ```
 */
@Injectable()
export class RedisHandlers {
  /** @internal */
  constructor(
    private readonly messages: RedisMessageHandlers,
    private readonly streams: RedisStreamHandlers,
  ) {}

  /** The counters of every message handler as they stand, a row for each decorator; empty before `onModuleInit`. */
  messageStats(): RedisMessageHandlerStats[] {
    return this.messages.stats();
  }

  /** The counters of every stream handler as they stand, a row for each decorator; empty before `onModuleInit`. */
  streamStats(): RedisStreamHandlerStats[] {
    return this.streams.stats();
  }
}
