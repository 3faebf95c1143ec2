import type { Address } from '../../connection/open-socket.js';
import type { Route, RoutedConnection } from '../../connection/route.js';
import { keyOf } from '../slots/slot-map.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { ClusterTopology } from '../topology/cluster-topology.js';

/** Leads to some node of the cluster, whichever: for subscriptions, whose messages all nodes hear. */
export class AnyNodeRoute implements Route {
  readonly isPatient = true;
  /** The nodes where each connection was led to since it last stood. */
  private readonly connections = new Map<RoutedConnection, Set<string>>();

  /** @param whenKnown resolves once nodes are known. */
  constructor(
    readonly name: string,
    private readonly topology: ClusterTopology,
    private readonly whenKnown: () => Promise<void>,
  ) {}

  find(connection: RoutedConnection): Address | Promise<Address> {
    const tried = this.connections.get(connection) ?? new Set();
    this.connections.set(connection, tried);
    return this.topology.isKnown ? this.choose(tried) : this.whenKnown().then(() => this.choose(tried));
  }

  onReady(connection: RoutedConnection): void {
    // the one that it stands at is remembered: when it is lost, that one is the last to be asked
    const { target } = connection;
    this.connections.set(connection, new Set(target === undefined ? [] : [keyOf(target)]));
  }

  hasOther(connection: RoutedConnection): boolean {
    const tried = this.connections.get(connection);
    return this.topology.isKnown && [...this.topology.known].some(({ key }) => tried?.has(key) !== true);
  }

  onClosed(connection: RoutedConnection): void {
    this.connections.delete(connection);
  }

  /** The map has changed: a node that is in it no more hears nothing of its former fellows. */
  onChange(): void {
    const present = new Set([...this.topology.known].map(({ key }) => key));
    for (const connection of this.connections.keys()) {
      const { target } = connection;
      if (target !== undefined && !present.has(keyOf(target)))
        connection.move(`The node at ${keyOf(target)} left the cluster.`);
    }
  }

  /**
   * At random, so that not all clients listen to one node; one that was not tried yet, and that answers, where any is known to.
   *
   * @param tried takes note of the choice.
   */
  private choose(tried: Set<string>): Address {
    const nodes = [...this.topology.known];
    const fresh = nodes.filter(({ key }) => !tried.has(key));
    if (fresh.length === 0) tried.clear();
    const among = fresh.length > 0 ? fresh : nodes;
    const ready = among.filter(({ isReady }) => isReady);
    const { host, port, key } = oneOf(ready.length > 0 ? ready : among);
    tried.add(key);
    return { host, port, path: undefined };
  }
}

function oneOf(nodes: readonly ClusterNode[]): ClusterNode {
  return nodes[Math.floor(Math.random() * nodes.length)]!;
}
