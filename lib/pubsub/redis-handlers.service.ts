import { Injectable } from '@nestjs/common';
import type { RedisHandlerStats } from '../interfaces/index.js';
import { RedisMessageHandlers } from './redis-message-handlers.service.js';

/**
 * What the application's `@OnRedisMessage()` handlers are doing. Injectable everywhere:
 *
 * ```ts
 * constructor(private readonly handlers: RedisHandlers) {}
 *
 * behind(): boolean {
 *   return this.handlers.stats().some(({ waiting }) => waiting > 1_000);
 * }
 * ```
 */
@Injectable()
export class RedisHandlers {
  constructor(private readonly messages: RedisMessageHandlers) {}

  /** The counters of every handler as they stand, a row for each decorator; empty before `onModuleInit`. */
  stats(): RedisHandlerStats[] {
    return this.messages.stats();
  }
}
