import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { SUBSCRIBE } from '../commands/commands.generated.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { Command } from '../connection/command.js';
import type { Connection } from '../connection/connection.js';
import { FixedRoute } from '../connection/route.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { Reply } from '../protocol/reply.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import { keyOf } from './sentinel-replies.js';
import { unwatchedConnection } from './unwatched-connection.js';

/** What Sentinels are listened to for, each by itself: an ACL may allow some. */
const EVENTS = ['+switch-master', '+selected-slave', '+sentinel'];

/** Hears what a Sentinel tells by itself. */
export type SentinelEar = (event: string, words: readonly string[]) => void;

/**
 * One Sentinel: a connection that is made at the first question and made again when it is lost, on which it also tells of its
 * own accord. One that speaks RESP2 only tells on a second connection. None of them keeps the process alive by itself.
 */
export class SentinelNode {
  private connection: ReconnectingConnection | undefined;
  /** Where events come over RESP2. */
  private listener: ReconnectingConnection | undefined;

  /** @param isLearned another Sentinel has named it; the application has not. */
  constructor(
    readonly address: ResolvedAddress,
    readonly isLearned: boolean,
    private readonly options: ResolvedOptions,
    private readonly hear: SentinelEar,
  ) {}

  get name(): string {
    return keyOf(this.address);
  }

  /** It can be asked without waiting for a connection. */
  get isReady(): boolean {
    return this.connection?.status === 'ready';
  }

  /** Is it known under this address, or reached there? */
  isAt(address: ResolvedAddress): boolean {
    const peer = this.connection?.peer;
    return (
      keyOf(this.address) === keyOf(address) ||
      (peer?.port === address.port && withoutPrefix(peer.address) === address.host)
    );
  }

  /**
   * Asks it. One attempt to connect is made where there is no connection.
   *
   * @param timeout ms, for all of it.
   */
  async ask(spec: CommandSpec, args: readonly CommandArgument[], timeout: number): Promise<unknown> {
    const connection = (this.connection ??= this.connect(false));
    const command = new Command(spec, args, false);
    command.deadline = deadlineAfter(timeout);
    if (connection.status !== 'ready') await connection.connect();
    connection.submitNow(command);
    try {
      return await command.promise;
    } catch (error) {
      // its next answer may be long in coming: the one after that should not stand behind it
      if ((error as { code?: string }).code === 'TIMEOUT')
        connection.drop(`The Sentinel at ${this.name} did not answer within ${timeout} ms.`);
      throw error;
    }
  }

  /** Ends its connections; the next question makes new ones. */
  close(): void {
    const { connection, listener } = this;
    this.connection = undefined;
    this.listener = undefined;
    connection?.destroy();
    listener?.destroy();
  }

  private connect(listensOnly: boolean): ReconnectingConnection {
    const { options } = this;
    return unwatchedConnection({ options, route: new FixedRoute(options) }, 'subscriber', {
      restore: (fresh, protocol) => this.listen(fresh, protocol, listensOnly),
      onPush: (fresh, items) => this.onPush(fresh, items),
      takeMessage: (_, reply) => Array.isArray(reply) && this.takeMessage(reply),
    });
  }

  /** What it refuses is not heard of: polling is the net. */
  private async listen(fresh: Connection, protocol: 2 | 3, listensOnly: boolean): Promise<void> {
    if (protocol === 2 && !listensOnly) {
      this.listener ??= this.connect(true);
      if (this.listener.status === 'idle') this.listener.connect().catch(() => undefined);
      return;
    }
    fresh.subscriberMode = protocol === 2;
    const asked = EVENTS.map((event) => fresh.request(new Command(SUBSCRIBE, [event], false)));
    await Promise.allSettled(asked);
  }

  private onPush(fresh: Connection, items: Reply[]): void {
    if (items[0] === 'subscribe' && fresh.oldest?.spec === SUBSCRIBE) fresh.takeOldest()!.reply(null);
    else this.takeMessage(items);
  }

  private takeMessage([kind, channel, data]: Reply[]): boolean {
    if (kind !== 'message') return false;
    this.hear(String(channel), String(data).split(' '));
    return true;
  }
}

/** A socket for both kinds of addresses shows the older one as `::ffff:127.0.0.1`. */
function withoutPrefix(address: string): string {
  return address.replace(/^::ffff:/, '');
}
