import type { CommandSpec } from '../../commands/command-spec.js';
import { PING, SSUBSCRIBE, SUNSUBSCRIBE } from '../../commands/commands.generated.js';
import { CommandContext } from '../../connection/command-context.js';
import { Command } from '../../connection/command.js';
import type { Connection } from '../../connection/connection.js';
import type { Address } from '../../connection/open-socket.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import { FixedRoute } from '../../connection/route.js';
import type { RedisError } from '../../errors.js';
import { ListeningConnection } from '../../feed/listening-connection.js';
import type { ConnectionWatch } from '../../observation/connection-watch.js';
import type { Reply } from '../../protocol/reply.js';
import { isPubSubFrame, RESTORE_BATCH, toText } from '../../pubsub/channel-kinds.js';
import type { ResolvedOptions } from '../../resolve-options.js';
import type { ShardChannel } from './shard-channel.js';

/** What becomes of the channels at a desk. */
export interface DeskHost {
  readonly wantsBuffers: boolean;
  onMessage(desk: ShardDesk, name: string, data: Reply): void;
  onConfirmed(desk: ShardDesk, channel: ShardChannel): void;
  /** The server sends nothing of it any more: by itself, or for it was asked to. */
  onEnded(desk: ShardDesk, name: string): void;
  /** @param message the server's words. */
  onRefused(desk: ShardDesk, channels: readonly ShardChannel[], message: string, from: Address): void;
  onLost(desk: ShardDesk): void;
  /** An attempt to connect has failed. */
  onFailed(desk: ShardDesk, error: RedisError): void;
  /** No connection will come by itself any more. */
  onGivenUp(desk: ShardDesk, error: RedisError): void;
}

/** SSUBSCRIBE or SUNSUBSCRIBE. Nobody waits for its promise: what came of it, the host has heard. */
class ChannelCommand extends Command {
  /** Confirmations that are still to come. */
  left: number;

  constructor(
    spec: CommandSpec,
    readonly channels: readonly ShardChannel[],
  ) {
    super(
      spec,
      channels.map(({ name }) => name),
      false,
    );
    this.left = channels.length;
  }
}

/** What a node says to SUNSUBSCRIBE of a slot that is not its own any more; it never says so to PING. */
const ABOUT_SLOTS = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT) /;

/** Leads to one node, and hands over what that node refuses. */
class DeskRoute extends FixedRoute {
  constructor(
    address: Address,
    readonly takeRefused: (command: PendingCommand, message: string, from: Address) => boolean,
  ) {
    super(address);
  }
}

/** Where shard channels of one node are listened to: a connection to it. Nothing ever waits in its queue. */
export class ShardDesk {
  /** The channels that are heard or asked for here. */
  readonly channels = new Set<ShardChannel>();
  /** When the node last answered, ms of `performance.now()`. */
  lastSign = performance.now();
  private readonly listening: ListeningConnection;
  private readonly unsent = new Set<ShardChannel>();
  private readonly sent = new Set<Command>();
  private connection: Connection | undefined;

  /** @param options those of the node. */
  constructor(
    readonly key: string,
    options: ResolvedOptions,
    watch: ConnectionWatch,
    private readonly host: DeskHost,
  ) {
    const { host: name, port } = options;
    const route = new DeskRoute({ host: name, port, path: undefined }, (command, message, from) =>
      this.takeRefused(command, message, from),
    );
    this.listening = new ListeningConnection(
      { options, route },
      {
        onError: (error) => host.onFailed(this, error),
        onGivenUp: (error) => host.onGivenUp(this, error),
        onResumed: () => undefined,
        onReady: () => this.flush(),
        onLost: () => this.onLost(),
        restore: async (connection) => {
          // over RESP3 as well: what is no push ends the wait for a SUNSUBSCRIBE
          connection.subscriberMode = true;
          this.connection = connection;
        },
        onPush: (connection, items) => this.onPush(connection, items),
        takeMessage: (connection, reply) => this.takeMessage(connection, reply),
        wantsPushBuffers: () => host.wantsBuffers,
        ping: () => new Command(PING, [], false),
      },
      watch,
    );
  }

  get isReady(): boolean {
    return this.listening.status === 'ready';
  }

  /** Takes a channel; it is asked for by {@link flush}. */
  ask(channel: ShardChannel): void {
    this.channels.add(channel);
    this.unsent.add(channel);
  }

  /** Asks the server for what it was not asked for yet, as soon as there is a connection. */
  flush(): void {
    if (this.unsent.size === 0) return;
    if (!this.isReady) {
      this.listening.wake();
      return;
    }
    const channels = [...this.unsent];
    this.unsent.clear();
    for (const batch of batches(channels)) this.send(new ChannelCommand(SSUBSCRIBE, batch));
  }

