import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool } from '../../../../lib/core/index.js';
import {
  eventually,
  SERVER_KINDS,
  startCluster,
  type TestCluster,
  type TestClusterNode,
} from '../../../support/index.js';
import { failureOf } from './support/failure-of.js';
import { holdSlot } from './support/hold-slot.js';

const kind = SERVER_KINDS[2]!;
const NAME = 'lent';

/** Connections of the pool that a node has, without the one that it is asked for its slots by. */
async function connectionsTo(node: TestClusterNode, name = NAME): Promise<number> {
  const list = String(await node.ask('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => line.includes(` name=${name} `)).length;
}

describe(`a pool of connections to a cluster of ${kind}`, () => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses } });
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('lends a connection to the node of a key, which must be named', async () => {
    await using pool = new RedisPool({ cluster: { nodes: cluster.addresses.slice(0, 1) }, min: 1, max: 2 });
    expect(pool.stats()).toEqual({ active: 0, idle: 0, waiting: 0, total: 0, min: 1, max: 2 });
    await expect(pool.acquire()).rejects.toThrow(TypeError);
    await expect(pool.use((lent) => lent.ping())).rejects.toThrow(/key that it has: pool\.acquire\(\{ key/);
    for (const key of ['a', 'b', 'c', 'd', Buffer.from('e')]) {
      const { port } = await cluster.masterOf(String(key));
      const results = await pool.use(
        async (lent) => {
          expect(lent.isDedicated).toBe(true);
          expect(lent.address).toBe(`127.0.0.1:${port}`);
          await lent.watch(key);
          await lent.multi();
          await lent.set(key, 'set');
          return lent.exec();
        },
        { key },
      );
      expect(results).toEqual(['OK']);
      expect(await client.get(String(key))).toBe('set');
    }
    expect(pool.stats()).toMatchObject({ active: 0, total: 3, min: 3, max: 6 });
  });

  it('is ready with the masters that there are, and goes on trying for the others', async () => {
    const name = 'early';
    const away = await cluster.masterOf('a');
    const here = (await cluster.masters()).find((node) => node !== away)!;
    let target = { host: away.host, port: 1 };
    const natMap = ({ host, port }: { host: string; port: number }) =>
      port === away.port ? target : { host, port };
    const settings = { cluster: { nodes: [here], natMap, refreshInterval: 100 } };
    await using pool = new RedisPool({ ...settings, clientName: name, min: 1, max: 2 });
    await pool.connect({ deadline: 3_000 });
    expect(await connectionsTo(away, name)).toBe(0);
    expect(await connectionsTo(here, name)).toBeGreaterThan(0);
    target = { host: away.host, port: away.port };
    await eventually(async () => expect(await connectionsTo(away, name)).toBe(1));
    expect(await pool.use((lent) => lent.exists('a'), { key: 'a' })).toEqual(expect.any(Number));
  });

  it('counts for each node, and keeps `min` to each master', async () => {
    await using pool = new RedisPool({
      cluster: { nodes: cluster.addresses },
      min: 1,
      max: 2,
      acquireTimeout: 100,
      clientName: NAME,
    });
    await pool.connect();
    expect(pool.stats()).toEqual({ active: 0, idle: 3, waiting: 0, total: 3, min: 3, max: 6 });
    const lent = [await pool.acquire({ key: 'a' }), await pool.acquire({ key: '{a}2' })];
    const late = await failureOf(pool.acquire({ key: '{a}3' }));
    expect(late).toMatchObject({ code: 'TIMEOUT', kind: 'pool' });
    // another node has its own
    const [other] = [await pool.acquire({ key: 'b' })];
    expect(pool.stats()).toMatchObject({ active: 3, waiting: 0 });
    for (const each of [...lent, other!]) pool.release(each);
    expect(() => pool.release(other!)).toThrow(/was given back already/);
    await using second = new RedisPool({ cluster: { nodes: cluster.addresses } });
    const foreign = await second.acquire({ key: 'a' });
    expect(() => pool.release(foreign)).toThrow(/is not of this pool/);
    second.release(foreign);
    expect(pool.stats()).toMatchObject({ active: 0, idle: 4 });
    expect(pool.connectionStats().lending).toEqual(pool.stats());
  });

  it('says nothing to a key where there is one server', async () => {
    const { host, port } = cluster.nodes[0]!;
    await using pool = new RedisPool({ host, port });
    expect(await pool.use((lent) => lent.ping(), { key: 'a' })).toBe('PONG');
  });

  it('tells whose slot moves meanwhile, and lends from the node that has it then', async () => {
    await using pool = new RedisPool({ cluster: { nodes: cluster.addresses } });
    await client.set('{moving}', 1);
    const { error } = await pool.use(
      async (lent) => {
        await lent.get('{moving}');
        await (await holdSlot(cluster, '{moving}')).finish();
        return { error: await failureOf(lent.get('{moving}')) };
      },
      { key: '{moving}' },
    );
    expect(error).toMatchObject({ code: 'MOVED' });
    expect(await pool.use((lent) => lent.get('{moving}'), { key: '{moving}' })).toBe('1');
  });

  it('keeps no connections to a master that became a replica', async () => {
    const pool = new RedisPool({ cluster: { nodes: cluster.addresses }, min: 2, clientName: NAME });
    await pool.connect();
    const master = await cluster.masterOf('a');
    const [replica] = await cluster.replicasOf(master);
    const before = await connectionsTo(master);
    const held = await pool.acquire({ key: 'a' });
    await cluster.failover(replica!);
    expect(await failureOf(held.incr('a-count{a}'))).toMatchObject({ code: 'MOVED' });
    pool.release(held);
    const address = await pool.use((lent) => lent.address, { key: 'a' });
    expect(address).toBe(`127.0.0.1:${replica!.port}`);
    // all but the one that it is asked for the map by
    await eventually(async () => expect(await connectionsTo(master)).toBeLessThanOrEqual(1));
    expect(before).toBeGreaterThanOrEqual(2);
    await eventually(() => expect(pool.stats()).toMatchObject({ active: 0, idle: 6 }));
    await pool.close();
    await expect(pool.acquire({ key: 'a' })).rejects.toMatchObject({ code: 'CLOSED' });
    for (const node of cluster.nodes) await eventually(async () => expect(await connectionsTo(node)).toBe(0));
  });

  it('waits for the new master when one dies', async () => {
    await using pool = new RedisPool({ cluster: { nodes: cluster.addresses }, acquireTimeout: 15_000 });
    const master = await cluster.masterOf('b');
    await client.set('b', 1);
    const held = await pool.acquire({ key: 'b' });
    await cluster.kill(master);
    expect(await failureOf(held.with({ timeout: 100 }).incr('b'))).toMatchObject({
      name: expect.any(String),
    });
    pool.release(held);
    expect(await pool.use((lent) => lent.set('b', 2), { key: 'b' })).toBe('OK');
    expect(await client.get('b')).toBe('2');
  });
});
