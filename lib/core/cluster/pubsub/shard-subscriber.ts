import { unlessAborted } from '../../abort-signals.js';
import { SSUBSCRIBE } from '../../commands/commands.generated.js';
import { isFatalConnectError } from '../../connection/connect-error.js';
import type { ConnectionStatus } from '../../connection/connection-hooks.js';
import type { Address } from '../../connection/open-socket.js';
import { serverError } from '../../connection/server-error.js';
import { RedisDisconnectedError, type RedisError } from '../../errors.js';
import { remakeError } from '../../late-error.js';
import type { ConnectionObservers } from '../../observation/connection-observers.js';
import type { Reply } from '../../protocol/reply.js';
import { ChannelBook, type Listener } from '../../pubsub/channel-book.js';
import type { SubscribeOptions } from '../../pubsub/message.js';
import type { SubscriberStatus } from '../../pubsub/subscriber-status.js';
import type { SubscriberHooks } from '../../pubsub/subscriber.js';
import { Subscription } from '../../pubsub/subscription.js';
import type { ResolvedOptions } from '../../resolve-options.js';
import { isPassingMessage } from '../../retry.js';
import { parseRedirect, type Redirect } from '../routing/redirect.js';
import type { ClusterNode, Shard } from '../topology/cluster-node.js';
import type { ClusterTopology } from '../topology/cluster-topology.js';
import { GapNews } from './gap-news.js';
import { Rounds } from './rounds.js';
import { ShardChannel } from './shard-channel.js';
import type { DeskHost, ShardDesk } from './shard-desk.js';
import { ShardDesks } from './shard-desks.js';
import { waitUntilHeard } from './wait-until-heard.js';

/** MOVED so often at once; then it pauses between two of them: nodes that do not agree may in a moment. */
const REDIRECTS_AT_ONCE = 3;

/** What is known of the cluster, and who is told what was learnt of it. */
export interface ClusterKnowledge {
  readonly topology: ClusterTopology;
  whenKnown(timeout: number | undefined): Promise<void>;
  refreshNow(): Promise<void>;
  /** Learns from a redirect: a slot that has moved is its own from then on. */
  learn(redirect: Redirect): ClusterNode | undefined;
}

/**
 * Listens to shard channels, each at the node that has its slot, on one connection for each such node. A channel is heard at one
 * desk at a time, and messages count from there alone: so none is doubled while it moves.
 *
 *     asked ──▶ heard (home) ──▶ taken away, or the connection lost ──▶ asked where the slot is by then ──▶ …
 */
