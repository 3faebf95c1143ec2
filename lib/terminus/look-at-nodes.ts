import type { NodeFinding, RedisClient } from '../core/index.js';
import type { NodeHealth } from './connection-health.js';
import { inHundredths, statusOf, wordsOf, type Finding } from './finding.js';
import type { ResolvedHealthOptions } from './resolve-health-options.js';

/** Nodes whose trouble is told in words; all of them are told in `nodes`. */
const MOST_NAMED = 3;

/** A client whose servers are looked at one by one. */
type ClusterClient = Partial<RedisClient> & Pick<RedisClient, 'probeNodes'>;

export function isClusterClient(client: Partial<RedisClient>): client is ClusterClient {
  return client.options?.cluster !== undefined && typeof client.probeNodes === 'function';
}

/**
 * Looks at each node of a cluster. Where some masters answer and some do not, `whenNodeDown` says what that is worth.
 *
 * @returns undefined where there is no connection to any of them, and none is being made.
 */
export async function lookAtNodes(
  client: ClusterClient,
  { timeout, degradedAfter, whenNodeDown }: ResolvedHealthOptions,
): Promise<Finding | undefined> {
  const { nodes: found, uncoveredSlots } = await client.probeNodes(timeout);
  const masters = found.filter(({ role }) => role !== 'replica');
  if (masters.every(({ state, latency }) => state === 'idle' && latency === undefined)) return undefined;
  const nodes = found.map((node) => healthOf(node, timeout));
  const silent = nodes.flatMap(({ message }) => message ?? []);
  const problems = silent.slice(0, MOST_NAMED);
  if (silent.length > MOST_NAMED) problems.push(`${silent.length - MOST_NAMED} further nodes do not answer`);
  if (uncoveredSlots > 0) problems.push(`${uncoveredSlots} slots are served by no node`);
  const message = problems.length === 0 ? undefined : problems.join('; ');
  const latencies = masters.flatMap(({ latency }) => latency ?? []);
  if (latencies.length === 0) return { status: 'down', details: { nodes }, message };
  const latency = inHundredths(Math.max(...latencies));
  const details = { latency, nodes };
  if (message !== undefined) return { status: statusOf(whenNodeDown), details, message };
  return latency > degradedAfter
    ? { status: 'degraded', details, message: `slower than ${degradedAfter} ms` }
    : { status: 'up', details };
}

function healthOf(node: NodeFinding, timeout: number): NodeHealth {
  const { address, role = 'master', state, latency, error } = node;
  if (latency !== undefined) return { address, role, state, latency: inHundredths(latency) };
  // what was never used cannot be checked, and says nothing about the node
  if (state === 'idle' && error?.cause === undefined) return { address, role, state };
  return { address, role, state, message: wordsOf(error, `Redis at ${address}`, timeout) };
}
