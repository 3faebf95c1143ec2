import { REDIS_DEFAULT_ARGS_METADATA } from '../redis.constants.js';
import type { HandlerKind } from './handler-kinds.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** Parameters of a handler without parameter decorators: `(payload, context)`. */
const DEFAULT_ARGS = {
  [`${RedisParamType.PAYLOAD}:0`]: { index: 0, data: undefined, pipes: [] },
  [`${RedisParamType.CONTEXT}:1`]: { index: 1, data: undefined, pipes: [] },
};

/**
 * The decorator that makes a method a handler of a kind. It may stand several times on one method.
 *
 * @param resolve checks what the decorator was given, with the place that its errors name: `Orders.onOrder`.
 * @throws {TypeError} as it is applied, where Nest would never find or call the method.
 */
export function declareHandler<Options>(
  kind: HandlerKind<Options>,
  resolve: (place: string) => Options,
): MethodDecorator {
  // types keep nobody from applying it to a class, or as a decorator of the other kind
  return (target, method: string | symbol | undefined, descriptor: PropertyDescriptor | undefined) => {
    if (method === undefined) {
      throw new TypeError(
        `${kind.decorator} on the class ${(target as { name?: string }).name}: it belongs on a method. Put it above the one that is to get the messages.`,
      );
    }
    if (typeof method === 'object') {
      const { name } = method as { name?: unknown };
      throw new TypeError(
        `${kind.decorator} on ${String(name)}: it was called as a decorator of the ECMAScript proposal. ` +
          "Nest's decorators are of the older kind: set experimentalDecorators in your tsconfig.",
      );
    }
    const className = typeof target === 'function' ? target.name : target.constructor.name;
    const place = `${className}.${String(method)}`;
    const handler: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof handler !== 'function') {
      throw new TypeError(
        `${kind.decorator} on ${place}: it belongs on an instance method, not on a static one, a getter or a property.`,
      );
    }
    if (typeof method === 'symbol') {
      throw new TypeError(
        `${kind.decorator} on ${place}: Nest finds methods by name. Give the method a name instead of a symbol.`,
      );
    }
    const entry = resolve(place);
    const entries = (Reflect.getOwnMetadata(kind.metadataKey, handler) as Options[] | undefined) ?? [];
    // decorators apply from the bottom up: in front, so that they are listed as they are read
    Reflect.defineMetadata(kind.metadataKey, [entry, ...entries], handler);
    Reflect.defineMetadata(REDIS_DEFAULT_ARGS_METADATA, DEFAULT_ARGS, target.constructor, method);
  };
}
