import type { ResolvedOptions } from '../resolve-options.js';
import type { Command } from './command.js';
import type { ConnectionHooks } from './connection-hooks.js';
import { ReconnectingConnection } from './reconnecting-connection.js';
import { refuse } from './waiting-commands.js';

/** Idle connections kept for the next blocking command; further ones close. */
const KEPT_IDLE = 2;

/**
 * Connections for blocking commands of a shared client, one command at a time each: a BLPOP that waits for a minute
 * must hold up nobody.
 */
export class BlockingConnections {
  private readonly idle: ReconnectingConnection[] = [];
  private readonly busy = new Set<ReconnectingConnection>();
  private closed = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly hooks: ConnectionHooks,
  ) {}

  get inFlight(): number {
    return this.busy.size;
  }

  submit(command: Command): void {
    if (this.closed) {
      refuse(command, 'CLOSED', 'the client is closed.');
      return;
    }
    const connection = this.idle.pop() ?? new ReconnectingConnection(this.options, this.hooks);
    this.busy.add(connection);
    const giveBack = (): void => this.giveBack(connection);
    command.promise.then(giveBack, giveBack);
    if (connection.status === 'ready') {
      connection.submit(command);
      return;
    }
    // until it is sent, a blocking command waits as any other does: its own timeout begins on the server
    const { commandTimeout } = this.options;
    connection.connect(commandTimeout === 0 ? Infinity : commandTimeout).then(
      () => {
        if (!command.settled) connection.submit(command);
      },
      (error: Error) => command.failWith(error),
    );
  }

  private giveBack(connection: ReconnectingConnection): void {
    if (!this.busy.delete(connection)) return;
    // an aborted or timed-out command may still wait on the server and would take an element for nobody
    const clean = connection.inFlight === 0 && connection.queued === 0 && connection.status === 'ready';
    if (clean && this.idle.length < KEPT_IDLE) this.idle.push(connection);
    else connection.destroy();
  }

  /**
   * Ends the idle ones at once. Commands that wait on the server would hold up a shutdown for as long as they like: they
   * are unblocked there and answer `null`, as after their own timeout, so that nothing popped meanwhile is lost.
   *
   * @param timeout ms
   * @param unblock sends CLIENT UNBLOCK over another connection.
   */
  async close(timeout: number | undefined, unblock: (clientId: number) => Promise<unknown>): Promise<void> {
    this.closed = true;
    for (const connection of this.busy) {
      const { clientId } = connection;
      if (clientId === undefined) connection.destroy();
      else unblock(clientId).catch(() => connection.destroy());
    }
    const all = [...this.idle.splice(0), ...this.busy];
    this.busy.clear();
    await Promise.all(all.map((connection) => connection.close(timeout)));
  }

  destroy(): void {
    this.closed = true;
    for (const connection of [...this.idle.splice(0), ...this.busy]) connection.destroy();
    this.busy.clear();
  }
}
