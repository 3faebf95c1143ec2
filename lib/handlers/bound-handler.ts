import type { Module } from '@nestjs/core/injector/module.js';
import type { RedisConnection } from '../redis-connection.js';
import type { HandlerInvocation } from './handler-invoker.js';

/** One decorator on one instance (or request-scoped class) of an application, ready to be called. */
export interface BoundHandler<Options> {
  /** The module that has the instance. */
  readonly host: Module | undefined;
  readonly className: string;
  readonly methodName: string;
  readonly options: Options;
  readonly connection: RedisConnection;
  readonly invoke: HandlerInvocation;
}

/** How logs and health name a handler: `Orders.onOrder`. */
export function nameOf({
  className,
  methodName,
}: Pick<BoundHandler<unknown>, 'className' | 'methodName'>): string {
  return `${className}.${methodName}`;
}
