import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from '../../../../lib/core/index.js';
import { ONE_KIND, startCluster, type TestCluster } from '../../../support/index.js';

/** In few slots, so that slots that move have many of them; and in all, so that passes take their time. */
const tagged = ['a', 'b', 'c', 'd'].flatMap((tag) =>
  Array.from({ length: 200 }, (_, index) => `{${tag}}${index}`),
);
const spread = Array.from({ length: 1_200 }, (_, index) => `spread:${index}`);
const everything = [...tagged, ...spread].toSorted();

describe.each(ONE_KIND)('scanIterator() on a cluster of %s whose slots move', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses } });
    await client.connect();
    await Promise.all(everything.map((key) => client.set(key, 1)));
  });

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  /** What it gave, each key once; after each of the first batches `meanwhile` is done. */
  async function scan(meanwhile: (batch: number) => Promise<unknown> | undefined): Promise<string[]> {
    const found = new Set<string>();
    let batch = 0;
    for await (const keys of client.scanIterator({ count: 20 })) {
      for (const key of keys) found.add(key);
      await meanwhile(batch++);
    }
    return [...found].toSorted();
  }

  it('gives what goes to a node that was scanned before', async () => {
    const [first, second] = await mastersInOrder();
    const slots = await Promise.all(['a', 'b', 'c', 'd'].map((tag) => cluster.slotOf(tag)));
    // all four on the node that comes second, which has them go to the first once that was scanned
    for (const slot of slots) await cluster.moveSlot(slot, second!);
    const total = await client.dbsize();
    expect(total).toBe(everything.length);
    const seen = await scan((batch) => (batch === 30 ? moveAll(slots, first!) : undefined));
    expect(seen).toEqual(everything);
  });

  it('gives everything while slots move to and fro all the time', async () => {
    const masters = await mastersInOrder();
    const slots = await Promise.all(['a', 'b', 'c', 'd'].map((tag) => cluster.slotOf(tag)));
    let moves = 0;
    const seen = await scan((batch) =>
      batch % 4 === 0 && moves < 24 ? cluster.moveSlot(slots[moves % 4]!, masters[++moves % 3]!) : undefined,
    );
    expect(moves).toBeGreaterThanOrEqual(10);
    expect(seen).toEqual(everything);
  });

  it('gives what has gone over while the slot is on its way, however long that takes', async () => {
    const slot = await cluster.slotOf('a');
    // the one that it comes to first, so that the other's keys come when the slot might be taken for done
    const [source, target] = await mastersInOrder();
    await cluster.moveSlot(slot, source!);
    let seen: string[] = [];
    await cluster.moveSlot(slot, target!, { onHalfWay: async () => (seen = await scan(() => undefined)) });
    expect(seen).toEqual(everything);
  });

  it('gives everything although the master of a shard is replaced meanwhile', async () => {
    const [first, second] = await mastersInOrder();
    for (const [batch, master] of [
      [3, first!],
      [40, second!],
    ] as const) {
      const [replica] = await cluster.replicasOf(master);
      const seen = await scan((nth) => (nth === batch ? cluster.failover(replica!) : undefined));
      expect(seen).toEqual(everything);
    }
  });

  async function moveAll(slots: readonly number[], target: Awaited<ReturnType<typeof cluster.masterOf>>) {
    for (const slot of slots) await cluster.moveSlot(slot, target);
  }

  /** As a scan comes to them: by their first slots. */
  async function mastersInOrder() {
    return [await cluster.masterOf(0), await cluster.masterOf(6_000), await cluster.masterOf(12_000)];
  }
});
