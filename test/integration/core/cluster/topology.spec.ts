import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import { RedisClient, type RedisClientOptions } from '../../../../lib/core/index.js';
import {
  eventually,
  startCluster,
  startServer,
  type TestCluster,
  type TestClusterNode,
} from '../../../support/index.js';

/** ms; far below the time limits of commands and of connect(). */
const AT_ONCE = 2_000;

describe('a client to a cluster', () => {
  let cluster: TestCluster;
  const clients: RedisClient[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'valkey-9.1' });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await cluster.stop();
  });

  function connectTo(
    nodes: readonly { host: string; port: number }[] = cluster.addresses,
    options: RedisClientOptions = {},
  ): RedisClient {
    const client = new RedisClient({
      ...options,
      cluster: { ...options.cluster, nodes: nodes.map(({ host, port }) => ({ host, port })) },
    });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  async function onEveryNode(...words: (string | number)[]): Promise<void> {
    await Promise.all(cluster.nodes.map((node) => node.ask(...words)));
  }

  async function setWay(slot: number, source: TestClusterNode, target: TestClusterNode): Promise<void> {
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
    await source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
  }

  it('uses a node that appears, follows it to another port, and does without it when it leaves', async () => {
    const client = connectTo();
    const key = 'followed';
    const slot = keySlot(key);
    const home = await cluster.masterOf(slot);
    await client.set(key, 'first');
    const node = await cluster.addNode();
    await cluster.moveSlot(slot, node, {
      onHalfWay: async () => expect(await client.get(key)).toBe('first'),
    });
    expect(await client.get(key)).toBe('first');

    const write = eventually(() => client.set(key, 'second'), { timeout: 10_000 });
    await cluster.restart(node, { move: true });
    expect(await write).toBe('OK');
    expect(await client.set(key, 'third')).toBe('OK');

    await cluster.moveSlot(slot, home);
    expect(await client.set(key, 'fourth')).toBe('OK');
    await cluster.removeNode(node);
    expect(await client.get(key)).toBe('fourth');
  }, 30_000);

  it('sends ASKING in front of what is asked of a node while its slot is on the way, in order', async () => {
    const key = '{asked}new';
    const slot = keySlot(key);
    const source = await cluster.masterOf(slot);
    const target = (await cluster.masters()).find((node) => node !== source)!;
    await setWay(slot, source, target);
    try {
      // it has no connection to the target yet
      const client = connectTo([source]);
      const written = [
        client.set(key, '1'),
        client.append(key, '2'),
        client.append(key, '3'),
        client.get(key),
      ];
      expect(await Promise.all(written)).toEqual(['OK', 2, 3, '123']);
      expect(await target.ask('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(1);
      expect(await client.pipeline().append(key, '4').get(key).exec()).toEqual([4, '1234']);
      // what is lost with the connection begins anew, where it belongs by then
      await target.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(await client.get(key)).toBe('1234');
    } finally {
      await cluster.moveSlot(slot, target);
    }
  });

  it('waits where half of the keys of a command are here and half there, however often it must ask', async () => {
    const keys = ['{half}1', '{half}2'];
    const slot = keySlot(keys[0]!);
    const client = connectTo();
    await client.mset({ '{half}1': 'a', '{half}2': 'b' });
    const source = await cluster.masterOf(slot);
    const target = (await cluster.masters()).find((node) => node !== source)!;
    await setWay(slot, source, target);
    await source.ask('MIGRATE', target.host, target.port, keys[1]!, 0, 5_000);
    let settled = false;
    const values = client.mget(keys).finally(() => (settled = true));
    // more attempts than any command is granted that is refused for good
    await eventually(async () => {
      const refused = await source.ask('INFO', 'ERRORSTATS');
      return Number(/errorstat_TRYAGAIN:count=(\d+)/.exec(refused)?.[1] ?? 0) > 5;
    });
    expect(settled).toBe(false);
    await cluster.moveSlot(slot, target);
    expect(await values).toEqual(['a', 'b']);
  });

  it('lets what was issued before close() follow its slot', async () => {
    const key = 'closing';
    const slot = keySlot(key);
    const client = connectTo();
    await client.set(key, '0');
    const source = await cluster.masterOf(slot);
    const target = (await cluster.masters()).find((node) => node !== source)!;
    await cluster.moveSlot(slot, target);
    const counts = Promise.all(Array.from({ length: 100 }, () => client.incr(key)));
    const closed = client.close();
    await expect(client.get(key)).rejects.toMatchObject({ code: 'CLOSED' });
    expect((await counts).at(-1)).toBe(100);
    await closed;
    expect(client.status).toBe('closed');
  });

  it('reads from the master at once when the only replica is gone', async () => {
    const key = 'read';
    const master = await cluster.masterOf(key);
    const [replica] = await cluster.replicasOf(master);
    const client = connectTo(undefined, { cluster: { readFrom: 'replica' } });
    await client.set(key, 'v');
    await eventually(async () => expect(await client.get(key)).toBe('v'));
    await cluster.kill(replica!);
    const values = await Promise.all(Array.from({ length: 50 }, () => client.get(key)));
    expect(new Set(values)).toEqual(new Set(['v']));
    await cluster.restart(replica!);
  }, 30_000);

  it('tells of a slot that nobody serves, and goes on with the others', async () => {
    const key = 'nobody';
    const slot = keySlot(key);
    const owner = await cluster.masterOf(slot);
    const client = connectTo(undefined, { commandTimeout: 400 });
    await client.set(key, 'v');
    await client.del(key);
    await onEveryNode('CLUSTER', 'DELSLOTS', slot);
    try {
      await expect(client.get(key)).rejects.toThrow(/GET timed out: .*CLUSTERDOWN Hash slot not served/);
      await client.set('other', 'v');
    } finally {
      await owner.ask('CLUSTER', 'ADDSLOTS', slot);
      await cluster.settled();
    }
    await expect(client.get(key)).resolves.toBeNull();
  });

  it('tells which node is down and why, where a command waited for it in vain', async () => {
    const lone = await startServer({ kind: 'valkey-9.1', args: ['--cluster-enabled', 'yes'] });
    await lone.ask('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    const client = connectTo([lone], { commandTimeout: 500, queueSize: 2 });
    await eventually(() => client.set('key', 'v'));
    await lone.stop();
    const waits = [client.get('key'), client.get('key'), client.get('key')];
    const outcomes = await Promise.allSettled(waits);
    const errors = outcomes.map(
      (outcome) => (outcome as PromiseRejectedResult).reason as Error & { code: string },
    );
    expect(errors.map(({ code }) => code).toSorted()).toEqual(['QUEUE_FULL', 'TIMEOUT', 'TIMEOUT']);
    const late = errors.find(({ code }) => code !== 'QUEUE_FULL')!;
    expect(late.message).toContain(`${lone.port}`);
    expect(late.message).toMatch(/ECONNREFUSED/);
    expect(late.cause).toBeDefined();
  });

  it('holds pipelines longer than the queue, before it knows the nodes and while one is gone', async () => {
    const lone = await startServer({ kind: 'valkey-9.1', args: ['--cluster-enabled', 'yes'] });
    await lone.ask('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => expect(await lone.ask('CLUSTER', 'INFO')).toContain('cluster_state:ok'));
    const client = connectTo([lone], { queueSize: 10, commandTimeout: 20_000 });
    const run = (): Promise<unknown[]> => {
      const pipeline = client.pipeline();
      for (let index = 0; index < 500; index++) pipeline.set(`long:${index}`, index);
      return pipeline.exec();
    };
    expect(new Set(await run())).toEqual(new Set(['OK']));
    await lone.kill();
    await eventually(() => expect(client.status).toBe('reconnecting'));
    const waits = run();
    await expect(client.get('one more')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await lone.restart();
    await lone.ask('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383).catch(() => undefined);
    expect(new Set(await waits)).toEqual(new Set(['OK']));
  }, 30_000);

  it('says at once what no other attempt mends', async () => {
    const alone = await startServer({ kind: 'valkey-9.1' });
    const started = performance.now();
    const client = connectTo([alone]);
    const waits = client.get('key');
    await expect(client.connect({ deadline: 60_000 })).rejects.toThrow(
      /is in no cluster. Leave the option `cluster` out/,
    );
    await expect(waits).rejects.toThrow(/is in no cluster/);

    const stranger = connectTo(undefined, { username: 'nobody', password: 'wrong' });
    await expect(stranger.connect({ deadline: 60_000 })).rejects.toMatchObject({ code: 'WRONGPASS' });
    expect(performance.now() - started).toBeLessThan(AT_ONCE * 5);
    await alone.stop();
  });

  it('asks for CLUSTER SHARDS where its user may not ask for CLUSTER SLOTS, or says which right it lacks', async () => {
    const rights = ['on', '>secret', '~*', '&*', '+@all', '-cluster|slots'];
    await onEveryNode('ACL', 'SETUSER', 'half', ...rights);
    await onEveryNode('ACL', 'SETUSER', 'none', ...rights, '-cluster|shards');
    const half = connectTo(undefined, { username: 'half', password: 'secret' });
    const keys = Array.from({ length: 50 }, (_, index) => `shards:${index}`);
    await Promise.all(keys.map((key) => half.set(key, key)));
    expect(await Promise.all(keys.map((key) => half.get(key)))).toEqual(keys);
    const none = connectTo(undefined, { username: 'none', password: 'secret' });
    await expect(none.connect({ deadline: 60_000 })).rejects.toThrow(
      /neither CLUSTER SLOTS nor CLUSTER SHARDS/,
    );
  });
});
