import type { RedisMessageEncoder } from './redis-message-encoder.interface.js';

/** Options of `RedisPublisher.publish()`. */
export interface RedisPublishOptions {
  /** Publish to a sharded channel (SPUBLISH, Redis 7 and up). Default false. */
  sharded?: boolean | undefined;
  /** How the payload becomes bytes. Default `'json'`. */
  codec?: 'json' | 'text' | 'buffer' | RedisMessageEncoder | undefined;
  /** Send it in an envelope, or not, whatever the connection's `envelope` says. */
  envelope?: boolean | undefined;
  /** The message's id, where it is in an envelope: 1,024 characters at most, no control characters. Default: a random UUID. */
  id?: string | undefined;
}
