import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import { RedisClient, type RedisClientOptions } from '../../../../lib/core/index.js';
import {
  eventually,
  newSeed,
  ONE_KIND,
  Random,
  SERVER_KINDS,
  startCluster,
  type TestCluster,
  type TestClusterNode,
} from '../../../support/index.js';
import * as examples from '../../../docs/examples/pubsub.js';
import { listenToNumbers, publishNumbers } from './support/numbered.js';

/** Has slots go over as a whole. */
const MIGRATES_ATOMICALLY = new Set(['valkey-9.1']);

describe.each(SERVER_KINDS)('pub/sub on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  const clients: RedisClient[] = [];

  const make = (options: RedisClientOptions = {}): RedisClient => {
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

  it('publishes all messages of a client by one node, so that they come in order', async () => {
    const client = make();
    const heard = listenToNumbers(await client.subscribe('ordered'));
    const publisher = make();
    const count = 500;
    // all nodes would be as good
    await publisher.connect();
    await Promise.all(
      Array.from({ length: count }, (_, index) => publisher.publish('ordered', String(index))),
    );
    await eventually(() => expect(heard.numbers).toHaveLength(count));
    heard.check([]);
  });

  it('does what docs/pubsub.md shows', async () => {
    const gaps: number[] = [];
    const shops = await examples.shards(make(), (gap) => gaps.push(gap));
    expect((await shops.next()).value).toEqual({ type: 'smessage', channel: 'stock:oslo', data: '12 left' });
    const slot = keySlot('stock:oslo');
    await cluster.moveSlot(slot, await otherMaster(await cluster.masterOf(slot)));
    await eventually(() => expect(gaps).toHaveLength(1));
    await shops.unsubscribe();
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
      if (MIGRATES_ATOMICALLY.has(kind) && node === source)
        await cluster.migrateSlotsAtomically(slot, slot, node);
      else await cluster.moveSlot(slot, node);
      await cluster.settled();
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

  it('has each channel subscribed once at its node, after many came and went while its slot moved', async () => {
    const client = make();
    const seed = newSeed();
    const random = new Random(seed);
    const names = ['{churn}1', '{churn}2', '{churn}3'];
    const ends: string[] = [];
    client.observeConnections({ closed: (_, { reason }) => ends.push(reason) });
    const slot = keySlot('churn');
    const source = await cluster.masterOf(slot);
    const target = await otherMaster(source);
    // the one that stays keeps the connections open, and with them what would be mispaired
    const stays = await client.ssubscribe(names[0]!);
    let moving = true;
    let rounds = 0;
    const churn = async (): Promise<void> => {
      while (moving) {
        const subscription = await client.ssubscribe(
          names.filter(() => random.chance(0.6)).concat(names[1]!),
        );
        if (random.chance(0.5)) await subscription.unsubscribe(names[1]!);
        await subscription.unsubscribe();
        rounds++;
      }
    };
    const churns = Promise.all([churn(), churn(), churn()]);
    try {
      for (const node of [target, source, target, source, target, source]) {
        await cluster.moveSlot(slot, node);
        // what is still on its way among the nodes could undo the next move
        await cluster.settled();
      }
    } finally {
      moving = false;
    }
    await churns;
    const counts = async (): Promise<unknown[]> =>
      Promise.all([source, target].map((node) => node.ask('PUBSUB', 'SHARDNUMSUB', ...names)));
    const wanted = names.flatMap((name, index) => [name, index === 0 ? 1 : 0]);
    const none = names.flatMap((name) => [name, 0]);
    await eventually(async () => expect(await counts()).toEqual([wanted, none]));
    expect({ seed, rounds: rounds > 20, broken: ends.filter((reason) => reason !== 'closed') }).toEqual({
      seed,
      rounds: true,
      broken: [],
    });
    await stays.unsubscribe();
    await eventually(async () => expect(await counts()).toEqual([none, none]));
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

  // what a client does when nothing comes from a node any more is the same whatever the node is
  if (ONE_KIND.includes(kind)) {
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

    it('leaves a node that has stalled as soon as another one has its slots, and tells the gap from the stall on', async () => {
      const watchful = { nodes: cluster.addresses, refreshInterval: 200 };
      const client = make({ cluster: watchful });
      const master = await cluster.masterOf('stalled');
      const heard = listenToNumbers(await client.ssubscribe('stalled'));
      await using publisher = publishNumbers(make({ cluster: watchful, commandTimeout: 500 }), 'stalled');
      await publisher.more();
      const stalled = performance.now();
      await master.server.pause();
      try {
        await eventually(() => expect(heard.gaps).toHaveLength(1), { timeout: 20_000 });
        expect(heard.gaps[0]!.from).toBeLessThanOrEqual(stalled);
        await publisher.more();
        await publisher.stop();
        await eventually(() => expect(heard.last).toBe(publisher.last));
      } finally {
        await master.server.resume();
      }
      heard.check(publisher.log);
      await cluster.settled();
    });
  }

  it('says why a channel cannot be heard, and harms no other', async () => {
    const patient = make();
    const client = make({ commandTimeout: 300 });
    const good = await client.ssubscribe('{refused}good');
    const owner = await cluster.masterOf('{refused}good');
    await owner.ask('ACL', 'SETUSER', 'default', 'resetchannels', '&{refused}good', '&{refused}fine');
    await expect(client.ssubscribe('{refused}fine', '{refused}bad')).rejects.toMatchObject({
      code: 'NOPERM',
    });
    await expect(client.ssubscribe('{refused}bad')).rejects.toMatchObject({
      code: 'NOPERM',
      command: 'SSUBSCRIBE',
    });
    const fine = await client.ssubscribe('{refused}fine');
    expect(await client.spublish('{refused}fine', 'x')).toBe(1);
    expect(await client.spublish('{refused}good', 'y')).toBe(1);
    expect((await fine.next()).value?.data).toBe('x');
    expect((await good.next()).value?.data).toBe('y');
    await owner.ask('ACL', 'SETUSER', 'default', 'allchannels');

    // nobody has the slot: it is asked for until the time is over
    const slot = keySlot('{refused}good');
    const everyone = await cluster.masters();
    await Promise.all(everyone.map((node) => node.ask('CLUSTER', 'DELSLOTS', slot)));
    await eventually(() => expect(client.subscriberStatus!.state).toBe('reconnecting'));
    const waiting = patient.ssubscribe('{refused}later');
    await expect(client.ssubscribe('{refused}late')).rejects.toMatchObject({ kind: 'command' });
    const abort = new AbortController();
    const aborted = client.ssubscribe(['{refused}aborted'], { signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    const closing = make();
    const cut = closing.ssubscribe('{refused}cut');
    const refused = expect(cut).rejects.toMatchObject({ code: 'CLOSED' });
    await closing.close();
    await refused;
    await owner.ask('CLUSTER', 'ADDSLOTS', slot);
    await waiting;
    expect(await client.spublish('{refused}later', 'z')).toBe(1);
    await eventually(() => expect(client.subscriberStatus!.state).toBe('ready'));
    expect(await client.spublish('{refused}good', 'again')).toBe(1);
    expect((await good.next()).value?.data).toBe('again');
    await cluster.settled();
  });

  // the last one: that node stays away, for to come back takes it 2 s
  it('goes on at another node when the one is killed where channels and patterns are heard', async () => {
    // it does not pause before it tries another node
    const client = make({ reconnect: { delay: 60_000 } });
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
  });
});
