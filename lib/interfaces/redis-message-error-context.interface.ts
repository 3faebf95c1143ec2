import type { RedisMessage } from '../core/index.js';

/** Where a message handler failed. */
export interface RedisMessageErrorContext {
  /** Class of the handler. */
  readonly className: string;
  /** Method of the handler. */
  readonly methodName: string;
  /** Name of the connection that the message came over. */
  readonly connection: string;
  readonly type: RedisMessage['type'];
  readonly channel: string;
  /** The pattern that matched, of a handler with `pattern: true`. */
  readonly pattern: string | undefined;
  /** The message's id, by its envelope. */
  readonly id: string | undefined;
  /** The message as it was received. */
  readonly data: Buffer;
}
