import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keySlot } from '../../../../lib/core/cluster/key-slot.js';
import { RedisClient } from '../../../../lib/core/index.js';
import {
  eventually,
  SERVER_KINDS,
  startCluster,
  type TestCluster,
  type TestClusterNode,
} from '../../../support/index.js';
import { listenToNumbers, publishNumbers } from './support/numbered.js';

describe.each(SERVER_KINDS)('pub/sub on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  const clients: RedisClient[] = [];

  const make = (options: { protocol?: 2 | 3 } = {}): RedisClient => {
    const client = new RedisClient({
      cluster: { nodes: cluster.addresses },
      reconnect: { delay: 20, maxDelay: 100 },
      ...options,
    });
    clients.push(client);
    return client;
  };
  const otherMaster = async (node: TestClusterNode): Promise<TestClusterNode> =>
    (await cluster.masters()).find((other) => other !== node)!;
  /** Who listens to shard channels of a node, as the node sees it. */
  const listeners = async (node: TestClusterNode): Promise<string[]> =>
    (await node.ask('CLIENT', 'LIST', 'TYPE', 'PUBSUB')).split('\n').filter((line: string) => line !== '');

  beforeAll(async () => {
    cluster = await startCluster({ kind });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await cluster.stop();
  });

  it('listens to shard channels of all nodes in one subscription, and leaves one of them', async () => {
    const client = make();
    const channels = Array.from({ length: 30 }, (_, index) => `many:${index}`);
    const subscription = await client.ssubscribe(channels);
    const counts = await Promise.all(channels.map((channel) => client.spublish(channel, channel)));
    expect(counts).toEqual(channels.map(() => 1));
    const heard: string[] = [];
    for await (const { type, channel, data } of subscription) {
      expect({ type, channel }).toEqual({ type: 'smessage', channel: data });
      if (heard.push(channel) === channels.length) break;
    }
    expect(heard.toSorted()).toEqual(channels.toSorted());
    // leaving the loop has left them all, and closed the connections
    await eventually(async () => {
      for (const node of cluster.nodes) expect(await listeners(node)).toEqual([]);
    });
    expect(await client.spublish('many:0', '')).toBe(0);

    const two = await client.ssubscribe('stays', 'goes');
    const second = await client.ssubscribe(['goes'], { buffers: true });
    await two.unsubscribe('goes');
    expect(await client.spublish('goes', 'bytes')).toBe(1);
    expect((await second.next()).value?.data).toEqual(Buffer.from('bytes'));
    await second.unsubscribe();
    expect(await client.spublish('goes', '')).toBe(0);
    expect(await client.spublish('stays', 'heard')).toBe(1);
    expect((await two.next()).value?.data).toBe('heard');
    expect(client.subscriberStatus).toEqual({ state: 'ready', subscriptions: 1, deafFor: undefined });
    expect(await client.probeSubscriber(5_000)).toBeGreaterThan(0);
  });

  it.each([2, 3] as const)('follows a slot that moves to and fro, over RESP%d', async (protocol) => {
    const client = make({ protocol });
    const channel = `moves:${protocol}`;
    const slot = keySlot(channel);
    const source = await cluster.masterOf(slot);
    const target = await otherMaster(source);
    const heard = listenToNumbers(await client.ssubscribe(channel));
    const also = listenToNumbers(await client.ssubscribe(channel));
    await using publisher = publishNumbers(make(), channel);
    await publisher.more();
    for (const node of [target, source, target]) {
      await cluster.moveSlot(slot, node);
      await eventually(async () => {
        expect(await node.ask('PUBSUB', 'SHARDNUMSUB', channel)).toEqual([channel, 1]);
      });
    }
    await publisher.more();
    await publisher.stop();
    await eventually(() => expect(heard.last).toBe(publisher.last));
    for (const one of [heard, also]) {
      expect(one.gaps.length).toBeGreaterThanOrEqual(1);
      one.check(publisher.log);
    }
    await cluster.moveSlot(slot, source);
  });

  it('follows a failover by arrangement', async () => {
    const client = make();
    const heard = listenToNumbers(await client.ssubscribe('arranged'));
    const master = await cluster.masterOf('arranged');
    const [replica] = await cluster.replicasOf(master);
    await using publisher = publishNumbers(make(), 'arranged');
    await publisher.more();
    await cluster.failover(replica!);
    await publisher.more();
    await eventually(async () => {
      const before = heard.last;
      await publisher.more();
      expect(heard.last).toBeGreaterThan(before);
    });
    await publisher.stop();
    await eventually(() => expect(heard.last).toBe(publisher.last));
    heard.check(publisher.log);
  });

  it('follows the slots of a node that was killed, and tells the gap', async () => {
    const client = make();
    const master = await cluster.masterOf('killed');
    const heard = listenToNumbers(await client.ssubscribe('killed'));
    await using publisher = publishNumbers(make(), 'killed');
    await publisher.more();
    await cluster.kill(master);
    await eventually(() => expect(client.subscriberStatus!.state).toBe('reconnecting'));
    await expect(client.probeSubscriber(1_000)).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await eventually(() => expect(heard.gaps).toHaveLength(1), { timeout: 20_000 });
    expect(client.subscriberStatus!.state).toBe('ready');
    await publisher.more();
    await publisher.stop();
    await eventually(() => expect(heard.last).toBe(publisher.last));
    heard.check(publisher.log);
    await cluster.restart(master);
  });

  it('goes on at another node when the one is killed where channels and patterns are heard', async () => {
    const client = make();
    const publisher = make();
    const subscription = await client.subscribe('plain');
    const patterns = await client.psubscribe('plai*');
    const gaps: number[] = [];
    subscription.on('resubscribed', ({ gap }) => gaps.push(gap));
    let node: TestClusterNode | undefined;
    for (const one of cluster.nodes) if ((await one.ask('PUBSUB', 'NUMPAT')) === 1) node = one;
    await cluster.kill(node!);
    await eventually(() => expect(gaps).toHaveLength(1));
    expect(client.subscriberStatus).toMatchObject({ state: 'ready', subscriptions: 2 });
    await eventually(async () => {
      await publisher.publish('plain', 'after');
      expect(subscription.pending).toBeGreaterThan(0);
    });
    expect((await subscription.next()).value).toMatchObject({ type: 'message', data: 'after' });
    expect((await patterns.next()).value).toMatchObject({ type: 'pmessage', data: 'after' });
    await cluster.restart(node!);
  });
});
