import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ONE_KIND,
  startCluster,
  startSentinel,
  type TestCluster,
  type TestSentinel,
} from '../support/index.js';

const KEYS = Array.from({ length: 120 }, (_, index) => `{moved}:${index}`);

/** On one kind: other specs have these set up, move slots and change masters on all of them. */
describe.each(ONE_KIND)('a cluster of %s', (kind) => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  it('has three masters with a replica each, which serve all slots', async () => {
    const masters = await cluster.masters();
    expect(masters).toHaveLength(3);
    expect(await cluster.replicas()).toHaveLength(3);
    expect(cluster.addresses).toHaveLength(6);
    for (const master of masters) expect(await cluster.replicasOf(master)).toHaveLength(1);
    for (const node of cluster.nodes) {
      const info = await node.ask('CLUSTER', 'INFO');
      expect(info).toContain('cluster_state:ok');
      expect(info).toContain('cluster_slots_ok:16384');
      expect(info).toContain('cluster_known_nodes:6');
    }
  });

  it('moves a slot with its keys, with some here and some there on the way', async () => {
    const slot = await cluster.slotOf(KEYS[0]);
    const source = await cluster.masterOf(slot);
    const target = (await cluster.masters()).find((node) => node !== source)!;
    for (const key of KEYS) await source.ask('SET', key, `value of ${key}`);
    const count = (node: typeof source) => node.ask('CLUSTER', 'COUNTKEYSINSLOT', slot);
    let halfWay: number[] = [];
    await cluster.moveSlot(slot, target, {
      onHalfWay: async () => {
        halfWay = [await count(source), await count(target)];
        await expect(source.ask('SET', '{moved}:new', 'v')).rejects.toThrow(
          `ASK ${slot} ${target.host}:${target.port}`,
        );
      },
    });
    expect(Math.min(...halfWay)).toBeGreaterThan(0);
    expect(halfWay[0] + halfWay[1]).toBe(KEYS.length);
    expect(await count(target)).toBe(KEYS.length);
    for (const key of KEYS) expect(await target.ask('GET', key)).toBe(`value of ${key}`);
    await expect(source.ask('GET', KEYS[0])).rejects.toThrow(`MOVED ${slot} ${target.host}:${target.port}`);
    await cluster.settled();
    expect(await cluster.masterOf(KEYS[0])).toBe(target);
  });

  if (kind.startsWith('valkey'))
    it('moves slots as a whole', async () => {
      const source = await cluster.masterOf(0);
      const target = (await cluster.masters()).find((node) => node !== source)!;
      await cluster.migrateSlotsAtomically(0, 9, target);
      expect(await cluster.masterOf(0)).toBe(target);
      expect(await cluster.masterOf(9)).toBe(target);
      expect(await cluster.masterOf(10)).toBe(source);
    });

  it('hands over to a replica on request', async () => {
    const master = await cluster.masterOf('handed over');
    const [replica] = await cluster.replicasOf(master);
    await cluster.failover(replica);
    expect(await cluster.masterOf('handed over')).toBe(replica);
    expect(await master.role()).toBe('replica');
  });

  it('replaces a master that is killed, and takes it back at another address', async () => {
    const master = await cluster.masterOf('killed');
    const [replica] = await cluster.replicasOf(master);
    const before = performance.now();
    await cluster.kill(master);
    expect(await cluster.waitForPromotion(master)).toBe(replica);
    expect(replica.promotedAt).toBeGreaterThan(before);
    await cluster.settled();
    expect(await cluster.masterOf('killed')).toBe(replica);

    const { port } = master;
    await cluster.restart(master, { move: true });
    expect(master.port).not.toBe(port);
    expect(await cluster.replicasOf(replica)).toEqual([master]);
    const known = await replica.view();
    expect(known.find(({ id }) => id === master.id)?.address).toContain(`:${master.port}@`);
  });

  it('takes a new node, and lets go of it', async () => {
    const added = await cluster.addNode();
    expect(await added.role()).toBe('master');
    expect(await cluster.masters()).toHaveLength(4);
    const home = await cluster.masterOf(16_383);
    await cluster.moveSlot(16_383, added);
    expect(await cluster.masterOf(16_383)).toBe(added);
    const replica = await cluster.addNode({ replicaOf: added });
    expect(await cluster.replicasOf(added)).toEqual([replica]);
    await cluster.removeNode(replica);
    await cluster.moveSlot(16_383, home);
    await cluster.removeNode(added);
    for (const node of cluster.nodes) expect((await node.view()).map(({ id }) => id)).not.toContain(added.id);
  });
});

describe.each(ONE_KIND)('a master of %s that sentinels watch', (kind) => {
  let setup: TestSentinel;

  beforeAll(async () => {
    setup = await startSentinel({ kind });
  });

  afterAll(async () => {
    await setup?.stop();
  });

  it('has two replicas and three sentinels that know it', async () => {
    const master = await setup.master();
    expect(await setup.replicas()).toEqual(setup.servers.filter((server) => server !== master));
    expect(setup.servers).toHaveLength(3);
    expect(setup.addresses).toHaveLength(3);
    for (const { server } of setup.sentinels)
      expect(await server.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')).toEqual([
        master.host,
        String(master.port),
      ]);
  });

  it('is replaced when it is killed', async () => {
    const master = await setup.master();
    const before = performance.now();
    await setup.kill(master);
    const promoted = await setup.waitForPromotion(master);
    expect(promoted).not.toBe(master);
    expect(setup.promotedAt).toBeGreaterThan(before);
    await setup.settled();
    expect(await setup.master()).toBe(promoted);
  });
});

describe.each(ONE_KIND)('topologies with TLS and passwords, of %s', (kind) => {
  it('encrypts a cluster, which shows clients its TLS ports', async () => {
    await using cluster = await startCluster({ kind, replicas: 0, tls: true, requirepass: 'secret' });
    const [node] = cluster.nodes;
    const shards: { nodes: { 'tls-port': number }[] }[] = await node.ask('CLUSTER', 'SHARDS');
    const ports = shards.flatMap(({ nodes }) => nodes.map((one) => one['tls-port']));
    expect(ports.toSorted()).toEqual(cluster.addresses.map(({ port }) => port).toSorted());
    expect(cluster.ca).toContain('BEGIN CERTIFICATE');
    expect(node.url).toMatch(/^rediss:/);
    const slot = await cluster.slotOf('k');
    const source = await cluster.masterOf(slot);
    const target = cluster.nodes.find((one) => one !== source)!;
    await source.ask('SET', 'k', 'v');
    await cluster.moveSlot(slot, target);
    expect(await target.ask('GET', 'k')).toBe('v');
  });

  it('has sentinels with a password of their own, one more on request, and fails over when told', async () => {
    await using setup = await startSentinel({
      kind,
      replicas: 1,
      tls: true,
      requirepass: 'secret',
      sentinelPassword: 'other',
    });
    const added = await setup.addSentinel();
    expect(setup.sentinels).toContain(added);
    const seen = await added.server.ask('SENTINEL', 'MASTER', setup.masterName);
    expect(seen['num-other-sentinels']).toBe('3');
    const old = await setup.master();
    expect(seen.port).toBe(String(old.tlsPort));
    const promoted = await setup.failover();
    expect(promoted).not.toBe(old);
    expect(await setup.replicas()).toEqual([old]);
    await setup.kill(old);
    await setup.restart(old);
    expect(await setup.replicas()).toEqual([old]);
  });
});
