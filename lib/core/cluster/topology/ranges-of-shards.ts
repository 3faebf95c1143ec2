import type { ClusterSlotRange, MixedRecord } from '../../commands/reply-types.js';

/**
 * What CLUSTER SLOTS would have told, by what CLUSTER SHARDS tells.
 *
 * @param usesTls clients connect to the ports for TLS.
 */
export function rangesOfShards(shards: readonly MixedRecord[], usesTls: boolean): ClusterSlotRange[] {
  return shards.flatMap(({ slots, nodes }) => {
    const members = (nodes as unknown as MixedRecord[])
      // a node that failed leads nowhere; one that loads answers soon
      .filter(({ health }) => health !== 'fail')
      .map((node) => ({
        host: node['endpoint'] as string | null,
        port: Number((usesTls ? node['tls-port'] : node['port']) ?? node['port'] ?? node['tls-port']),
        id: String(node['id']),
        metadata: {},
        isMaster: node['role'] === 'master',
      }));
    // the master first; without one, nobody serves these slots
    members.sort((one, other) => Number(other.isMaster) - Number(one.isMaster));
    if (members[0]?.isMaster !== true) return [];
    const bounds = slots as unknown as number[];
    return Array.from({ length: bounds.length / 2 }, (_, index) => ({
      start: Number(bounds[index * 2]),
      end: Number(bounds[index * 2 + 1]),
      nodes: members,
    }));
  });
}
