import type { ChannelKind } from '../../pubsub/channel-kinds.js';
import type { SubscribeOptions } from '../../pubsub/message.js';
import type { SubscriberStatus } from '../../pubsub/subscriber-status.js';
import { Subscriber } from '../../pubsub/subscriber.js';
import type { Subscription } from '../../pubsub/subscription.js';
import type { ShardSubscriber } from './shard-subscriber.js';

/** Listens to a cluster: to ordinary channels at any one node, and to shard channels at those that have their slots. */
export class ClusterSubscriber extends Subscriber {
  /** @param anywhere listens to channels and patterns: all nodes hear all of those. */
  constructor(
    private readonly anywhere: Subscriber,
    readonly shards: ShardSubscriber,
  ) {
    super();
  }

  override get size(): number {
    return this.anywhere.size + this.shards.size;
  }

  override get standing(): SubscriberStatus | undefined {
    const standings = [this.anywhere.standing, this.shards.standing].filter((one) => one !== undefined);
    const [worst] = standings.toSorted((one, other) => (other.deafFor ?? -1) - (one.deafFor ?? -1));
    return worst === undefined ? undefined : { ...worst, subscriptions: this.size };
  }

  override async probe(timeout: number): Promise<number> {
    const probes: Promise<number>[] = [];
    if (this.anywhere.size > 0 || this.shards.size === 0) probes.push(this.anywhere.probe(timeout));
    if (this.shards.size > 0) probes.push(this.shards.probe(timeout));
    return Math.max(...(await Promise.all(probes)));
  }

  override subscribe<Data extends string | Buffer>(
    kind: ChannelKind,
    names: readonly string[],
    options: SubscribeOptions,
  ): Promise<Subscription<Data>> {
    return kind === 'smessage'
      ? this.shards.subscribe(names, options)
      : this.anywhere.subscribe(kind, names, options);
  }

  override setRef(keepsProcess: boolean): void {
    this.anywhere.setRef(keepsProcess);
    this.shards.setRef(keepsProcess);
  }

  override async close(timeout?: number): Promise<void> {
    await Promise.all([this.anywhere.close(timeout), this.shards.close(timeout)]);
  }

  override destroy(): void {
    this.anywhere.destroy();
    this.shards.destroy();
  }
}
