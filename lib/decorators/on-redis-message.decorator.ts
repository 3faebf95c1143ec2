import { declareHandler } from '../handlers/declare-handler.js';
import { MESSAGE_HANDLERS } from '../handlers/handler-kinds.js';
import type { OnRedisMessageOptions } from '../interfaces/index.js';
import { resolveMessageHandlerOptions } from '../pubsub/message-handler-options.js';

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
  refuseUncalled(channels, options);
  return declareHandler(MESSAGE_HANDLERS, (place) => {
    if (typeof channels !== 'string' && !Array.isArray(channels)) {
      throw new TypeError(
        `@OnRedisMessage() on ${place}: name the channel first, as in @OnRedisMessage('orders.created').`,
      );
    }
    return resolveMessageHandlerOptions(place, channels, options);
  });
}

/** Without its parentheses it gets what a decorator gets, and what it returns would take the place of the method. */
function refuseUncalled(target: unknown, method: unknown): void {
  if (typeof target !== 'object' || target === null || Array.isArray(target) || typeof method !== 'string')
    return;
  throw new TypeError(
    `@OnRedisMessage() on ${target.constructor.name}.${method}: it was not called. Name the channel, as in @OnRedisMessage('orders.created').`,
  );
}
