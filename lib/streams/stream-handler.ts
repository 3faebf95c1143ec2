import type { Module } from '@nestjs/core/injector/module.js';
import type { RedisConnection } from '../redis-connection.js';
import type { HandlerInvocation } from '../handlers/handler-invoker.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';

/** One `@OnRedisStream()` on one instance (or request-scoped class) of an application. */
export interface StreamHandler {
  /** The module that has the instance. */
  readonly host: Module | undefined;
  readonly className: string;
  readonly methodName: string;
  readonly options: StreamHandlerOptions;
  readonly connection: RedisConnection;
  readonly invoke: HandlerInvocation;
}
