import type { PipeTransform, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '../redis.constants.js';
import type { RedisParamType } from './redis-param-type.enum.js';

/** A pipe, or the class of one for Nest to create. */
export type PipeLike = PipeTransform | Type<PipeTransform>;

/** Makes a parameter decorator for handlers. */
export function createRedisParamDecorator(
  decorator: string,
  type: RedisParamType,
  data: string | undefined,
  pipes: readonly PipeLike[],
): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined || typeof target === 'function') {
      throw new TypeError(
        `@${decorator}() belongs on a parameter of an instance method with @OnRedisMessage() or @OnRedisStream(), not of a constructor or a static method.`,
      );
    }
    const known =
      (Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, method) as object | undefined) ?? {};
    Reflect.defineMetadata(
      ROUTE_ARGS_METADATA,
      { ...known, [`${type}:${index}`]: { index, data, pipes } },
      target.constructor,
      method,
    );
  };
}
