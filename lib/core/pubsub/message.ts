import type { FeedOptions } from '../feed/feed-options.js';

/** A message as a subscription gives it. */
export interface RedisMessage<Data extends string | Buffer = string> {
  /** Which kind of subscription it came by: SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE. */
  readonly type: 'message' | 'pmessage' | 'smessage';
  /** The channel that it was published to. */
  readonly channel: string;
  /** The pattern that matched, with `type: 'pmessage'`. */
  readonly pattern?: string;
  readonly data: Data;
}

/** Settings of one subscription. */
export interface SubscribeOptions extends FeedOptions {
  /** `data` as Buffers instead of text. Default false. */
  buffers?: boolean | undefined;
}
