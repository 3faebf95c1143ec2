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

/** What to do with a message when the buffer of its subscription is full. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'error';

/** Settings of one subscription. */
export interface SubscribeOptions {
  /** `data` as Buffers instead of text. Default false. */
  buffers?: boolean | undefined;
  /** Messages held for a consumer that is slower than the channel. Default 10_000. */
  bufferSize?: number | undefined;
  /** What happens to one more. Default `'drop-oldest'`; what was dropped is counted in `dropped`. */
  overflow?: OverflowPolicy | undefined;
  /** Ends the subscription. */
  signal?: AbortSignal | undefined;
}
