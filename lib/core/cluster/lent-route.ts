import { formatAddress, type Address } from '../connection/open-socket.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { ClusterNode } from './cluster-node.js';
import { NodeRoute, type NodeReports } from './node-route.js';
import { redirectError } from './redirect-error.js';
import { parseRedirect, type Redirect } from './redirect.js';

/** What becomes of the connections that a node lends. */
export interface LentReports extends NodeReports {
  /** Learns from a redirect. */
  follow(redirect: Redirect): ClusterNode;
}

/**
 * Leads connections to one node that are lent to one caller each. What that caller does on one depends on it: only a blocking
 * command of the client's own goes elsewhere when it must, other redirects are told.
 */
export class LentRoute extends NodeRoute {
  constructor(
    node: ClusterNode,
    private readonly lentReports: LentReports,
  ) {
    super(node, lentReports, isReissued);
  }

  /** Not for reads from a replica: what is read in a transaction must not lag behind. */
  override prepare(): Promise<void> {
    return Promise.resolve();
  }

  override takeRefused(command: PendingCommand, message: string, from: Address): boolean {
    const redirect = parseRedirect(message, from);
    // given up at that very moment: it has taken nothing
    if (redirect !== undefined && command.endCalledOff()) return true;
    if (super.takeRefused(command, message, from)) return true;
    if (redirect === undefined) return false;
    try {
      this.lentReports.follow(redirect);
    } catch {
      // the user's `natMap`: whoever asks for the map of the slots tells of that
    }
    command.fail(() => redirectError(redirect, command.spec.name, formatAddress(from)));
    return true;
  }
}

/** Those that wait there for the client itself. */
function isReissued({ context }: PendingCommand): boolean {
  return context?.reissue !== undefined;
}
