import { createRedisParamDecorator } from '../handlers/create-redis-param-decorator.js';
import { RedisParamType } from '../handlers/redis-param-type.enum.js';

/**
 * The {@link RedisMessageContext} of a message: its channel, its bytes, a signal that aborts at shutdown; or the
 * {@link RedisStreamContext} of an entry. No pipe runs on it.
 */
export function RedisContext(): ParameterDecorator {
  return createRedisParamDecorator('RedisContext', RedisParamType.CONTEXT, undefined, []);
}
