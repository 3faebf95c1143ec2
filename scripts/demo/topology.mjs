// @ts-check
import { Cluster, SentinelSetup } from '../servers/index.mjs';

/** @import { DemoServer } from './server.mjs' */

/** What several servers are started of. */
const KIND = 'redis-8.0';

/**
 * A cluster of three masters with a replica each, for the demo alone.
 *
 * @returns {Promise<DemoServer>}
 */
export async function startCluster() {
  const cluster = await Cluster.start({ kind: KIND });
  const nodes = cluster.addresses.map(({ host, port }) => `${host}:${port}`);
  return {
    place: { cluster: { nodes } },
    environment: { REDIS_CLUSTER_NODES: nodes.join(',') },
    about: `a cluster of ${nodes.length} nodes (${KIND}), the first at ${nodes[0]}`,
    ours: true,
    standIn: false,
    stop: () => cluster.stop(),
  };
}

/**
 * A master with two replicas and the three Sentinels that watch it, for the demo alone.
 *
 * @returns {Promise<DemoServer>}
 */
export async function startSentinel() {
  const setup = await SentinelSetup.start({ kind: KIND });
  const nodes = setup.addresses.map(({ host, port }) => `${host}:${port}`);
  const { masterName } = setup;
  return {
    place: { sentinel: { nodes, masterName } },
    environment: { REDIS_SENTINELS: nodes.join(','), REDIS_MASTER_NAME: masterName },
    about: `"${masterName}", which Sentinels at ${nodes.join(', ')} know (${KIND})`,
    ours: true,
    standIn: false,
    stop: () => setup.stop(),
  };
}
