import { unlessAborted } from '../abort-signals.js';
import { CommandFlag } from '../commands/command-spec.js';
import { PING } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionWatch } from '../observation/connection-watch.js';
import type { PendingCommand } from '../connection/pending-command.js';
import { RedisClientError, RedisServerError, type RedisError } from '../errors.js';
import {
  ListeningConnection,
  type ListeningHooks,
  type SharedConnection,
} from '../feed/listening-connection.js';
import { remakeError } from '../late-error.js';
import { isPassing } from '../retry.js';
import type { Reply } from '../protocol/reply.js';
import type { Destination } from '../connection/route.js';
import { ChannelBook, type Listened, type Listener } from './channel-book.js';
import {
  type ChannelKind,
  CONFIRMATIONS,
  isPubSubFrame,
  KINDS,
  RESTORE_BATCH,
  toText,
} from './channel-kinds.js';
import type { SubscribeOptions } from './message.js';
import { Subscriber, type SubscriberHooks } from './subscriber.js';
import type { SubscriberStatus } from './subscriber-status.js';
import { Subscription } from './subscription.js';

const NO_RESP3 =
  "The server that the client reconnected to speaks RESP2 only, over which subscriptions cannot share the commands' connection (`subscriberConnection`). Subscribe anew.";

/** A channel of the one connection. */
interface Channel extends Listened {
  /** Settles with the server's confirmation of the running SUBSCRIBE. */
  confirmed: Promise<void>;
  /** The server has confirmed it once: it is made anew on a fresh connection. */
  active: boolean;
}

/** Listens to all channels of a client on one connection. */
export class ServerSubscriber extends Subscriber {
  private readonly connection: ListeningConnection;
  private readonly book = new ChannelBook<Channel>();
  /** Confirmations that a command still waits for on its connection: one for each of its channels. */
  private readonly progress = new WeakMap<PendingCommand, { connection: Connection; left: number }>();
  /** UNSUBSCRIBEs that are not answered yet. */
  private readonly leaving = new Set<Command>();

  /** @param shared where to listen, beside commands over RESP3; without it on a connection of its own. */
  constructor(
    destination: Destination,
    private readonly hooks: SubscriberHooks,
    watch: ConnectionWatch,
    private readonly shared?: SharedConnection,
  ) {
    super();
    const listening: ListeningHooks = {
      onError: (error) => hooks.onError(error),
      onGivenUp: (error) => this.giveUp(error),
      onResumed: (gap) => {
        for (const subscription of this.book.subscriptions) subscription.notifyResubscribed(gap);
      },
      restore: (connection, protocol) => this.restore(connection, protocol),
      onPush: (connection, items) => this.onPush(connection, items),
      takeMessage: (connection, reply) => this.takeMessage(connection, reply),
      wantsPushBuffers: () => this.book.wantsBuffers,
      ping: () => new Command(PING, [], false),
    };
    this.connection = new ListeningConnection(destination, listening, watch, shared);
  }

  override setRef(keepsProcess: boolean): void {
    this.connection.setRef(keepsProcess);
  }

  override get size(): number {
    return this.book.size;
  }

  override get standing(): SubscriberStatus | undefined {
    if (this.size === 0) return undefined;
    return { state: this.connection.status, subscriptions: this.size, deafFor: this.connection.deafFor };
  }

  override probe(timeout: number): Promise<number> {
    return this.connection.probe(timeout);
  }

  override async subscribe<Data extends string | Buffer>(
    kind: ChannelKind,
    names: readonly string[],
    options: SubscribeOptions,
  ): Promise<Subscription<Data>> {
    const wanted = [...new Set(names)];
    const subscription: Subscription<Data> = new Subscription<Data>(kind, wanted, options, (leaving) =>
      this.leave(subscription, leaving),
    );
    this.book.add(subscription);
    const channels = this.book.channels[kind];
    const fresh = wanted.filter((name) => !channels.has(name));
    this.stay(kind, fresh);
    const sent = fresh.length === 0 ? undefined : this.ask(kind, fresh);
    for (const name of fresh) {
      const channel: Channel = { listeners: [], confirmed: sent!, active: false };
      channels.set(name, channel);
      expectConfirmation(channel, sent!);
    }
    const joined = wanted.map((name) => ({ name, channel: channels.get(name)! }));
    for (const { channel } of joined) this.book.join(channel, subscription);
    try {
      const confirmed = joined.map(({ name, channel }) => this.confirmed(kind, name, channel, sent));
      await unlessAborted(Promise.all(confirmed), options.signal, 'The subscription');
    } catch (error) {
      subscription.end();
      void this.leave(subscription, wanted).catch(() => undefined);
      // others may wait for the same confirmation: each gets an error with the stack of its own caller
      throw remakeError(error as RedisError);
    }
    return subscription;
  }

  private ask(kind: ChannelKind, names: readonly string[]): Promise<void> {
    return this.connection.send(new Command(KINDS[kind].subscribe, names, false));
  }

  /**
   * Waits for the confirmation of a channel. What another subscription had asked for may have been refused for the sake of
   * other channels in its command: then the channel is asked for once more, by itself.
   *
   * @param own of what the waiting subscription has sent: a refusal of that is final.
   */
  private async confirmed(
    kind: ChannelKind,
    name: string,
    channel: Channel,
    own: Promise<void> | undefined,
  ): Promise<void> {
    let last = own;
    for (;;) {
      const { confirmed } = channel;
      try {
        await confirmed;
        return;
      } catch (error) {
        const wanted = this.book.channels[kind].get(name) === channel;
        if (confirmed === last || !wanted || !(error instanceof RedisServerError)) throw error;
        // unless another one who waits has done so already
        if (channel.confirmed === confirmed) expectConfirmation(channel, (last = this.ask(kind, [name])));
      }
    }
  }

