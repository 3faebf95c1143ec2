import { unlessAborted } from '../abort-signals.js';
import { CommandFlag, type CommandSpec } from '../commands/command-spec.js';
import {
  PING,
  PSUBSCRIBE,
  PUNSUBSCRIBE,
  SSUBSCRIBE,
  SUBSCRIBE,
  SUNSUBSCRIBE,
  UNSUBSCRIBE,
} from '../commands/commands.generated.js';
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
import type { RedisMessage, SubscribeOptions } from './message.js';
import type { SubscriberStatus } from './subscriber-status.js';
import { Subscription } from './subscription.js';

type Kind = RedisMessage['type'];

/** The words of each kind of subscription, on the wire. */
const KINDS: Record<Kind, { subscribe: CommandSpec; unsubscribe: CommandSpec }> = {
  message: { subscribe: SUBSCRIBE, unsubscribe: UNSUBSCRIBE },
  pmessage: { subscribe: PSUBSCRIBE, unsubscribe: PUNSUBSCRIBE },
  smessage: { subscribe: SSUBSCRIBE, unsubscribe: SUNSUBSCRIBE },
};

const CONFIRMATIONS = new Set([
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
]);

/** Channels per SUBSCRIBE when all are made anew: keeps single commands small on a server that other clients use too. */
const RESTORE_BATCH = 500;

const NO_RESP3 =
  "The server that the client reconnected to speaks RESP2 only, over which subscriptions cannot share the commands' connection (`subscriberConnection`). Subscribe anew.";

/** A subscription as seen from here, whatever its data are. */
interface Listener {
  readonly type: Kind;
  readonly buffers: boolean;
  readonly closed: boolean;
  readonly channels: readonly string[];
  deliver(message: RedisMessage<string | Buffer>): void;
  notifyResubscribed(gap: number): void;
  end(): void;
  fail(error: RedisError): void;
}

/** A channel and those who listen to it. */
interface Channel {
  /** Replaced, never changed: a message goes to those who listened when it came. */
  listeners: readonly Listener[];
  /** Settles with the server's confirmation of the running SUBSCRIBE. */
  confirmed: Promise<void>;
  /** The server has confirmed it once: it is made anew on a fresh connection. */
  active: boolean;
}

/** Hears what befalls the subscriber's own connection. */
export interface SubscriberHooks {
  onError(error: RedisError): void;
  /** It can listen no more where it does: another one must be made. */
  onUnfit(): void;
}

/**
 * The one subscriber connection of a client. Each channel is subscribed once, however many subscriptions want it, and
 * unsubscribed when the last of them leaves.
 */
export class Subscriber {
  private readonly connection: ListeningConnection;
  private readonly channels: Record<Kind, Map<string, Channel>> = {
    message: new Map(),
    pmessage: new Map(),
    smessage: new Map(),
  };
  private readonly subscriptions = new Set<Listener>();
  /** Confirmations that a command still waits for on its connection: one for each of its channels. */
  private readonly progress = new WeakMap<PendingCommand, { connection: Connection; left: number }>();
  /** UNSUBSCRIBEs that are not answered yet. */
  private readonly leaving = new Set<Command>();
  private wantsBuffers = 0;

  /** @param shared where to listen, beside commands over RESP3; without it on a connection of its own. */
  constructor(
    destination: Destination,
    private readonly hooks: SubscriberHooks,
    watch: ConnectionWatch,
    private readonly shared?: SharedConnection,
  ) {
    const listening: ListeningHooks = {
      onError: (error) => hooks.onError(error),
      onGivenUp: (error) => this.giveUp(error),
      onResumed: (gap) => {
        for (const subscription of this.subscriptions) subscription.notifyResubscribed(gap);
      },
      restore: (connection, protocol) => this.restore(connection, protocol),
      onPush: (connection, items) => this.onPush(connection, items),
      takeMessage: (connection, reply) => this.takeMessage(connection, reply),
      wantsPushBuffers: () => this.wantsBuffers > 0,
      ping: () => new Command(PING, [], false),
    };
    this.connection = new ListeningConnection(destination, listening, watch, shared);
  }

