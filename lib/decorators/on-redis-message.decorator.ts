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
  return declareHandler(MESSAGE_HANDLERS, (place) => {
    if (typeof channels !== 'string' && !Array.isArray(channels)) {
      throw new TypeError(
        `@OnRedisMessage() on ${place}: name the channel first, as in @OnRedisMessage('orders.created').`,
      );
    }
    return resolveMessageHandlerOptions(place, channels, options);
  });
}
