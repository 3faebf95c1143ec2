import { createRedisParamDecorator, type PipeLike } from '../handlers/create-redis-param-decorator.js';
import { RedisParamType } from '../handlers/redis-param-type.enum.js';

/**
 * The payload of a message, as the handler's codec made it.
 *
 * ```ts
 * @OnRedisMessage('orders.created')
 * onOrder(@RedisPayload() order: Order, @RedisPayload('id', ParseUUIDPipe) id: string) {}
 * ```
 *
 * @param pipes run on the value, after those of the method and the class.
 */
export function RedisPayload(...pipes: PipeLike[]): ParameterDecorator;
/**
 * One property of the payload.
 *
 * @param property its name; undefined where the payload is no object.
 * @param pipes run on its value, after those of the method and the class.
 */
export function RedisPayload(property: string, ...pipes: PipeLike[]): ParameterDecorator;
export function RedisPayload(
  ...given: [property?: string | PipeLike, ...pipes: PipeLike[]]
): ParameterDecorator {
  const [first, ...rest] = given;
  return typeof first === 'string'
    ? createRedisParamDecorator('RedisPayload', RedisParamType.PAYLOAD, first, rest)
    : createRedisParamDecorator(
        'RedisPayload',
        RedisParamType.PAYLOAD,
        undefined,
        first === undefined ? rest : [first, ...rest],
      );
}
