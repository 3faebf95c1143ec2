/** A cluster of our own for the scenarios that need one: three masters without replicas, for writes should cost no replication. */
import { Cluster } from '../../scripts/servers/index.mjs';
import { SMALL } from '../data.mjs';
import { ControlConnection } from './control-connection.mjs';

const MASTERS = 3;
const KIND = process.env.BENCH_CLUSTER_KIND ?? 'redis-8.0';

/** @returns {Promise<{ addresses, connections, stop(): Promise<void> }>} filled with the small keys */
export async function startCluster() {
  const cluster = await Cluster.start({ kind: KIND, masters: MASTERS, replicas: 0 });
  try {
    const connections = await Promise.all(
      cluster.addresses.map((address) => ControlConnection.open(address)),
    );
    await storeSmall(connections);
    const stop = async () => {
      for (const connection of connections) connection.close();
      await cluster.stop();
    };
    return { addresses: cluster.addresses, connections, stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Each node takes the keys that are its own, and refuses the others. */
async function storeSmall(connections) {
  await Promise.all(
    SMALL.keys.map((key, i) =>
      Promise.any(connections.map((connection) => connection.send('SET', key, SMALL.values[i]))),
    ),
  );
}
