import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RedisMessageCodec } from './redis-message-codec.interface.js';

/** Options of {@link OnRedisMessage}. */
export interface OnRedisMessageOptions {
  /**
   * The channels are glob patterns (PSUBSCRIBE). Default false. A channel with `*` or `?` in its name needs `true`
   * or `false` here, since leaving it out is nearly always a mistake.
   */
  pattern?: boolean | undefined;
  /** The channels are sharded ones (SSUBSCRIBE, Redis 7 and up). Default false. */
  sharded?: boolean | undefined;
  /** Name of the connection to subscribe on. Default `'default'`. */
  connection?: string | undefined;
  /** How the published bytes become the payload. Default `'json'`. */
  codec?: 'json' | 'text' | 'buffer' | RedisMessageCodec | undefined;
  /**
   * Validates what the codec made of a message; the handler gets what the schema gives. Of zod, valibot, ArkType or whichever
   * library implements Standard Schema.
   */
  schema?: StandardSchemaV1 | undefined;
  /** Open the envelope of a message that has one, or not, whatever the connection's `envelope` says. */
  envelope?: boolean | undefined;
  /** Messages of this handler that may be in work at once. Default 16. */
  concurrency?: number | undefined;
  /** Messages of one channel are handled one after the other, in the order they came. Default false. */
  ordered?: boolean | undefined;
  /** Messages that may wait for this handler. Default 10_000. */
  bufferSize?: number | undefined;
  /** Which message is lost when that many wait. Default `'drop-oldest'`. */
  overflow?: 'drop-oldest' | 'drop-newest' | undefined;
}
