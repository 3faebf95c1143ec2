// @ts-check
import { until } from './until.mjs';

/** @import { ClusterNode } from './cluster-node.mjs' */

export const SLOTS = 16_384;
const BATCH = 50;
const MIGRATE_TIMEOUT = 5_000;

/**
 * Ranges of slots, one for each of `count` masters, as even as they can be.
 *
 * @param {number} count
 * @returns {[number, number][]}
 */
export function shares(count) {
  const bound = (/** @type {number} */ index) => Math.round((index * SLOTS) / count);
  return Array.from({ length: count }, (_, index) => [bound(index), bound(index + 1) - 1]);
}

/**
 * Moves a slot with what is in it while clients go on using it, in the steps that every version knows.
 *
 * @param {object} move
 * @param {number} move.slot
 * @param {ClusterNode} move.source
 * @param {ClusterNode} move.target
 * @param {ClusterNode[]} move.others      the other masters, which are told as well
 * @param {string} [move.password]         of the target
 * @param {() => unknown} [move.onHalfWay] called once, between two batches, when half of the keys have gone over
 */
export async function moveSlot({ slot, source, target, others, password, onHalfWay }) {
  await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
  await source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
  const half = Math.ceil((await source.ask('CLUSTER', 'COUNTKEYSINSLOT', slot)) / 2);
  const batch = Math.max(1, Math.min(BATCH, half));
  for (let gone = 0; ;) {
    /** @type {string[]} */
    const keys = await source.ask('CLUSTER', 'GETKEYSINSLOT', slot, batch);
    if (keys.length > 0) await migrate(source, target, keys, password);
    gone += keys.length;
    if (onHalfWay && gone >= half) {
      await onHalfWay();
      onHalfWay = undefined;
    } else if (keys.length === 0) break;
  }
  for (const node of [target, source, ...others]) await assign(node, slot, target);
}

/**
 * Valkey 9's own way: the source hands the slots over as a whole.
 *
 * @param {{ first: number, last: number, source: ClusterNode, target: ClusterNode }} move
 */
export async function migrateAtomically({ first, last, source, target }) {
  await source.ask('CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', first, last, 'NODE', target.id);
  const job = await until('the slots have gone over', async () => {
    const [newest] = await source.ask('CLUSTER', 'GETSLOTMIGRATIONS');
    return /success|failed|cancel/.test(newest?.state) && newest;
  });
  if (job.state !== 'success')
    throw new Error(`Slots ${first} to ${last}: ${job.state}, ${job.message}`.trimEnd());
}

/**
 * @param {ClusterNode} source
 * @param {ClusterNode} target
 * @param {string[]} keys
 * @param {string | undefined} password
 */
async function migrate(source, target, keys, password) {
  const auth = password === undefined ? [] : ['AUTH', password];
  // REPLACE: after a time limit they may have gone over although the source has kept them.
  const words = [target.host, target.port, '', 0, MIGRATE_TIMEOUT, 'REPLACE', ...auth, 'KEYS', ...keys];
  await until(`MIGRATE of ${keys.length} keys`, async () => {
    await source.ask('MIGRATE', ...words);
    return true;
  });
}

/**
 * Newer servers want a replica to have heard it first, and refuse where none did in time.
 *
 * @param {ClusterNode} node
 * @param {number} slot
 * @param {ClusterNode} owner
 */
export async function assign(node, slot, owner) {
  await until(`CLUSTER SETSLOT ${slot} NODE`, async () => {
    await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', owner.id);
    return true;
  });
}
