import type { Address } from '../connection/open-socket.js';
import type { Route, RoutedConnection } from '../connection/route.js';
import type { ClusterNode } from './cluster-node.js';
import type { ClusterTopology } from './cluster-topology.js';
import { keyOf } from './slot-map.js';

/** Leads to some node of the cluster, whichever: for subscriptions, whose messages all nodes hear. */
export class AnyNodeRoute implements Route {
  readonly isPatient = true;
  private readonly connections = new Set<RoutedConnection>();

  /** @param whenKnown resolves once nodes are known. */
  constructor(
    readonly name: string,
    private readonly topology: ClusterTopology,
    private readonly whenKnown: () => Promise<void>,
  ) {}

  find(connection: RoutedConnection): Address | Promise<Address> {
    this.connections.add(connection);
    return this.topology.isKnown ? this.choose() : this.whenKnown().then(() => this.choose());
  }

  onClosed(connection: RoutedConnection): void {
    this.connections.delete(connection);
  }

  /** The map has changed: a node that is in it no more hears nothing of its former fellows. */
  onChange(): void {
    const present = new Set([...this.topology.known].map(({ key }) => key));
    for (const connection of this.connections) {
      const { target } = connection;
      if (target !== undefined && !present.has(keyOf(target)))
        connection.move(`The node at ${keyOf(target)} left the cluster.`);
    }
  }

  /** At random, so that not all clients listen to one node; one that answers, where any is known to. */
  private choose(): Address {
    const nodes = [...this.topology.known];
    const ready = nodes.filter(({ isReady }) => isReady);
    const { host, port } = oneOf(ready.length > 0 ? ready : nodes);
    return { host, port, path: undefined };
  }
}

function oneOf(nodes: readonly ClusterNode[]): ClusterNode {
  return nodes[Math.floor(Math.random() * nodes.length)]!;
}