export class ShardSubscriber implements DeskHost {
  private readonly book = new ChannelBook<ShardChannel>();
  private readonly desks: ShardDesks;
  private readonly news = new GapNews();
  private readonly rounds = new Rounds(() => this.round());
  private isClosed = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly cluster: ClusterKnowledge,
    private readonly hooks: SubscriberHooks,
    observers: ConnectionObservers,
  ) {
    this.desks = new ShardDesks(options, observers, this);
  }

  get size(): number {
    return this.book.size;
  }

  get wantsBuffers(): boolean {
    return this.book.wantsBuffers;
  }

  /** How it stands with all its channels: as with the worst of them. */
  get standing(): SubscriberStatus | undefined {
    if (this.size === 0) return undefined;
    const deaf = [...this.channels].filter(({ home }) => home === undefined);
    const since = Math.min(...deaf.map(({ deafSince }) => deafSince));
    const state: ConnectionStatus =
      deaf.length === 0 ? 'ready' : deaf.some(({ wasHeard }) => wasHeard) ? 'reconnecting' : 'connecting';
    const deafFor = deaf.length === 0 ? undefined : Math.round(performance.now() - since);
    return { state, subscriptions: this.size, deafFor };
  }

  private get channels(): Iterable<ShardChannel> {
    return this.book.channels.smessage.values();
  }

  /** PINGs on all its connections, or fails at once. Gives the time to the last answer, ms. */
  async probe(timeout: number): Promise<number> {
    const lost = [...this.channels].find(({ home }) => home === undefined);
    if (lost !== undefined)
      throw new RedisDisconnectedError(
        'DISCONNECTED',
        'PING was not sent: a shard channel is listened to at no node at the moment.',
        { command: 'PING', cause: lost.lastError },
      );
    const homes = new Set([...this.channels].map(({ home }) => home!));
    return Math.max(...(await Promise.all([...homes].map((desk) => desk.probe(timeout)))));
  }

  async subscribe<Data extends string | Buffer>(
    names: readonly string[],
    options: SubscribeOptions,
  ): Promise<Subscription<Data>> {
    const wanted = [...new Set(names)];
    const subscription: Subscription<Data> = new Subscription<Data>('smessage', wanted, options, (leaving) =>
      this.leave(subscription, leaving),
    );
    this.book.add(subscription);
    const { smessage } = this.book.channels;
    const joined = wanted.map((name) => {
      const channel = smessage.get(name) ?? new ShardChannel(name);
      smessage.set(name, channel);
      this.book.join(channel, subscription);
      return channel;
    });
    try {
      const heard = waitUntilHeard(joined, this.options.commandTimeout);
      this.placeFresh(joined);
      await unlessAborted(heard, options.signal, 'The subscription');
    } catch (error) {
      subscription.end();
      void this.leave(subscription, wanted).catch(() => undefined);
      // others may wait for the same confirmation: each gets an error with the stack of its own caller
      throw remakeError(error as RedisError);
    }
    return subscription;
  }

  private placeFresh(channels: readonly ShardChannel[]): void {
    const { topology } = this.cluster;
    if (topology.isKnown) {
      this.placeAll(channels);
      return;
    }
    const { commandTimeout } = this.options;
    this.cluster.whenKnown(commandTimeout === 0 ? Infinity : commandTimeout).then(
      () => this.placeAll(channels),
      (error: RedisError) => {
        for (const channel of channels) channel.fail(error);
      },
    );
  }

  /** Takes a subscription off its channels and leaves those that nobody listens to any longer. */
  private async leave(subscription: Listener, names: readonly string[]): Promise<void> {
    await this.desert([...this.book.forget(subscription, names).values()]);
  }

  private async desert(channels: readonly ShardChannel[]): Promise<void> {
    if (channels.length === 0) return;
    const reason = left();
    const leaving = new Map<ShardDesk, ShardChannel[]>();
    for (const channel of channels) {
      for (const desk of [channel.home, channel.asked]) {
        if (desk === undefined) continue;
        const others = leaving.get(desk);
        if (others === undefined) leaving.set(desk, [channel]);
        else others.push(channel);
      }
      channel.home = undefined;
      channel.asked = undefined;
      channel.fail(reason);
    }
    await Promise.all([...leaving].map(([desk, left]) => this.desks.leave(desk, left)));
  }

  // ── where channels are listened to ───────────────────────────────────────────────────────────────────────────────

  /** The map of the slots may have changed. */
  onMap(): void {
    if (!this.isClosed) this.placeAll([...this.channels]);
  }

  private placeAll(channels: readonly ShardChannel[]): void {
    if (this.isClosed) return;
    for (const channel of channels)
      // it may have been left meanwhile
      if (this.book.channels.smessage.get(channel.name) === channel) this.place(channel);
    this.desks.flush();
  }

  /** Has a channel asked for where its slot is, unless it is there already. */
  private place(channel: ShardChannel): void {
    const { home, asked, slot } = channel;
    const shard = this.cluster.topology.shardOf(slot);
    if (shard === undefined) {
      if (home === undefined) this.rounds.begin();
      return;
    }
    if (home !== undefined && hears(shard, home)) return;
    if (asked !== undefined && (asked.key === shard.master.key || (asked.isReady && hears(shard, asked))))
      return;
    // at its present home it goes on until the other one confirms: a map may be out of date, a node that refuses is not
    const desk = this.desks.at(shard.master);
    channel.asked = desk;
    channel.askedAt = performance.now();
    desk.ask(channel);
    home?.checkLife();
    if (asked !== undefined) void this.desks.leave(asked, [channel]);
  }

  /** Those that are not heard, once more, by a map that is asked for anew. */
  private async round(): Promise<boolean> {
    await this.cluster.refreshNow();
    const deaf = [...this.channels].filter(({ home }) => home === undefined);
    this.placeAll(deaf);
    return !this.isClosed && deaf.length > 0;
  }

  // ── what desks report ────────────────────────────────────────────────────────────────────────────────────────────

  onMessage(desk: ShardDesk, name: string, data: Reply): void {
    const channel = this.book.channels.smessage.get(name);
    if (channel?.home === desk) this.book.deliverTo(channel, 'smessage', name, data);
  }

  onConfirmed(desk: ShardDesk, channel: ShardChannel): void {
    if (channel.asked !== desk) return;
    const { home } = channel;
    const gap = channel.heardAt(desk);
    if (gap !== undefined) this.news.add(channel.listeners, gap);
    if (home !== undefined) void this.desks.leave(home, [channel]);
  }

  onEnded(desk: ShardDesk, name: string): void {
    const channel = this.book.channels.smessage.get(name);
    // what was left by ourselves has no home there any more
    if (channel?.home !== desk) return;
    channel.unheard();
    desk.forget(channel);
    // where the slot is now, the node that had it knows best
    if (channel.asked === undefined) this.ask(channel, desk);
    this.desks.closeIfEmpty(desk);
  }

  private ask(channel: ShardChannel, desk: ShardDesk): void {
    channel.asked = desk;
    channel.askedAt = performance.now();
    desk.ask(channel);
    desk.flush();
  }

  onRefused(desk: ShardDesk, channels: readonly ShardChannel[], message: string, from: Address): void {
    const concerned = channels.filter(({ asked }) => asked === desk);
    if (concerned.length === 0) return;
    const error = serverError(message, SSUBSCRIBE.name, []);
    for (const channel of concerned) {
      channel.asked = undefined;
      channel.lastError = error;
      desk.forget(channel);
    }
    const redirect = parseRedirect(message, from);
    if (redirect?.isAsk === false) {
      this.cluster.learn(redirect);
      this.placeAll(concerned.filter((channel) => ++channel.redirects <= REDIRECTS_AT_ONCE));
      if (concerned.some(({ home, asked }) => home === undefined && asked === undefined)) this.rounds.begin();
    } else if (redirect !== undefined || isPassingMessage(message)) this.rounds.begin();
    else if (concerned.length > 1) {
      for (const channel of concerned) {
        channel.isAlone = true;
        this.ask(channel, desk);
      }
    } else this.end(concerned[0]!, error);
    this.desks.closeIfEmpty(desk);
  }

  onLost(desk: ShardDesk): void {
    if (this.isClosed) return;
    for (const channel of desk.channels) {
      if (channel.home !== desk) continue;
      channel.unheard();
      if (channel.asked !== undefined) desk.forget(channel);
      else {
        channel.asked = desk;
        desk.ask(channel);
      }
    }
    if (desk.channels.size > 0) this.rounds.begin();
    this.desks.closeIfEmpty(desk);
  }

  onFailed(desk: ShardDesk, error: RedisError): void {
    const isFinal = this.options.reconnect === false || isFatalConnectError(error);
    for (const channel of desk.channels) {
      channel.lastError = error;
      // those that were confirmed once wait until the server is itself again
      if (isFinal && !channel.wasHeard) channel.fail(error);
    }
    this.hooks.onError(error);
    if (desk.channels.size > 0) this.rounds.begin();
  }

  onGivenUp(desk: ShardDesk, error: RedisError): void {
    for (const channel of desk.channels) this.end(channel, error);
  }

  /** Nobody will hear it any more. */
  private end(channel: ShardChannel, error: RedisError): void {
    channel.fail(error);
    this.book.channels.smessage.delete(channel.name);
    for (const listener of channel.listeners) {
      listener.fail(error);
      void this.leave(listener, listener.channels);
    }
    void this.desert([channel]);
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  setRef(keepsProcess: boolean): void {
    this.rounds.setRef(keepsProcess);
    this.desks.setRef(keepsProcess);
  }

  async close(timeout?: number): Promise<void> {
    this.finish();
    await this.desks.close(timeout);
  }

  destroy(): void {
    this.finish();
    this.desks.destroy();
  }

  private finish(): void {
    this.isClosed = true;
    this.rounds.stop();
    const message = 'SSUBSCRIBE was not confirmed: the client was closed first.';
    const closed = new RedisDisconnectedError('CLOSED', message, { command: SSUBSCRIBE.name });
    for (const channel of this.channels) channel.fail(closed);
    this.book.endAll();
  }
}

/** Messages of a shard's channels come to its replicas as well. */
function hears({ master, replicas }: Shard, { key }: ShardDesk): boolean {
  return master.key === key || replicas.some((replica) => replica.key === key);
}

/** For those who waited for it until now: their own reason to leave comes first. */
function left(): RedisError {
  return new RedisDisconnectedError('DISCONNECTED', 'The channel was left before it was confirmed.', {
    command: SSUBSCRIBE.name,
  });
}
