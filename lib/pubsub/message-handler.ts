import type { BoundHandler } from '../handlers/bound-handler.js';
import type { HandlerCounters } from './handler-counters.js';
import type { MessageHandlerOptions } from './message-handler-options.js';

/** One `@OnRedisMessage()` of an application. */
export interface MessageHandler extends BoundHandler<MessageHandlerOptions> {
  readonly counters: HandlerCounters;
}
