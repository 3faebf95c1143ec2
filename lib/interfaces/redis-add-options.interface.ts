import type { RedisMessageEncoder } from './redis-message-encoder.interface.js';

/** Options of `RedisPublisher.add()`. */
export interface RedisAddOptions {
  /** The one field that holds the payload. Default: none, and the payload is a record of fields. */
  field?: string | undefined;
  /** How the payload becomes the bytes of `field`. Default `'json'`. */
  codec?: 'json' | 'text' | 'buffer' | RedisMessageEncoder | undefined;
  /** The entry's id. Default `'*'`: the server makes one. */
  id?: string | undefined;
  /** Trim the stream to about this many entries, the oldest first, also those that no group has handled. Default: no trimming. */
  maxlen?: number | undefined;
  /**
   * Add the fields `traceparent`, `tracestate` and `baggage`, by which handlers join the trace, where the connection has
   * `telemetry.traces`. Default: as the connection's `envelope` says.
   */
  trace?: boolean | undefined;
}
