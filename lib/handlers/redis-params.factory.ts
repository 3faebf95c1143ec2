import type { ParamsFactory } from '@nestjs/core';
import type { RedisMessageContext } from '../pubsub/redis-message-context.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** Values of a handler's decorated parameters. */
export class RedisParamsFactory implements ParamsFactory {
  exchangeKeyForValue(
    type: number,
    data: unknown,
    [payload, context]: [unknown, RedisMessageContext],
  ): unknown {
    switch (type as RedisParamType) {
      case RedisParamType.PAYLOAD:
        return typeof data === 'string'
          ? (payload as Record<string, unknown> | null | undefined)?.[data]
          : payload;
      case RedisParamType.CHANNEL:
        return context.channel;
      case RedisParamType.PATTERN:
        return context.pattern;
      case RedisParamType.CONTEXT:
        return context;
    }
  }
}