  setRef(keepsProcess: boolean): void {
    this.connection.setRef(keepsProcess);
  }

  /** Subscriptions that are not ended. */
  get size(): number {
    return this.subscriptions.size;
  }

  /** How its connection stands; undefined where nobody listens. */
  get standing(): SubscriberStatus | undefined {
    if (this.size === 0) return undefined;
    return { state: this.connection.status, subscriptions: this.size, deafFor: this.connection.deafFor };
  }

  /** PINGs on its connection, or fails at once. Gives the time to the answer, ms. */
  probe(timeout: number): Promise<number> {
    return this.connection.probe(timeout);
  }

  /** Subscribes; the promise settles when the server has confirmed every channel. */
  async subscribe<Data extends string | Buffer>(
    kind: Kind,
    names: readonly string[],
    options: SubscribeOptions,
  ): Promise<Subscription<Data>> {
    const wanted = [...new Set(names)];
    const subscription: Subscription<Data> = new Subscription<Data>(kind, wanted, options, (leaving) =>
      this.leave(subscription, leaving),
    );
    this.subscriptions.add(subscription);
    if (subscription.buffers) this.wantsBuffers++;
    const fresh = wanted.filter((name) => !this.channels[kind].has(name));
    this.stay(kind, fresh);
    const sent = fresh.length === 0 ? undefined : this.ask(kind, fresh);
    for (const name of fresh) {
      const channel: Channel = { listeners: [], confirmed: sent!, active: false };
      this.channels[kind].set(name, channel);
      expectConfirmation(channel, sent!);
    }
    const joined = wanted.map((name) => ({ name, channel: this.channels[kind].get(name)! }));
    for (const { channel } of joined) channel.listeners = [...channel.listeners, subscription];
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

  private ask(kind: Kind, names: readonly string[]): Promise<void> {
    return this.connection.send(new Command(KINDS[kind].subscribe, names, false));
  }

  /**
   * Waits for the confirmation of a channel. What another subscription had asked for may have been refused for the sake of
   * other channels in its command: then the channel is asked for once more, by itself.
   *
   * @param own of what the waiting subscription has sent: a refusal of that is final.
   */
  private async confirmed(
    kind: Kind,
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
        const wanted = this.channels[kind].get(name) === channel;
        if (confirmed === last || !wanted || !(error instanceof RedisServerError)) throw error;
        // unless another one who waits has done so already
        if (channel.confirmed === confirmed) expectConfirmation(channel, (last = this.ask(kind, [name])));
      }
    }
  }

  async close(timeout?: number): Promise<void> {
    this.endAll();
    await this.connection.close(timeout);
  }

  destroy(): void {
    this.endAll();
    this.connection.destroy();
  }

  private endAll(): void {
    for (const subscription of this.subscriptions) subscription.end();
    this.subscriptions.clear();
  }

  /** Takes a subscription off its channels and unsubscribes those that nobody listens to any longer. */
  private async leave(subscription: Listener, names: readonly string[]): Promise<void> {
    const deserted = this.forget(subscription, names);
    if (deserted.length === 0 || this.connection.status === 'idle') return;
    const left = this.unsubscribe(subscription.type, deserted);
    if (this.connection.status === 'ready') await left;
    // in an outage there is nothing to leave on the server: what was deserted is not subscribed again
    else left.catch(() => undefined);
  }

  private async unsubscribe(kind: Kind, names: readonly string[]): Promise<void> {
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
  private stay(kind: Kind, names: readonly string[]): void {
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

  private forget(subscription: Listener, names: readonly string[]): string[] {
    const channels = this.channels[subscription.type];
    const deserted: string[] = [];
    for (const name of names) {
      const channel = channels.get(name);
      if (channel === undefined || !channel.listeners.includes(subscription)) continue;
      channel.listeners = channel.listeners.filter((listener) => listener !== subscription);
      if (channel.listeners.length > 0) continue;
      channels.delete(name);
      deserted.push(name);
    }
    if (subscription.closed && this.subscriptions.delete(subscription) && subscription.buffers)
      this.wantsBuffers--;
    return deserted;
  }

  // ── the connection ───────────────────────────────────────────────────────────────────────────────────────────────

  /** No connection will come by itself any more: readers learn it instead of waiting for ever. */
  private giveUp(error: RedisError): void {
    for (const subscription of this.subscriptions) {
      subscription.fail(error);
      this.forget(subscription, subscription.channels);
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
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const names = [...this.channels[kind]].filter(([, { active }]) => active).map(([name]) => name);
      for (let index = 0; index < names.length; index += RESTORE_BATCH) {
        await this.restoreBatch(connection, kind, names.slice(index, index + RESTORE_BATCH));
      }
    }
  }

  private async restoreBatch(connection: Connection, kind: Kind, names: readonly string[]): Promise<void> {
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
      const channel = this.channels[kind].get(names[0]!);
      this.channels[kind].delete(names[0]!);
      for (const subscription of channel?.listeners ?? []) {
        subscription.fail(error);
        void this.leave(subscription, subscription.channels).catch(() => undefined);
      }
    }
  }

  /** RESP2 brings what RESP3 pushes as ordinary replies. */
  private takeMessage(connection: Connection, reply: Reply): boolean {
    if (!Array.isArray(reply) || !isPubSubFrame(reply)) return false;
    this.onPush(connection, reply);
    return true;
  }

  private onPush(connection: Connection, items: Reply[]): void {
    const word = toText(items[0]!);
    switch (word) {
      case 'message':
      case 'smessage':
        this.deliver(word, toText(items[1]!), items[2]!);
        return;
      case 'pmessage':
        this.deliverMatch(toText(items[1]!), toText(items[2]!), items[3]!);
        return;
      default:
        if (CONFIRMATIONS.has(word)) this.confirm(connection, word);
    }
  }

  private deliver(kind: 'message' | 'smessage', name: string, data: Reply): void {
    const entry = this.channels[kind].get(name);
    if (entry === undefined) return;
    for (const listener of entry.listeners) {
      if (isTooEarly(listener, data)) continue;
      listener.deliver({ type: kind, channel: name, data: contentFor(listener, data, entry) });
    }
  }

  private deliverMatch(pattern: string, channel: string, data: Reply): void {
    const entry = this.channels.pmessage.get(pattern);
    if (entry === undefined) return;
    for (const listener of entry.listeners) {
      if (isTooEarly(listener, data)) continue;
      listener.deliver({ type: 'pmessage', channel, pattern, data: contentFor(listener, data, entry) });
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

function isPubSubFrame([word]: Reply[]): boolean {
  if (typeof word !== 'string' && !Buffer.isBuffer(word)) return false;
  const text = String(word);
  return Object.hasOwn(KINDS, text) || CONFIRMATIONS.has(text);
}

/** Each of several has bytes of its own: they are anybody's to write into, also before the next one has them. */
function contentFor(listener: Listener, data: Reply, { listeners }: Channel): string | Buffer {
  if (!listener.buffers) return toText(data);
  return listeners.length === 1 ? toBuffer(data) : Buffer.from(toBuffer(data));
}

/** Read as text, it had begun to come before the first listener for bytes did; and what is no UTF-8 is no longer in it. */
function isTooEarly(listener: Listener, data: Reply): boolean {
  return listener.buffers && typeof data === 'string';
}

function toText(data: Reply): string {
  return typeof data === 'string' ? data : String(data);
}

function toBuffer(data: Reply): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(String(data));
}
