import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from '../../../../lib/core/index.js';
import { eventually, ONE_KIND, startCluster, type TestCluster } from '../../../support/index.js';
import { holdSlot } from './support/hold-slot.js';
import { untilBlocked } from './support/until-blocked.js';

const ENTRIES = 200;

/** On one kind: how consumers work on each server, and how slots move and masters change there, is shown by themselves. */
describe.each(ONE_KIND)('a stream consumer on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({
      cluster: { nodes: cluster.addresses },
      reconnect: { delay: 10, maxDelay: 200 },
    });
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('handles every entry while its slot moves and its master changes; dead letters may be in another slot', async () => {
    expect(await cluster.slotOf('orders')).not.toBe(await cluster.slotOf('dead'));
    const handled = new Map<string, number>();
    const consumer = client.streamConsumer({
      stream: 'orders',
      group: 'g',
      consumer: 'me',
      claimIdle: 500,
      maxDeliveries: 2,
      deadLetter: 'dead',
    });
    const running = consumer.run(({ fields }) => {
      const n = fields['n']!;
      handled.set(n, (handled.get(n) ?? 0) + 1);
      if (n === 'poison') throw new Error('cannot be handled');
    });
    await untilBlocked(await cluster.masterOf('orders'), 'xreadgroup');
    let added = 0;
    let isOver = false;
    const add = async (): Promise<void> => {
      while (!isOver || added < ENTRIES) await client.xadd('orders', '*', 'n', added++);
    };
    const adding = add();
    await client.xadd('orders', '*', 'n', 'poison');
    const { finish } = await holdSlot(cluster, 'orders');
    const before = added;
    // the slot is on its way, and both ends of the stream go on
    await eventually(() => added > before + 20 && handled.size > before + 10);
    await finish();
    const [replica] = await cluster.replicasOf(await cluster.masterOf('orders'));
    await cluster.failover(replica!);
    isOver = true;
    await adding;
    await eventually(() => expect(handled.size).toBe(added + 1), { timeout: 15_000 });
    await eventually(async () => expect(await client.xlen('dead')).toBe(1), { timeout: 15_000 });
    await eventually(async () => expect((await client.xpending('orders', 'g')).pending).toBe(0));
    expect(handled.get('poison')).toBe(2);
    await untilBlocked(replica!, 'xreadgroup');
    await client.xadd('orders', '*', 'n', 'last');
    await eventually(() => expect(handled.get('last')).toBe(1));
    await consumer.stop();
    await running;
    const { stats } = consumer;
    expect(stats).toMatchObject({ deadLettered: 1, inFlight: 0, waiting: 0 });
    expect(client.connectionStats().lending.active).toBe(0);
  });

  it('goes on when the master of its stream dies', async () => {
    const handled = new Set<string>();
    const consumer = client.streamConsumer({ stream: 'jobs', group: 'g', consumer: 'me', claimIdle: 500 });
    const running = consumer.run(({ fields }) => void handled.add(fields['n']!), { concurrency: 4 });
    const master = await cluster.masterOf('jobs');
    await untilBlocked(master, 'xreadgroup');
    for (let n = 0; n < 20; n++) await client.xadd('jobs', '*', 'n', n);
    const [replica] = await cluster.replicasOf(master);
    // what the replica has not got yet nobody has
    await eventually(async () => String(await master.ask('WAIT', 1, 1_000)) === '1');
    await cluster.kill(master);
    await cluster.waitForPromotion(master);
    const patient = client.with({ timeout: 15_000 });
    for (let n = 20; n < 40; n++) await patient.xadd('jobs', '*', 'n', n);
    await eventually(() => expect(handled.size).toBe(40), { timeout: 15_000 });
    await untilBlocked(replica!, 'xreadgroup');
    await consumer.stop();
    await running;
    expect((await client.xpending('jobs', 'g')).pending).toBe(0);
  });
});
