import type { Command } from '../connection/command.js';
import { CommandContext } from '../connection/command-context.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { ConnectionEvents, ConnectionHooks, ConnectionStatus } from '../connection/connection-hooks.js';
import { probe } from '../connection/probe.js';
import { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import type { Destination } from '../connection/route.js';
import type { ConnectionWatch } from '../observation/connection-watch.js';
import type { RedisError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { timerDelay } from '../timer-delay.js';

/** What the owner of a listening connection hears and supplies. */
export interface ListeningHooks extends Required<Pick<ConnectionHooks, 'restore' | 'takeMessage'>> {
  onPush?: ConnectionHooks['onPush'];
  wantsPushBuffers(): boolean;
  /** An attempt to connect failed. */
  onError(error: RedisError): void;
  /** No connection will come by itself any more. */
  onGivenUp(error: RedisError): void;
  /** It stands again, and what was told during `gap` ms was not heard. */
  onResumed(gap: number): void;
  /** There is a connection: at the first time as well. */
  onReady?(): void;
  /** There is none any more. */
  onLost?(): void;
  /** A PING for times of silence. */
  ping(): Command;
}

/** A connection that commands share, for those who listen on it beside them. */
export interface SharedConnection {
  readonly connection: ReconnectingConnection;
  /** What befalls the connection goes to these hooks as well from now on. */
  listen(hooks: ConnectionHooks): void;
}

/** A connection on which the server talks by itself: notices that the other end is gone, and for how long nothing was heard. */
export class ListeningConnection {
  private readonly connection: ReconnectingConnection;
  private readonly options: ResolvedOptions;
  private readonly madeAt = performance.now();
  private deafSince = 0;
  private heartbeat: NodeJS.Timeout | undefined;

  /** @param shared where to listen; without it on a connection of its own. */
  constructor(
    destination: Destination,
    private readonly hooks: ListeningHooks,
    watch: ConnectionWatch,
    private readonly shared?: SharedConnection,
  ) {
    const connectionHooks: ConnectionHooks = {
      emit: (event, ...payload) => this.onEvent(event, payload),
      onGivenUp: (error) => {
        this.stopHeartbeat();
        hooks.onGivenUp(error);
      },
      restore: (connection, protocol) => hooks.restore(connection, protocol),
      onPush: (connection, items) => hooks.onPush?.(connection, items),
      takeMessage: (connection, reply) => hooks.takeMessage(connection, reply),
      wantsPushBuffers: () => hooks.wantsPushBuffers(),
    };
    this.options = destination.options;
    if (shared === undefined)
      this.connection = new ReconnectingConnection(destination, connectionHooks, watch);
    else {
      this.connection = shared.connection;
      shared.listen(connectionHooks);
      this.startHeartbeat();
    }
  }

  get status(): ConnectionStatus {
    return this.connection.status;
  }

  /** For how long nothing could be heard, ms; undefined while it listens. */
  get deafFor(): number | undefined {
    if (this.status === 'ready') return undefined;
    return Math.round(performance.now() - (this.deafSince === 0 ? this.madeAt : this.deafSince));
  }

  setRef(keepsProcess: boolean): void {
    if (this.shared === undefined) this.connection.setRef(keepsProcess);
  }

  /** Sends a command that may be sent again, and resolves with its confirmation. */
  async send(command: Command): Promise<void> {
    const context = (command.context ??= new CommandContext());
    context.idempotent = true;
    command.deadline = deadlineAfter(this.options.commandTimeout);
    // to listen anew is to ask for a connection, also where none is made by itself (`reconnect: false`)
    this.wake();
    this.connection.submit(command);
    await command.promise;
  }

  /** Sends a command on the live connection or not at all. */
  submitNow(command: Command): void {
    this.connection.submitNow(command);
  }

  /** Asks for a connection where nobody has. What comes of it, the hooks hear. */
  wake(): void {
    if (this.connection.status === 'idle') this.connection.connect().catch(() => undefined);
  }

  /** PINGs on the live connection, or fails at once. Gives the time to the answer, ms. */
  probe(timeout: number): Promise<number> {
    return probe(this.connection, timeout, () => this.hooks.ping());
  }

  async close(timeout?: number): Promise<void> {
    this.stopHeartbeat();
    if (this.shared === undefined) await this.connection.close(timeout);
  }

  destroy(): void {
    this.stopHeartbeat();
    if (this.shared === undefined) this.connection.destroy();
  }

  private onEvent<Event extends keyof ConnectionEvents>(
    event: Event,
    payload: ConnectionEvents[Event],
  ): void {
    if (event === 'disconnect') {
      this.deafSince = performance.now();
      this.hooks.onLost?.();
    }
    // of a shared one its owner tells
    if (event === 'error' && this.shared === undefined) this.hooks.onError(payload[0] as RedisError);
    if (event === 'ready') this.startHeartbeat();
    if (event === 'ready' && this.deafSince > 0) {
      const gap = Math.round(performance.now() - this.deafSince);
      this.deafSince = 0;
      this.hooks.onResumed(gap);
    }
    if (event === 'ready') this.hooks.onReady?.();
  }

  /** A connection that only listens would not notice that the other end is gone: PINGs give `socketTimeout` something to miss. */
  private startHeartbeat(): void {
    const { socketTimeout } = this.options;
    if (socketTimeout === 0 || socketTimeout === Infinity || this.heartbeat !== undefined) return;
    this.heartbeat = setInterval(
      () => {
        if (this.connection.status !== 'ready' || this.connection.inFlight > 0) return;
        const ping = this.hooks.ping();
        ping.promise.catch(() => undefined);
        this.connection.submitNow(ping);
      },
      timerDelay(Math.max(socketTimeout / 2, 20)),
    );
    this.heartbeat.unref();
  }

  private stopHeartbeat(): void {
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }
}