  override async close(timeout?: number): Promise<void> {
    this.book.endAll();
    await this.connection.close(timeout);
  }

  override destroy(): void {
    this.book.endAll();
    this.connection.destroy();
  }

  /** Takes a subscription off its channels and unsubscribes those that nobody listens to any longer. */
  private async leave(subscription: Listener, names: readonly string[]): Promise<void> {
    const deserted = [...this.book.forget(subscription, names).keys()];
    if (deserted.length === 0 || this.connection.status === 'idle') return;
    const left = this.unsubscribe(subscription.type, deserted);
    if (this.connection.status === 'ready') await left;
    // in an outage there is nothing to leave on the server: what was deserted is not subscribed again
    else left.catch(() => undefined);
  }

  private async unsubscribe(kind: ChannelKind, names: readonly string[]): Promise<void> {
    const command = new Command(KINDS[kind].unsubscribe, names, false);
    this.leaving.add(command);
    try {
      await this.connection.send(command);
    } finally {
      this.leaving.delete(command);
    }
  }

  /**
   * Channels are wanted again before they were left. What was sent keeps its place, in front of the new SUBSCRIBE; but
   * after a refusal or a lost connection it might be sent once more behind that, and nothing would be heard any longer.
   */
  private stay(kind: ChannelKind, names: readonly string[]): void {
    const wanted = new Set<unknown>(names);
    for (const command of this.leaving) {
      if (command.spec !== KINDS[kind].unsubscribe || !command.args.some((name) => wanted.has(name)))
        continue;
      // at once, for its promise settles later: asked again in this tick, it would have what is wanted by then left once more
      this.leaving.delete(command);
      command.reply(null);
      const others = (command.args as string[]).filter((name) => !wanted.has(name));
      if (others.length > 0) this.unsubscribe(kind, others).catch(() => undefined);
    }
  }

  // ── the connection ───────────────────────────────────────────────────────────────────────────────────────────────

  /** No connection will come by itself any more: readers learn it instead of waiting for ever. */
  private giveUp(error: RedisError): void {
    for (const subscription of this.book.subscriptions) {
      subscription.fail(error);
      this.book.forget(subscription, subscription.channels);
    }
  }

  /** Subscribes everything anew on a fresh connection. Channels that the server now refuses end their subscriptions, not the others'. */
  private async restore(connection: Connection, protocol: 2 | 3): Promise<void> {
    if (this.shared !== undefined && protocol === 2) {
      this.giveUp(new RedisClientError('NO_RESP3', NO_RESP3));
      this.hooks.onUnfit();
      return;
    }
    connection.subscriberMode = protocol === 2;
    for (const kind of Object.keys(KINDS) as ChannelKind[]) {
      const names = [...this.book.channels[kind]].filter(([, { active }]) => active).map(([name]) => name);
      for (let index = 0; index < names.length; index += RESTORE_BATCH) {
        await this.restoreBatch(connection, kind, names.slice(index, index + RESTORE_BATCH));
      }
    }
  }

  private async restoreBatch(
    connection: Connection,
    kind: ChannelKind,
    names: readonly string[],
  ): Promise<void> {
    const command = new Command(KINDS[kind].subscribe, names, false);
    try {
      await connection.request(command);
    } catch (error) {
      // what passes is no verdict on the channel: the connection is made once more
      if (!(error instanceof RedisServerError) || isPassing(error)) throw error;
      if (names.length > 1) {
        for (const name of names) await this.restoreBatch(connection, kind, [name]);
        return;
      }
      const channel = this.book.channels[kind].get(names[0]!);
      this.book.channels[kind].delete(names[0]!);
      for (const subscription of channel?.listeners ?? []) {
        subscription.fail(error);
        void this.leave(subscription, subscription.channels).catch(() => undefined);
      }
    }
  }

  /** RESP2 brings what RESP3 pushes as ordinary replies. */
  private takeMessage(connection: Connection, reply: Reply): boolean {
    if (!isPubSubFrame(reply)) return false;
    this.onPush(connection, reply);
    return true;
  }

  private onPush(connection: Connection, items: Reply[]): void {
    const word = toText(items[0]!);
    switch (word) {
      case 'message':
      case 'smessage':
        this.book.deliver(word, toText(items[1]!), items[2]!);
        return;
      case 'pmessage':
        this.book.deliverMatch(toText(items[1]!), toText(items[2]!), items[3]!);
        return;
      default:
        if (CONFIRMATIONS.has(word)) this.confirm(connection, word);
    }
  }

  private confirm(connection: Connection, word: string): void {
    const command = connection.oldest;
    // a server may take a subscription away by itself (a slot that moved): then nothing of ours waits for it
    if (
      command === undefined ||
      command.spec.name.toLowerCase() !== word ||
      (command.spec.flags & CommandFlag.SUBSCRIPTION) === 0
    )
      return;
    const progress = this.progress.get(command);
    // what was lost and sent again is confirmed again, channel by channel
    const left = (progress?.connection === connection ? progress.left : command.args.length) - 1;
    this.progress.set(command, { connection, left });
    if (left === 0) connection.takeOldest()!.reply(null);
  }
}

function expectConfirmation(channel: Channel, confirmed: Promise<void>): void {
  channel.confirmed = confirmed;
  confirmed.then(
    () => (channel.active = true),
    () => undefined,
  );
}
