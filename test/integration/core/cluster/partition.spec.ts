import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from '../../../../lib/core/index.js';
import {
  eventually,
  Partition,
  startCluster,
  type TestCluster,
  TopologyWorkload,
} from '../../../support/index.js';

/** ms for which nodes are cut off: several of the longest pauses between two attempts. */
const OUTAGE = 2_500;
/** Attempts to connect that a client may make in a second, to all nodes together, whatever its 200 callers do. */
const ATTEMPTS_PER_SECOND = 40;

describe('a client that is cut off from nodes of its cluster', () => {
  let cluster: TestCluster;
  let partition: Partition;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'valkey-9.1', args: ['--enable-debug-command', 'yes'] });
    partition = await Partition.start(cluster.nodes);
    client = connectTo(partition.addresses);
  });

  afterEach(() => {
    partition.heal();
  });

  afterAll(async () => {
    await client.close();
    await partition.stop();
    await cluster.stop();
  });

  function connectTo(nodes: { host: string; port: number }[]): RedisClient {
    const { natMap } = partition;
    const made = new RedisClient({
      commandTimeout: 1_000,
      socketTimeout: 1_000,
      reconnect: { maxDelay: 500 },
      cluster: { nodes, natMap: (address) => natMap[`${address.host}:${address.port}`] },
    });
    made.on('error', () => undefined);
    return made;
  }

  it.each(['sever', 'blackhole'] as const)(
    'makes few attempts while all are gone (%s), and is soon back',
    async (existing) => {
      await using load = await TopologyWorkload.start(client, { prefix: existing, pause: 20 });
      await eventually(() => expect(load.outcomes.length).toBeGreaterThan(1_000));
      const cutAt = performance.now();
      partition.cutOff(undefined, { existing });
      await sleep(OUTAGE);
      const attempts = partition.attempts(undefined, cutAt);
      partition.heal();
      const healedAt = performance.now();
      const again = await eventually(() => load.firstWriteSince(healedAt)?.at ?? false);
      const summary = await load.verify((key) => client.get(key));
      process.stderr.write(
        `all nodes gone (${existing}) for ${OUTAGE} ms: ${attempts} attempts; writing ${Math.round(again - healedAt)} ms after; ${JSON.stringify(summary)}\n`,
      );
      expect(summary).toMatchObject({ violations: [], unsettled: 0 });
      expect(attempts).toBeGreaterThan(0);
      expect(attempts).toBeLessThan((ATTEMPTS_PER_SECOND * OUTAGE) / 1_000);
    },
  );

  it('goes on with the others while one master is out of reach', async () => {
    const [gone] = await cluster.masters();
    await using load = await TopologyWorkload.start(client, { prefix: 'one', pause: 20, callers: 50 });
    await eventually(() => expect(load.outcomes.length).toBeGreaterThan(200));
    const cutAt = performance.now();
    partition.cutOff([gone!], { existing: 'sever' });
    const other = (await cluster.masters()).find((node) => node !== gone)!;
    await sleep(OUTAGE / 2);
    const attempts = partition.attempts(gone, cutAt);
    expect(partition.attempts(other, cutAt)).toBe(0);
    expect(load.firstWriteSince(cutAt + 500)).toBeDefined();
    partition.heal();
    const healedAt = performance.now();
    const summary = await load.verify((key) => client.get(key));
    expect(summary).toMatchObject({ violations: [], unsettled: 0, lost: 0 });
    expect(performance.now() - healedAt).toBeLessThan(10_000);
    expect(attempts).toBeLessThan((ATTEMPTS_PER_SECOND * OUTAGE) / 2_000);
  });

  it('believes those who see the cluster, not a node that its fellows have given up', async () => {
    const lonely = await cluster.masterOf('lonely');
    await client.set('lonely', 'before');
    await using late = connectTo([partition.addressOf(lonely)]);
    // -2 is all: it hears nothing of the others any more, but answers its clients
    await lonely.ask('DEBUG', 'DROP-CLUSTER-PACKET-FILTER', -2);
    try {
      const heir = await cluster.waitForPromotion(lonely);
      // it has but that node to begin with, which sends it to none
      await eventually(() => late.set('lonely', 'late'), { timeout: 10_000 });
      const lateAt = performance.now();
      await eventually(() => client.set('lonely', 'after'), { timeout: 10_000 });
      process.stderr.write(
        `a node given up by its fellows: ${Math.round(lateAt - heir.promotedAt!)} ms after the promotion for a client that knew no other, ${Math.round(performance.now() - lateAt)} ms more for one that did\n`,
      );
      expect(await heir.ask('GET', 'lonely')).toBe('after');
      // whoever is asked from now on: the map does not go back
      const values = [];
      for (let round = 0; round < 20; round++)
        values.push(await client.get('lonely'), await late.get('lonely'));
      expect(new Set(values)).toEqual(new Set(['after']));
    } finally {
      await lonely.ask('DEBUG', 'DROP-CLUSTER-PACKET-FILTER', -1);
    }
    await cluster.settled();
  }, 30_000);

  it('finds all nodes at new addresses as long as one to begin with leads there', async () => {
    const moving = { map: partition.natMap };
    const [seed] = cluster.addresses;
    const fresh = await Partition.start(cluster.nodes);
    await using moved = new RedisClient({
      reconnect: { maxDelay: 500 },
      cluster: { nodes: ['127.0.0.1:1', seed!], natMap: ({ host, port }) => moving.map[`${host}:${port}`] },
    });
    moved.on('error', () => undefined);
    await moved.set('moved', 'before');
    moving.map = fresh.natMap;
    try {
      partition.cutOff(undefined, { existing: 'sever' });
      // the first may have been on its way
      await eventually(() => moved.set('moved', 'after'));
      expect(await moved.get('moved')).toBe('after');
      await moved.close();
      await eventually(() => expect(fresh.standing()).toBe(0));
    } finally {
      await fresh.stop();
    }
  });
});
