import type { RedisError } from '../errors.js';
import type { ChannelKind } from './channel-kinds.js';
import type { SubscribeOptions } from './message.js';
import type { SubscriberStatus } from './subscriber-status.js';
import type { Subscription } from './subscription.js';

/** Hears what befalls the connections that listen. */
export interface SubscriberHooks {
  onError(error: RedisError): void;
  /** It can listen no more where it does: another one must be made. */
  onUnfit(): void;
}

/**
 * What all subscriptions of a client share. Each channel is subscribed once, however many subscriptions want it, and
 * unsubscribed when the last of them leaves.
 */
export abstract class Subscriber {
  /** Subscriptions that are not ended. */
  abstract get size(): number;

  /** How it stands, the worst of its connections; undefined where nobody listens. */
  abstract get standing(): SubscriberStatus | undefined;

  /** PINGs on its connections, or fails at once. Gives the time to the last answer, ms. */
  abstract probe(timeout: number): Promise<number>;

  /** Subscribes; the promise settles when the server has confirmed every channel. */
  abstract subscribe<Data extends string | Buffer>(
    kind: ChannelKind,
    names: readonly string[],
    options: SubscribeOptions,
  ): Promise<Subscription<Data>>;

  abstract setRef(keepsProcess: boolean): void;
  abstract close(timeout?: number): Promise<void>;
  abstract destroy(): void;
}
