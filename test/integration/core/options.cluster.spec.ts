import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClusterNodeInfo, RedisClient } from 'nestjs-redwire/core';
import { eventually, FaultProxy, startCluster, type TestCluster } from '../../support/index.js';
import { clientMaker, shows } from './support/index.js';

describe('the options of a cluster', () => {
  let cluster: TestCluster;
  const make = clientMaker(() => ({ reconnect: { delay: 10 } }));

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'redis-8.0' });
  });
  afterAll(() => cluster?.stop());

  /** How often each of the two nodes that have a key has carried out GET. */
  async function gets(key: string): Promise<{ master: number; replica: number }> {
    const master = await cluster.masterOf(key);
    const [replica] = await cluster.replicasOf(master);
    const [atMaster, atReplica] = await Promise.all(
      [master, replica!].map(async (node) => {
        const text: string = await node.ask('INFO', 'commandstats');
        return Number(/cmdstat_get:calls=(\d+)/.exec(text)?.[1] ?? 0);
      }),
    );
    return { master: atMaster!, replica: atReplica! };
  }

  async function readsOf(client: RedisClient, key: string): Promise<{ master: number; replica: number }> {
    const before = await gets(key);
    for (let nth = 0; nth < 10; nth++) await client.get(key);
    const after = await gets(key);
    return { master: after.master - before.master, replica: after.replica - before.replica };
  }

  shows('cluster', 'the nodes tell of the others, and each gets what is its own', async () => {
    const client = make({ cluster: { nodes: [`127.0.0.1:${cluster.nodes[5]!.port}`] } });
    for (const name of ['a', 'b', 'c']) await client.set(name, name);
    for (const name of ['a', 'b', 'c'])
      expect(await (await cluster.masterOf(name)).ask('GET', name)).toBe(name);
    const byUrl = make({ url: cluster.nodes[0]!.url, cluster: {} });
    expect(await byUrl.get('c')).toBe('c');
  });

  it('crossSlot: refuses keys of several slots, or splits them', async () => {
    await expect(make({ cluster: { nodes: cluster.addresses } }).mget('a', 'b')).rejects.toMatchObject({
      code: 'CROSSSLOT',
    });
    const split = make({ cluster: { nodes: cluster.addresses, crossSlot: 'split' } });
    expect(await split.mget('a', 'b')).toEqual(['a', 'b']);
  });

  it('readFrom: reads go to masters, to replicas, or where a function says', async () => {
    const nodes = cluster.addresses;
    expect(await readsOf(make({ cluster: { nodes } }), 'a')).toEqual({ master: 10, replica: 0 });
    expect(await readsOf(make({ cluster: { nodes, readFrom: 'replica' } }), 'a')).toEqual({
      master: 0,
      replica: 10,
    });
    const prefer = make({ cluster: { nodes, readFrom: 'preferReplica' } });
    await eventually(async () => {
      expect(await readsOf(prefer, 'a')).toEqual({ master: 0, replica: 10 });
    });
    const asked: (readonly ClusterNodeInfo[])[] = [];
    const chosen = make({
      cluster: {
        nodes,
        readFrom: (among) => {
          asked.push(among);
          return among.find(({ role }) => role === (asked.length % 2 === 0 ? 'replica' : 'master'));
        },
      },
    });
    const read = await readsOf(chosen, 'a');
    expect(read).toEqual({ master: 5, replica: 5 });
    expect(asked[0]!.map(({ role }) => role)).toEqual(['master', 'replica']);
    // writes go to masters all the same
    expect(await chosen.set('a', 'a')).toBe('OK');
  });

  it('natMap: nodes are looked for where they can be reached', async () => {
    const proxies = await Promise.all(cluster.addresses.map((target) => FaultProxy.start({ target })));
    try {
      const natMap = Object.fromEntries(
        cluster.addresses.map(({ host, port }, index) => [
          `${host}:${port}`,
          { host: '127.0.0.1', port: proxies[index]!.port },
        ]),
      );
      const { port } = proxies[0]!;
      const client = make({ cluster: { nodes: [`127.0.0.1:${port}`], natMap } });
      expect(await Promise.all(['a', 'b', 'c'].map((name) => client.get(name)))).toEqual(['a', 'b', 'c']);
      const reached = client.nodes().map((node) => node.port);
      expect(reached.toSorted()).toEqual(proxies.map((proxy) => proxy.port).toSorted());
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });

  it('refreshInterval: the map is asked for now and then, or never', async () => {
    const asks = async (): Promise<number> => {
      let sum = 0;
      for (const node of cluster.nodes) {
        const text: string = await node.ask('INFO', 'commandstats');
        sum += Number(/cmdstat_cluster\|slots:calls=(\d+)/.exec(text)?.[1] ?? 0);
      }
      return sum;
    };
    const often = make({ cluster: { nodes: cluster.addresses, refreshInterval: 20 } });
    await often.ping();
    const before = await asks();
    await eventually(async () => (await asks()) >= before + 10);
    often.destroy();
    const never = make({ cluster: { nodes: cluster.addresses, refreshInterval: 0 } });
    await never.ping();
    const begun = await asks();
    for (let nth = 0; nth < 200; nth++) await never.get('a');
    expect(await asks()).toBe(begun);
  });
});
