import type { MessageHandlerOptions } from '../pubsub/message-handler-options.js';
import { REDIS_MESSAGE_METADATA, REDIS_STREAM_METADATA } from '../redis.constants.js';
import type { StreamHandlerOptions } from '../streams/stream-handler-options.js';
import { RedisParamType } from './redis-param-type.enum.js';

/** A kind of handler, by the decorator that makes a method one. */
export interface HandlerKind<Options> {
  /** As users write it: `@OnRedisMessage()`. */
  readonly decorator: string;
  /** Key of the metadata on the method. */
  readonly metadataKey: string;
  /** The parameter decorators of ours that it has values for. */
  readonly params: readonly RedisParamType[];
  /** Never there: it says what the metadata holds. */
  readonly options?: Options;
}

export const MESSAGE_HANDLERS: HandlerKind<MessageHandlerOptions> = {
  decorator: '@OnRedisMessage()',
  metadataKey: REDIS_MESSAGE_METADATA,
  params: [RedisParamType.PAYLOAD, RedisParamType.CHANNEL, RedisParamType.PATTERN, RedisParamType.CONTEXT],
};

export const STREAM_HANDLERS: HandlerKind<StreamHandlerOptions> = {
  decorator: '@OnRedisStream()',
  metadataKey: REDIS_STREAM_METADATA,
  params: [RedisParamType.PAYLOAD, RedisParamType.CONTEXT],
};
