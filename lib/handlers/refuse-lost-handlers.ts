import { REDIS_DEFAULT_ARGS_METADATA, ROUTE_ARGS_METADATA } from '../redis.constants.js';
import { ownerOf } from './own-params.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** What the keys of our decorators' metadata begin with, whichever kind of handler they make. */
const OWN_METADATA = 'nestjs-redwire:';

/**
 * Refuses a method that was meant for a handler and is none: nothing would ever call it, and nobody would hear of that.
 *
 * @param prototype of the class, or of one that it extends.
 * @throws {TypeError} naming class, method and fix.
 */
export function refuseLostHandler(prototype: object, methodName: string): void {
  const owner = ownerOf(prototype, methodName);
  // values of any shape are providers too
  const classRef: unknown = owner?.constructor;
  if (owner === null || typeof classRef !== 'function') return;
  const isReplaced = Reflect.hasOwnMetadata(REDIS_DEFAULT_ARGS_METADATA, classRef, methodName);
  // of the class that has the method: one that overrides a handler is free to be something else
  const params =
    (Reflect.getOwnMetadata(ROUTE_ARGS_METADATA, classRef, methodName) as object | undefined) ?? {};
  const hasParams = Object.keys(params).some((key) => Number.parseInt(key, 10) in RedisParamType);
  if (!isReplaced && !hasParams) return;
  const method = (owner as Record<string, object>)[methodName]!;
  // a handler, if of another kind
  if (Reflect.getMetadataKeys(method).some((key) => String(key).startsWith(OWN_METADATA))) return;
  const place = `${classRef.name}.${methodName}`;
  throw new TypeError(
    isReplaced
      ? `${place}: a decorator above @OnRedisMessage() or @OnRedisStream() put another method in its place, so that no handler is left. ` +
          'Move @OnRedisMessage() or @OnRedisStream() above it.'
      : `${place} has @RedisPayload() or another parameter decorator of handlers, and neither @OnRedisMessage() nor @OnRedisStream(). ` +
          'Add one, or leave the parameter plain.',
  );
}
