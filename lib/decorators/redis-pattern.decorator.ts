import { createRedisParamDecorator, type PipeLike } from '../handlers/create-redis-param-decorator.js';
import { RedisParamType } from '../handlers/redis-param-type.enum.js';

/**
 * The pattern that a message's channel matched; undefined in a handler without `pattern: true`.
 *
 * @param pipes run on it. Those of the method and the class are not: they are meant for the payload.
 */
export function RedisPattern(...pipes: PipeLike[]): ParameterDecorator {
  return createRedisParamDecorator('RedisPattern', RedisParamType.PATTERN, undefined, pipes);
}