  /** Takes note that a channel is neither heard nor asked for here any more. */
  forget(channel: ShardChannel): void {
    this.channels.delete(channel);
    this.unsent.delete(channel);
  }

  /** Leaves channels; ends when the server has taken note. */
  async leave(channels: readonly ShardChannel[]): Promise<void> {
    const known = channels.filter((channel) => !this.unsent.has(channel));
    for (const channel of channels) this.forget(channel);
    // in an outage there is nothing to leave on the server
    if (!this.isReady) return;
    const fences = batches(known).map((batch) => {
      this.send(new ChannelCommand(SUNSUBSCRIBE, batch));
      // a slot may be taken away in this moment: then the confirmation is no answer, and an error follows. Only with the
      // answer to a command behind it is its own known to be over
      return this.send(new Command(PING, [], false));
    });
    await Promise.all(fences);
  }

  /** Asks the node for a sign of life. */
  checkLife(): void {
    if (this.isReady) void this.send(new Command(PING, [], false));
  }

  setRef(keepsProcess: boolean): void {
    this.listening.setRef(keepsProcess);
  }

  probe(timeout: number): Promise<number> {
    return this.listening.probe(timeout);
  }

  async close(timeout?: number): Promise<void> {
    if (this.isReady) await this.listening.close(timeout);
    else this.listening.destroy();
  }

  destroy(): void {
    this.listening.destroy();
  }

  private send(command: Command): Promise<void> {
    (command.context ??= new CommandContext()).retry = false;
    this.sent.add(command);
    const over = (): void => {
      this.sent.delete(command);
    };
    this.listening.submitNow(command);
    return command.promise.then(over, over);
  }

  private onLost(): void {
    // what was not even written would go out on the next connection, where everything is asked for anew
    for (const command of this.sent) command.reply(null);
    this.connection = undefined;
    for (const channel of this.channels) if (channel.asked === this) this.unsent.add(channel);
    this.host.onLost(this);
  }

  // ── what the server says ─────────────────────────────────────────────────────────────────────────────────────────

  private takeMessage(connection: Connection, reply: Reply): boolean {
    if (isPubSubFrame(reply)) {
      this.onPush(connection, reply);
      return true;
    }
    this.lastSign = performance.now();
    if (isLeaving(connection.oldest)) connection.takeOldest()!.reply(null);
    return false;
  }

  private onPush(connection: Connection, items: Reply[]): void {
    const word = toText(items[0]!);
    if (word === 'smessage') {
      this.host.onMessage(this, toText(items[1]!), items[2]!);
      return;
    }
    if (word !== 'ssubscribe' && word !== 'sunsubscribe') return;
    this.lastSign = performance.now();
    const name = toText(items[1]!);
    const { oldest } = connection;
    if (word === 'sunsubscribe') {
      if (isLeaving(oldest)) oldest.left--;
      this.host.onEnded(this, name);
    } else if (oldest instanceof ChannelCommand && oldest.spec === SSUBSCRIBE) {
      const channel = oldest.channels.find((asked) => asked.name === name);
      if (--oldest.left === 0) connection.takeOldest()!.reply(null);
      if (channel !== undefined) this.host.onConfirmed(this, channel);
    }
  }

  private takeRefused(command: PendingCommand, message: string, from: Address): boolean {
    if (!(command instanceof ChannelCommand)) return false;
    command.reply(null);
    if (command.spec === SSUBSCRIBE) this.host.onRefused(this, command.channels, message, from);
    // it was confirmed, and this is what the server says to the PING behind it
    else if (command.left <= 0 && !ABOUT_SLOTS.test(message)) this.connection?.takeOldest()?.reply(null);
    return true;
  }
}

function isLeaving(command: PendingCommand | undefined): command is ChannelCommand {
  return command instanceof ChannelCommand && command.spec === SUNSUBSCRIBE;
}

/** For one command each: no node takes channels of several slots in one. */
function batches(channels: readonly ShardChannel[]): ShardChannel[][] {
  const open = new Map<number, ShardChannel[]>();
  const all: ShardChannel[][] = [];
  for (const channel of channels) {
    let batch = channel.isAlone ? undefined : open.get(channel.slot);
    if (batch === undefined || batch.length >= RESTORE_BATCH) {
      all.push((batch = []));
      if (!channel.isAlone) open.set(channel.slot, batch);
    }
    batch.push(channel);
  }
  return all;
}
