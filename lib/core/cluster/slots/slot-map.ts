import type { ClusterSlotRange } from '../../commands/reply-types.js';
import type { ResolvedAddress } from '../../resolve-topology.js';

/** A master and its replicas, as a node has told. */
export interface ShardAddresses {
  readonly master: ResolvedAddress;
  readonly replicas: readonly ResolvedAddress[];
  /** First and last slots of its ranges. */
  readonly ranges: (readonly [first: number, last: number])[];
}

/**
 * The shards of a cluster by what CLUSTER SLOTS answers.
 *
 * @param asked the node that answered: others that have no address of their own have its host.
 * @param nat the address of a node as it can be reached from here.
 */
export function readSlots(
  ranges: readonly ClusterSlotRange[],
  asked: ResolvedAddress,
  nat: (address: ResolvedAddress) => ResolvedAddress,
): ShardAddresses[] {
  const shards = new Map<string, ShardAddresses>();
  for (const { start, end, nodes } of ranges) {
    const [master, ...replicas] = nodes.map(({ host, port }) => {
      const isUnknown = host === null || host === '' || host === '?';
      // the host at hand was translated already
      return isUnknown
        ? { host: asked.host, port: nat({ host: asked.host, port }).port }
        : nat({ host, port });
    });
    if (master === undefined) continue;
    const key = keyOf(master);
    const shard = shards.get(key) ?? { master, replicas, ranges: [] };
    shard.ranges.push([start, end]);
    shards.set(key, shard);
  }
  return [...shards.values()];
}

/** What a node is known by: its address as it can be reached from here. */
export function keyOf({ host, port }: ResolvedAddress): string {
  return `${host}:${port}`;
}
