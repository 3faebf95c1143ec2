import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { StreamConsumerOptions } from '../core/index.js';
import type { RedisMessageCodec } from './redis-message-codec.interface.js';

/** Options of {@link OnRedisStream}: those of a stream consumer, and how its entries reach the method. All times are ms. */
export interface OnRedisStreamOptions extends Omit<StreamConsumerOptions, 'stream' | 'buffers'> {
  /** Name of the connection to read by. Default `'default'`. */
  connection?: string | undefined;
  /** Entries of this handler that may be in work at once. With 1 they are handled in order. Default 1. */
  concurrency?: number | undefined;
  /** The one field that holds the payload. Default: none, and the payload is a record of all fields as text. */
  field?: string | undefined;
  /** How the bytes of `field` become the payload. Default `'json'`. */
  codec?: 'json' | 'text' | 'buffer' | RedisMessageCodec | undefined;
  /** Validates the payload, which becomes what it gives: a schema of zod, valibot … Default: none. */
  schema?: StandardSchemaV1 | undefined;
}
