import type { ResolvedAddress } from '../../resolve-topology.js';
import { keyOf } from '../slots/slot-map.js';
import type { ClusterNode } from './cluster-node.js';
import type { ClusterTopology } from './cluster-topology.js';

/**
 * The addresses to begin with. As long as one of them is in no map it is asked for the map and for nothing else: it may be a name
 * that stands for some node, or one that left.
 */
export class SeedNodes {
  private readonly nodes = new Map<string, ClusterNode>();

  constructor(
    private readonly addresses: readonly ResolvedAddress[],
    private readonly create: (address: ResolvedAddress) => ClusterNode,
  ) {}

  /** Those that were made and are in no map. */
  get spare(): Iterable<ClusterNode> {
    return this.nodes.values();
  }

  isSpare(node: ClusterNode): boolean {
    return this.nodes.get(node.key) === node;
  }

  /** A node for each address that the map has none for. */
  missingIn(topology: ClusterTopology): Iterable<ClusterNode> {
    for (const address of this.addresses) {
      const key = keyOf(address);
      if (!topology.knows(key) && !this.nodes.has(key)) this.nodes.set(key, this.create(address));
    }
    return this.nodes.values();
  }

  /** The one of that address, which the map has from now on. */
  take(address: ResolvedAddress): ClusterNode | undefined {
    const key = keyOf(address);
    const node = this.nodes.get(key);
    this.nodes.delete(key);
    return node;
  }

  /** All: the map has been told, and they are not in it. */
  takeAll(): ClusterNode[] {
    const all = [...this.nodes.values()];
    this.nodes.clear();
    return all;
  }
}
