/** What to do with an item when the buffer of its feed is full. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'error';

/** Settings of what comes by itself: a subscription, a monitor. */
export interface FeedOptions {
  /** As Buffers instead of text. Default false. */
  buffers?: boolean | undefined;
  /** Items held for a consumer that is slower than what comes. Default 10_000. */
  bufferSize?: number | undefined;
  /** What happens to one more. Default `'drop-oldest'`; what was dropped is counted in `dropped`. */
  overflow?: OverflowPolicy | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

/** What a feed is called in messages, and what an item of it is: `'subscription'`, `'message'`. */
export interface FeedWords {
  readonly feed: string;
  /** Also the name of the event that hands over an item at once. */
  readonly item: string;
}
