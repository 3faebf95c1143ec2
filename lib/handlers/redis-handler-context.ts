import type { RedisMessageContext } from '../pubsub/redis-message-context.js';
import type { RedisStreamContext } from '../streams/redis-stream-context.js';

/** What a handler gets beside the payload. */
export type RedisHandlerContext = RedisMessageContext | RedisStreamContext;
