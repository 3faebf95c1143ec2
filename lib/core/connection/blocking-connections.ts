import type { RedisError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { deadlineAfter } from './coarse-clock.js';
import type { Command } from './command.js';
import { CommandContext } from './command-context.js';
import { ReconnectingConnection } from './reconnecting-connection.js';
import { failUnconnected, refuse } from './command-errors.js';

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

  constructor(private readonly options: ResolvedOptions) {}

  get inFlight(): number {
    return this.busy.size;
  }

  /**
   * @param wait how long the command may take from when it is sent, ms; undefined where the caller has set its deadline.
   * @param connectTimeout how long it may take until then, ms.
   */
  submit(command: Command, wait: number | undefined, connectTimeout: number): void {
    if (this.closed) {
      refuse(command, 'CLOSED', 'the client is closed.');
      return;
    }
    const context = (command.context ??= new CommandContext());
    context.blocking = true;
    const connection = this.idle.pop() ?? this.create();
    connection.setRef(true);
    this.busy.add(connection);
    context.onSettled = () => this.giveBack(connection);
    const send = (): void => {
      if (command.settled) return;
      // its own timeout begins on the server
      if (wait !== undefined) command.deadline = deadlineAfter(wait);
      connection.submit(command);
    };
    if (connection.status === 'ready') send();
    else
      connection.connect(connectTimeout).then(send, (error: RedisError) => failUnconnected(command, error));
  }

  private create(): ReconnectingConnection {
    const connection: ReconnectingConnection = new ReconnectingConnection(this.options, {
      // the comings and goings of these are no news of the shared connection; their errors reach the commands' callers
      emit: (event, ..._payload) => {
        if (event === 'disconnect') this.drop(connection);
      },
    });
    return connection;
  }

  /** One that is lost while idle is not worth making again. */
  private drop(connection: ReconnectingConnection): void {
    const index = this.idle.indexOf(connection);
    if (index === -1) return;
    this.idle.splice(index, 1);
    connection.destroy();
  }

  private giveBack(connection: ReconnectingConnection): void {
    if (!this.busy.delete(connection)) return;
    // an aborted or timed-out command may still wait on the server and would take an element for nobody
    const clean = connection.inFlight === 0 && connection.queued === 0 && connection.status === 'ready';
    if (clean && this.idle.length < KEPT_IDLE) {
      connection.setRef(false);
      this.idle.push(connection);
    } else connection.destroy();
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
