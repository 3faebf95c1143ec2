// @ts-check
import { messageOf } from '../lib/report.mjs';
import { isSound } from './cluster-view.mjs';
import { until } from './until.mjs';

/** @import { ClusterNode } from './cluster-node.mjs' */

/**
 * Newcomers meet everyone, for waiting until they hear of each other takes longer. Resolves when all know all.
 *
 * @param {ClusterNode[]} newcomers
 * @param {ClusterNode[]} everyone
 */
export async function meet(newcomers, everyone) {
  await Promise.all(
    newcomers.flatMap((node) =>
      everyone
        .filter((other) => other !== node)
        .map((other) => node.ask('CLUSTER', 'MEET', other.host, other.port, String(other.server.busPort))),
    ),
  );
  await until('the nodes of a cluster know each other', async () => {
    for (const node of everyone) {
      const known = (await node.view()).filter((view) => isSound(view) && view.linked);
      if (everyone.some(({ id }) => !known.some((view) => view.id === id))) return false;
    }
    return true;
  });
}

/**
 * @param {ClusterNode} node
 * @param {ClusterNode} master
 */
export async function replicate(node, master) {
  await until('a node becomes a replica', async () => {
    await node.ask('CLUSTER', 'REPLICATE', master.id);
    return true;
  });
}

/**
 * @param {ClusterNode} node
 * @param {string} id
 */
export async function forget(node, id) {
  try {
    await node.ask('CLUSTER', 'FORGET', id);
  } catch (error) {
    // Newer servers pass it on among themselves.
    if (!/Unknown node/i.test(messageOf(error))) throw error;
  }
}
