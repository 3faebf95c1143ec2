// @ts-check
import { essence, isSound } from './cluster-view.mjs';

/**
 * @import { ClusterNode } from './cluster-node.mjs'
 * @import { NodeView } from './cluster-view.mjs'
 */

/**
 * What the nodes that run agree on; false while they do not, or while one of them does not take commands, sees something
 * wrong with another, or does not follow its master though that runs.
 *
 * @param {ClusterNode[]} running
 * @returns {Promise<NodeView[] | false>}
 */
export async function agreement(running) {
  const ids = new Set(running.map(({ id }) => id));
  const views = await Promise.all(running.map((node) => node.view()));
  if (new Set(views.map(essence)).size !== 1) return false;
  const [known] = views;
  if (running.some(({ id }) => !known.some((view) => view.id === id))) return false;
  if (views.flat().some((view) => ids.has(view.id) && !isSound(view))) return false;
  for (const node of running) {
    if (!(await node.ask('CLUSTER', 'INFO')).includes('cluster_state:ok')) return false;
    const own = known.find(({ id }) => id === node.id);
    if (own?.masterId === undefined || !ids.has(own.masterId)) continue;
    if ((await node.info('replication', 'master_link_status')) !== 'up') return false;
  }
  // A replica whose offset the others have not heard of yet would not be taken for one to read from.
  const reported = await Promise.all(running.map((node) => node.ask('CLUSTER', 'SHARDS')));
  for (const { nodes } of reported.flat())
    for (const { id, health } of nodes) if (ids.has(id) && health !== 'online') return false;
  return known;
}
