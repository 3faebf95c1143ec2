import type { Module } from '@nestjs/core/injector/module.js';
import type { RedisConnection } from '../redis-connection.js';
import type { HandlerInvocation } from '../handlers/handler-invoker.js';
import type { HandlerCounters } from './handler-counters.js';
import type { MessageHandlerOptions } from './message-handler-options.js';

/** One `@OnRedisMessage()` on one instance (or request-scoped class) of an application. */
export interface MessageHandler {
  /** The module that has the instance. */
  readonly host: Module | undefined;
  readonly className: string;
  readonly methodName: string;
  readonly options: MessageHandlerOptions;
  readonly connection: RedisConnection;
  readonly invoke: HandlerInvocation;
  readonly counters: HandlerCounters;
}
