import { Cluster, ClusterNode, ServerUnavailableError } from '../../scripts/servers/index.mjs';
import type { ClusterOptions } from '../../scripts/servers/cluster.mjs';
import { MISSING_SERVERS } from './servers.js';

export type { ClusterOptions };
export type TestCluster = Cluster;
export type TestClusterNode = ClusterNode;

/**
 * Starts a cluster of this kind, 3 masters with a replica each unless told otherwise, and waits until it takes
 * commands. That takes 2 s, which the servers wait by themselves: have one in a spec file, and stop it in `afterAll`.
 */
export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const reason = MISSING_SERVERS[options.kind];
  if (reason !== undefined) throw new ServerUnavailableError(options.kind, reason);
  return await Cluster.start(options);
}
