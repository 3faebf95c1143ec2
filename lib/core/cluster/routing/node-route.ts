import { READONLY } from '../../commands/commands.generated.js';
import { Command } from '../../connection/command.js';
import type { Connection } from '../../connection/connection.js';
import type { Address } from '../../connection/open-socket.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import { FixedRoute, type RoutedConnection } from '../../connection/route.js';
import type { RedisError } from '../../errors.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import { parseRedirect, type Redirect } from './redirect.js';

/** What becomes of the connections to a node, and of what the node will not do. */
export interface NodeReports {
  /** Reads may go to replicas: they answer them on connections that have asked for it. */
  readonly readsReplicas: boolean;
  /** A command belongs elsewhere. False where it has been sent about too often. */
  redirect(command: PendingCommand, redirect: Redirect, message: string): boolean;
  /** A command is to be sent again, wherever it belongs by now. */
  sendAgain(command: PendingCommand): void;
  /** A connection has ended, or could not be made, or the node says that the cluster is in trouble. */
  onTrouble(node: ClusterNode, error: RedisError | undefined): void;
  /** A connection to it is ready. */
  onNodeReady(node: ClusterNode): void;
  /** There is no connection, and what may go out again waits for one. */
  onNodeLost(
    connection: RoutedConnection,
    error: RedisError,
    movable: (command: PendingCommand) => boolean,
  ): void;
}

/** Says that a node is not, or not any more, what it was taken for. */
const TROUBLE = /^(CLUSTERDOWN|READONLY|MASTERDOWN|LOADING) /;

/** Leads to one node of a cluster, and hands over what that node redirects. */
export class NodeRoute extends FixedRoute {
  readonly isPatient = true;

  /** @param movable may this command be sent to another node? Not what belongs to a transaction, or to somebody's own connection. */
  constructor(
    private readonly node: ClusterNode,
    private readonly reports: NodeReports,
    private readonly movable: (command: PendingCommand) => boolean,
  ) {
    super({ host: node.host, port: node.port, path: undefined });
  }

  async prepare(connection: Connection): Promise<void> {
    if (this.reports.readsReplicas) await connection.request(new Command(READONLY, [], false));
  }

  onReady(): void {
    this.reports.onNodeReady(this.node);
  }

  // one that hangs ends no connection: another may have taken its place long since
  onSilence(): void {
    this.reports.onTrouble(this.node, undefined);
  }

  onLost(connection: RoutedConnection, error: RedisError): void {
    this.reports.onNodeLost(connection, error, this.movable);
    this.reports.onTrouble(this.node, error);
  }

  onFailed(connection: RoutedConnection, error: RedisError): void {
    this.onLost(connection, error);
  }

  takeRefused(command: PendingCommand, message: string, from: Address): boolean {
    const redirect = parseRedirect(message, from);
    if (redirect !== undefined)
      return this.movable(command) && this.reports.redirect(command, redirect, message);
    if (TROUBLE.test(message)) this.reports.onTrouble(this.node, undefined);
    return false;
  }

  takeAgain(command: PendingCommand): boolean {
    if (!this.movable(command)) return false;
    this.reports.sendAgain(command);
    return true;
  }
}
