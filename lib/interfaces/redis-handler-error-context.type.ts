import type { RedisMessageErrorContext } from './redis-message-error-context.interface.js';
import type { RedisStreamErrorContext } from './redis-stream-error-context.interface.js';

/** Where a handler failed. `type` tells which kind: `'stream'` for an entry of a stream, the others for messages. */
export type RedisHandlerErrorContext = RedisMessageErrorContext | RedisStreamErrorContext;
