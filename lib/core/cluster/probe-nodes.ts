import { RedisDisconnectedError, type RedisError } from '../errors.js';
import type { NodeFinding, NodesFinding } from '../observation/node-finding.js';
import type { ClusterNode } from './topology/cluster-node.js';
import type { ClusterTopology } from './topology/cluster-topology.js';

/** Whose nodes are probed. */
interface Probed {
  readonly topology: ClusterTopology;
  /** Reads may go to replicas. */
  readonly readsReplicas: boolean;
}

/**
 * PINGs the nodes of a cluster at the same time, each on its live connection: all masters, and the replicas that were read from.
 * Opens nothing, and never rejects.
 *
 * @param timeout ms, for all of them.
 */
export async function probeNodes(
  { topology, readsReplicas }: Probed,
  timeout: number,
): Promise<NodesFinding> {
  const { masters, isKnown } = topology;
  const replicas = readsReplicas && isKnown ? [...topology.known].filter(isReadReplica) : [];
  const nodes = await Promise.all([...masters, ...replicas].map((node) => probeNode(node, timeout)));
  return { nodes, uncoveredSlots: topology.uncovered };
}

/**
 * The longest time to an answer of a master, ms.
 *
 * @throws {RedisError} where none answers.
 */
export function slowestOf(
  { nodes }: NodesFinding,
  cluster: string,
  lastError: RedisError | undefined,
): number {
  const masters = nodes.filter(({ role }) => role === 'master');
  const latencies = masters.flatMap(({ latency }) => latency ?? []);
  if (latencies.length > 0) return Math.max(...latencies);
  // of a node that nothing has used there is nothing to tell
  const failed = masters.find(({ state, error }) => state !== 'idle' && error !== undefined);
  if (failed !== undefined) throw failed.error!;
  throw new RedisDisconnectedError(
    'DISCONNECTED',
    `PING was not sent: there is no connection to ${cluster}.`,
    {
      command: 'PING',
      cause: lastError,
    },
  );
}

function isReadReplica({ role, usedEngine }: ClusterNode): boolean {
  return role === 'replica' && usedEngine !== undefined;
}

async function probeNode(node: ClusterNode, timeout: number): Promise<NodeFinding> {
  const { key: address, role, usedEngine: engine } = node;
  try {
    if (engine === undefined) throw unused(address);
    const latency = await engine.probe(timeout);
    return { address, role, state: engine.status, latency, error: undefined };
  } catch (error) {
    const state = engine?.status ?? 'idle';
    return { address, role, state, latency: undefined, error: error as Error };
  }
}

function unused(address: string): RedisDisconnectedError {
  const message = `PING was not sent: nothing has used the connection to Redis at ${address} yet.`;
  return new RedisDisconnectedError('DISCONNECTED', message, { command: 'PING' });
}
