import type { ParamsFactory } from '@nestjs/core';
import type { RedisMessageContext } from '../pubsub/redis-message-context.js';
import type { RedisHandlerContext } from './redis-handler-context.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** Values of a handler's decorated parameters. */
export class RedisParamsFactory implements ParamsFactory {
  exchangeKeyForValue(
    type: number,
    data: unknown,
    [payload, context]: [unknown, RedisHandlerContext],
  ): unknown {
    switch (type as RedisParamType) {
      case RedisParamType.PAYLOAD:
        return typeof data === 'string'
          ? (payload as Record<string, unknown> | null | undefined)?.[data]
          : payload;
      case RedisParamType.CHANNEL:
        // handlers of streams with these two are refused at boot
        return (context as RedisMessageContext).channel;
      case RedisParamType.PATTERN:
        return (context as RedisMessageContext).pattern;
      case RedisParamType.CONTEXT:
        return context;
    }
  }
}
