import type { ResolvedOptions } from '../resolve-options.js';
import type { RedisError } from '../errors.js';
import type { Connection } from './connection.js';
import { formatAddress, type Address } from './open-socket.js';
import type { PendingCommand } from './pending-command.js';

/** A connection that a route has led to its server, as the route sees it. */
export interface RoutedConnection {
  /** Where it goes; undefined where there is none at the moment. */
  readonly target: Address | undefined;
  /** The server's number for it, where a blocking command waits on it. */
  readonly waitingId?: number | undefined;
  /** Goes where the route now leads: once what is under way was answered, or soon in any case; at once where it stands nowhere. */
  move(why: string): void;
  /** Takes out what waits to be sent, as far as it may belong elsewhere. */
  takeWaiting(isWanted: (command: PendingCommand) => boolean): PendingCommand[];
}

/**
 * Where connections go. The standalone one leads to the options' own address; a Sentinel's to the server that is the master at
 * the time; a cluster's to one node, and takes over what that node redirects.
 */
export interface Route {
  /** What messages call the destination as long as no connection stands. */
  readonly name: string;
  /** Where it leads, what refuses all commands for now (`READONLY`, `LOADING` …) is waited out: another server takes its place. */
  readonly isPatient?: boolean;
  /**
   * The address of the next connection, asked anew for each attempt. A promise must settle within `connectTimeout`.
   *
   * @param connection who asks; known to the route from then on, until it is closed.
   * @throws {RedisError} why there is none.
   */
  find(connection: RoutedConnection): Address | Promise<Address>;
  /**
   * Looks at a fresh connection after its handshake, before anything else is sent on it.
   *
   * @throws {RedisError} why this is not the server that was looked for.
   */
  prepare?(connection: Connection): Promise<void>;
  /** Leads the next attempt to another server than those that were just lost or not reached: there is nothing to pause for. */
  hasOther?(connection: RoutedConnection): boolean;
  /** The connection is ready. */
  onReady?(connection: RoutedConnection): void;
  /** A server that was sent something has said nothing for a second, or for one more. */
  onSilence?(): void;
  /** What was ready has ended; what may be sent again waits already. */
  onLost?(connection: RoutedConnection, error: RedisError): void;
  /** An attempt to connect has failed. */
  onFailed?(connection: RoutedConnection, error: RedisError): void;
  /** There will be no connection any more. */
  onClosed?(connection: RoutedConnection): void;
  /** The server refused a command, in these words: true when the route takes it over, and it stays unsettled. */
  takeRefused?(command: PendingCommand, message: string, from: Address): boolean;
  /** A command is to be sent again: true when the route takes it over, for it may belong elsewhere by now. */
  takeAgain?(command: PendingCommand): boolean;
}

/** How connections are made, and where they go. */
export interface Destination {
  readonly options: ResolvedOptions;
  readonly route: Route;
}

/** Leads to one address for ever. */
export class FixedRoute implements Route {
  constructor(private readonly address: Address) {}

  get name(): string {
    return formatAddress(this.address);
  }

  find(): Address {
    return this.address;
  }
}
