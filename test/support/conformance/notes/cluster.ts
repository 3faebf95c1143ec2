import { eventually } from '../../eventually.js';
import type { World } from '../world.js';
import type { Note } from './note.js';

/** A key of slot 0. */
const KEY_OF_SLOT_0 = '06S';

/** The node has all slots, and its cluster works. It takes a server most of a second to see that it does. */
async function takeAllSlots({ helper, facts }: World): Promise<void> {
  const about = await helper.clusterInfo();
  if (!about.includes('cluster_slots_assigned:16384')) {
    await giveAllSlots({ helper });
    await helper.clusterAddslotsrange(0, 16_383);
  }
  facts.nodeId = await helper.clusterMyid();
}

async function giveAllSlots({ helper }: Pick<World, 'helper'>): Promise<void> {
  await helper.call('FLUSHALL').catch(() => undefined);
  await helper.clusterFlushslots();
}

const WITHOUT_SLOTS: Note = { before: giveAllSlots, after: takeAllSlots };
const WITH_SLOTS: Note = { before: takeAllSlots };
const WITH_KEYS: Note = {
  before: async (world) => {
    await takeAllSlots(world);
    const once = world.helper.with({ retry: false });
    await eventually(() => once.set(KEY_OF_SLOT_0, 'value'));
  },
};
const ALONE = { everywhere: 'the cluster has one node' };

/** CLUSTER, on a server of one node with all slots. */
export const clusterNotes: Record<string, Note> = {
  'CLUSTER ADDSLOTS': WITHOUT_SLOTS,
  'CLUSTER ADDSLOTSRANGE': WITHOUT_SLOTS,
  'CLUSTER COUNT-FAILURE-REPORTS': WITH_SLOTS,
  'CLUSTER COUNTKEYSINSLOT': WITH_KEYS,
  'CLUSTER DELSLOTS': WITH_SLOTS,
  'CLUSTER DELSLOTSRANGE': WITH_SLOTS,
  'CLUSTER FLUSHSLOT': WITH_KEYS,
  'CLUSTER FLUSHSLOTS': WITHOUT_SLOTS,
  'CLUSTER GETKEYSINSLOT': WITH_KEYS,
  'CLUSTER GETSLOTMIGRATIONS': { empty: { everywhere: 'a slot migrates to another node' } },
  'CLUSTER KEYSLOT': { values: { key: KEY_OF_SLOT_0 } },
  'CLUSTER LINKS': { empty: ALONE },
  'CLUSTER MEET': { values: { port: '1', 'cluster-bus-port': '2' } },
  'CLUSTER REPLICAS': { ...WITH_SLOTS, empty: ALONE },
  'CLUSTER REPLICATE': {
    empty: { 'redis-7.0': 'it is refused', 'redis-8.0': 'it is refused' },
    values: { 'node-id': (_, facts) => facts.nodeId },
    before: takeAllSlots,
    refused: {
      minimal: { answer: /replicate myself/i, because: 'there is no second node' },
      'node-id': { answer: /replicate myself/i, because: 'there is no second node' },
    },
  },
  'CLUSTER RESET': WITHOUT_SLOTS,
  'CLUSTER SET-CONFIG-EPOCH': {
    before: async (world) => {
      await giveAllSlots(world);
      await world.helper.clusterReset('HARD');
    },
    after: takeAllSlots,
    values: { 'config-epoch': '1' },
  },
  'CLUSTER SETSLOT': {
    ...WITH_SLOTS,
    values: {
      importing: (_, facts) => facts.nodeId,
      migrating: (_, facts) => facts.nodeId,
      node: (_, facts) => facts.nodeId,
      TIMEOUT: '1000',
    },
    refused: {
      minimal: { answer: /already the owner/, because: 'there is no second node' },
      IMPORTING: { answer: /already the owner/, because: 'there is no second node' },
      // Redis lets a slot migrate to where it is
      TIMEOUT: { answer: /already the owner/, because: 'there is no second node' },
      MIGRATING: { answer: /myself/, because: 'there is no second node', on: ['valkey-9.1'] },
    },
  },
  'CLUSTER SHARDS': WITH_SLOTS,
  'CLUSTER SLAVES': { ...WITH_SLOTS, empty: ALONE },
  'CLUSTER SLOT-STATS': { ...WITH_KEYS, values: { metric: 'key-count' } },
  'CLUSTER SLOTS': WITH_SLOTS,
  CLUSTERSCAN: { ...WITH_KEYS, values: { cursor: '0', 'match-pattern': '*', type: 'string', slot: '0' } },
};
