import { declareHandler } from '../handlers/declare-handler.js';
import { STREAM_HANDLERS } from '../handlers/handler-kinds.js';
import type { OnRedisStreamOptions } from '../interfaces/index.js';
import { resolveStreamHandlerOptions } from '../streams/stream-handler-options.js';

/**
 * Calls the method for every entry of a stream, as a consumer of a group: each entry goes to one of the group's consumers
 * in all instances of the application. It may stand on methods of providers and controllers, several times on one; guards,
 * pipes, interceptors and filters of the method and its class run, with a context of type `'redis'`.
 *
 * ```ts
 * @OnRedisStream('orders', { group: 'billing', deadLetter: 'orders:dead' })
 * async onOrder(@RedisPayload() order: Record<string, string>, @RedisContext() context: RedisStreamContext) {}
 * ```
 *
 * Without parameter decorators the method gets `(payload, context)`. When it is done the entry is acknowledged. When it
 * throws, that is logged and given to `onHandlerError`, and the entry comes again after `claimIdle`; after `maxDeliveries` it
 * goes to the stream `deadLetter`. An entry may come more than once: make handlers idempotent.
 *
 * @param stream its key. Stream and group are made where there are none.
 * @throws {TypeError} for arguments that cannot work, naming the fix.
 */
export function OnRedisStream(stream: string, options: OnRedisStreamOptions): MethodDecorator {
  return declareHandler(STREAM_HANDLERS, (place) => resolveStreamHandlerOptions(place, stream, options));
}
