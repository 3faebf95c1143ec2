import { inspect } from 'node:util';
import type { FeedWords } from '../feed/feed-options.js';
import { Feed } from '../feed/feed.js';
import type { RedisMessage, SubscribeOptions } from './message.js';

/** What befalls a subscription. */
export interface SubscriptionEvents<Data extends string | Buffer = string> {
  /**
   * A message, at once as it comes: instead of `for await`, which gets none while there is such a listener. A listener
   * that throws does so as an uncaught exception.
   */
  message: [message: RedisMessage<Data>];
  /** After a reconnect: messages published during `gap` ms were not heard. */
  resubscribed: [event: { gap: number }];
}

/** Ends some or all of a subscription's channels on the server, as far as no other subscription needs them. */
export type Unsubscribe = (channels: readonly string[]) => Promise<void>;

export const SUBSCRIPTION_WORDS: FeedWords = { feed: 'subscription', item: 'message' };

/**
 * Messages of one or several channels, by `for await`. They wait in a bounded buffer while the consumer is busy.
 * Leaving the loop ends the subscription; so does `unsubscribe()`.
 */
export class Subscription<Data extends string | Buffer = string> extends Feed<
  RedisMessage<Data>,
  SubscriptionEvents<Data>
> {
  private readonly names: Set<string>;

  /** Made by `client.subscribe()` and its kin. */
  constructor(
    readonly type: RedisMessage['type'],
    channels: readonly string[],
    private readonly options: SubscribeOptions,
    private readonly release: Unsubscribe,
  ) {
    super(SUBSCRIPTION_WORDS, options);
    this.names = new Set(channels);
  }

  /** The channels or patterns that it still listens to. */
  get channels(): readonly string[] {
    return [...this.names];
  }

  /** `data` comes as Buffers. */
  get buffers(): boolean {
    return this.options.buffers === true;
  }

  /** Ends some channels; without arguments, or with the last one, the whole subscription. What waits can still be read. */
  async unsubscribe(...channels: string[]): Promise<void> {
    const leaving =
      channels.length === 0 ? [...this.names] : channels.filter((channel) => this.names.has(channel));
    for (const channel of leaving) this.names.delete(channel);
    if (this.names.size === 0) this.end();
    await this.release(leaving);
  }

  /** Where it stands, for logs as JSON: no message is in it. */
  toJSON(): { type: RedisMessage['type']; channels: readonly string[]; pending: number; dropped: number } {
    const { type, channels, pending, dropped } = this;
    return { type, channels, pending, dropped };
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    return `Subscription ${inspect(this.toJSON())}`;
  }

  protected override stop(): Promise<void> {
    return this.unsubscribe();
  }

  /** @internal */
  notifyResubscribed(gap: number): void {
    this.events.emit('resubscribed', { gap });
  }
}
