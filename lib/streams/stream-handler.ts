import type { RedisConnection } from '../redis-connection.js';
import type { HandlerInvocation } from '../handlers/handler-invoker.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';

/** One `@OnRedisStream()` on one instance (or request-scoped class) of an application. */
export interface StreamHandler {
  readonly className: string;
  readonly methodName: string;
  readonly options: StreamHandlerOptions;
  readonly connection: RedisConnection;
  readonly invoke: HandlerInvocation;
}
