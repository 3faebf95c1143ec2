import type { OnRedisMessageOptions } from '../interfaces/index.js';
import {
  resolveMessageHandlerOptions,
  type MessageHandlerOptions,
} from '../pubsub/message-handler-options.js';
import { RedisParamType } from '../handlers/redis-param-type.enum.js';
import { REDIS_DEFAULT_ARGS_METADATA, REDIS_MESSAGE_METADATA } from '../redis.constants.js';

/** Parameters of a handler without parameter decorators: `(payload, context)`. */
const DEFAULT_ARGS = {
  [`${RedisParamType.PAYLOAD}:0`]: { index: 0, data: undefined, pipes: [] },
  [`${RedisParamType.CONTEXT}:1`]: { index: 1, data: undefined, pipes: [] },
};

/**
 * Calls the method for every message published to a channel. It may stand on methods of providers and controllers,
 * several times on one; guards, pipes, interceptors and filters of the method and its class run, with a context of
 * type `'redis'`.
 *
 * ```ts
 * @OnRedisMessage('orders.*', { pattern: true })
 * onOrder(@RedisPayload() order: Order, @RedisContext() context: RedisMessageContext) {}
 * ```
 *
 * Without parameter decorators the method gets `(payload, context)`. What it returns is awaited and thrown away; what it
 * throws is logged and given to `onHandlerError`. Every instance of the application gets every message, and none gets
 * what was published while it was not listening: that is Redis pub/sub. Use a stream where messages must not be lost.
 *
 * @param channels one channel or several; glob patterns with `pattern: true`.
 * @throws {TypeError} for arguments that cannot work, naming the fix.
 */
export function OnRedisMessage(
  channels: string | readonly string[],
  options: OnRedisMessageOptions = {},
): MethodDecorator {
  return (target, method, descriptor: PropertyDescriptor | undefined) => {
    if (typeof method === 'object') {
      const { name } = method as { name?: unknown };
      throw new TypeError(
        `@OnRedisMessage() on ${String(name)}: it was called as a decorator of the ECMAScript proposal. ` +
          "Nest's decorators are of the older kind: set experimentalDecorators in your tsconfig.",
      );
    }
    const className = typeof target === 'function' ? target.name : target.constructor.name;
    const place = `${className}.${String(method)}`;
    const handler: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof handler !== 'function') {
      throw new TypeError(
        `@OnRedisMessage() on ${place}: it belongs on an instance method, not on a static one, a getter or a property.`,
      );
    }
    if (typeof method === 'symbol') {
      throw new TypeError(
        `@OnRedisMessage() on ${place}: Nest finds methods by name. Give the method a name instead of a symbol.`,
      );
    }
    if (typeof channels !== 'string' && !Array.isArray(channels)) {
      throw new TypeError(
        `@OnRedisMessage() on ${place}: name the channel first, as in @OnRedisMessage('orders.created').`,
      );
    }
    const entry = resolveMessageHandlerOptions(place, channels, options);
    const entries =
      (Reflect.getOwnMetadata(REDIS_MESSAGE_METADATA, handler) as MessageHandlerOptions[] | undefined) ?? [];
    // decorators apply from the bottom up: in front, so that they are listed as they are read
    Reflect.defineMetadata(REDIS_MESSAGE_METADATA, [entry, ...entries], handler);
    Reflect.defineMetadata(REDIS_DEFAULT_ARGS_METADATA, DEFAULT_ARGS, target.constructor, method);
  };
}
