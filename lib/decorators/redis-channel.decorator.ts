import { createRedisParamDecorator, type PipeLike } from '../handlers/create-redis-param-decorator.js';
import { RedisParamType } from '../handlers/redis-param-type.enum.js';

/**
 * The channel that a message was published to.
 *
 * @param pipes run on it. Those of the method and the class are not: they are meant for the payload.
 */
export function RedisChannel(...pipes: PipeLike[]): ParameterDecorator {
  return createRedisParamDecorator('RedisChannel', RedisParamType.CHANNEL, undefined, pipes);
}
