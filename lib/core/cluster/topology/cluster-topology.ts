import { clock } from '../../connection/coarse-clock.js';
import type { ResolvedAddress } from '../../resolve-topology.js';
import { SLOT_COUNT } from '../slots/key-slot.js';
import { keyOf, type ShardAddresses } from '../slots/slot-map.js';
import { Shard, type ClusterNode } from './cluster-node.js';

/** The nodes of a cluster, and which of them has which slot, as far as is known. */
export class ClusterTopology {
  private readonly nodes = new Map<string, ClusterNode>();
  private slots: (Shard | undefined)[] = [];
  private all: readonly Shard[] = [];

  /** @param create makes a node that was not known before. */
  constructor(private readonly create: (address: ResolvedAddress) => ClusterNode) {}

  /** Has any node told of its slots? */
  get isKnown(): boolean {
    return this.all.length > 0;
  }

  get shards(): readonly Shard[] {
    return this.all;
  }

  /** Nodes that have slots; none before anything is known. */
  get masters(): readonly ClusterNode[] {
    return this.all.map(({ master }) => master);
  }

  /** All that are known, those to begin with among them as long as nothing else is. */
  get known(): Iterable<ClusterNode> {
    return this.nodes.values();
  }

  /** Slots that no node serves. */
  get uncovered(): number {
    let count = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (this.slots[slot] === undefined) count++;
    return count;
  }

  shardOf(slot: number): Shard | undefined {
    return this.slots[slot];
  }

  /** The node of that address, known from then on. */
  nodeAt(address: ResolvedAddress): ClusterNode {
    const key = keyOf(address);
    let node = this.nodes.get(key);
    if (node === undefined) this.nodes.set(key, (node = this.create(address)));
    return node;
  }

  knows(key: string): boolean {
    return this.nodes.has(key);
  }

  has(node: ClusterNode): boolean {
    return this.nodes.get(node.key) === node;
  }

  /** One slot has moved: what a node says of the others comes later. */
  noteMoved(slot: number, node: ClusterNode): void {
    if (this.slots[slot]?.master === node) return;
    let shard = this.all.find(({ master }) => master === node);
    if (shard === undefined) {
      node.role = 'master';
      shard = new Shard(node, []);
      this.all = [...this.all, shard];
    }
    this.slots[slot] = shard;
  }

  /** Takes over what a node has told. Gives the nodes that are in it no more. */
  adopt(told: readonly ShardAddresses[]): ClusterNode[] {
    const slots = Array.from<Shard | undefined>({ length: SLOT_COUNT });
    const shards: Shard[] = [];
    const present = new Set<ClusterNode>();
    for (const { master, replicas, ranges } of told) {
      const shard = new Shard(
        this.take(master, 'master', present),
        replicas.map((address) => this.take(address, 'replica', present)),
      );
      shards.push(shard);
      for (const [first, last] of ranges) for (let slot = first; slot <= last; slot++) slots[slot] = shard;
    }
    const gone = [...this.nodes.values()].filter((node) => !present.has(node) && node.keptUntil <= clock.now);
    for (const { key } of gone) this.nodes.delete(key);
    this.slots = slots;
    this.all = shards;
    return gone;
  }

  private take(address: ResolvedAddress, role: ClusterNode['role'], present: Set<ClusterNode>): ClusterNode {
    const node = this.nodeAt(address);
    node.role = role;
    present.add(node);
    return node;
  }
}
