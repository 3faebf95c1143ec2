import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from '../../../../lib/core/index.js';
import {
  eventually,
  SERVER_KINDS,
  startCluster,
  type TestCluster,
  type TestClusterNode,
} from '../../../support/index.js';
import { failureOf } from './support/failure-of.js';
import { holdSlot } from './support/hold-slot.js';
import { countBlocked, untilBlocked } from './support/until-blocked.js';

/** The timeouts, s, that a node is told by each BLPOP of that key from now on. */
async function watchWaits(node: TestClusterNode, key: string): Promise<{ end(): Promise<number[]> }> {
  const client = new RedisClient(node.url);
  const monitor = await client.monitor();
  const waits: number[] = [];
  const watching = (async () => {
    for await (const { command, args } of monitor)
      if (command.toLowerCase() === 'blpop' && args[0] === key) waits.push(Number(args[1]));
  })();
  const end = async (): Promise<number[]> => {
    await monitor.close();
    await watching;
    await client.close();
    return waits;
  };
  return { end };
}

describe.each(SERVER_KINDS)('blocking commands on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;
  let turn = 0;
  let tag: string;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses } });
    await client.connect();
  });

  beforeEach(() => {
    tag = `{b${turn++}}`;
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('wait on the node of their keys, which must be of one slot', async () => {
    const popped = client.blpop([`${tag}a`, `${tag}b`], 0);
    await untilBlocked(await cluster.masterOf(tag), 'blpop');
    await client.rpush(`${tag}b`, 'x');
    expect(await popped).toEqual([`${tag}b`, 'x']);
    const error = await failureOf(client.blpop(['a', 'b'], 0));
    expect(error).toMatchObject({ code: 'CROSSSLOT', command: 'BLPOP' });
    await expect(client.blmove('a', 'b', 'LEFT', 'RIGHT', 0)).rejects.toMatchObject({ code: 'CROSSSLOT' });
    expect(client.connectionStats().lending.active).toBe(0);
  });

  it('wait on where the slot moves to, and get what is pushed there', async () => {
    const popped = client.blpop(`${tag}q`, 0);
    const added = client.xread('BLOCK', 0, 'STREAMS', `${tag}s`, '$');
    const zset = client.bzpopmin(`${tag}z`, 0);
    const source = await cluster.masterOf(tag);
    await untilBlocked(source, 'blpop');
    await untilBlocked(source, 'xread');
    await untilBlocked(source, 'bzpopmin');
    const timed = client.blpop(`${tag}timed`, 60);
    await untilBlocked(source, 'blpop', 2);
    const { finish, target } = await holdSlot(cluster, tag);
    const waits = await watchWaits(target, `${tag}timed`);
    await finish();
    await untilBlocked(target, 'blpop', 2);
    await untilBlocked(target, 'xread');
    await untilBlocked(target, 'bzpopmin');
    expect(await countBlocked(source, 'blpop')).toBe(0);
    await client.rpush(`${tag}q`, 'moved');
    await client.rpush(`${tag}timed`, 'in time');
    expect(await timed).toEqual([`${tag}timed`, 'in time']);
    const given = await waits.end();
    expect(given).toHaveLength(1);
    expect(given[0]).toBeLessThan(60);
    await client.xadd(`${tag}s`, '*', 'n', 1);
    await client.zadd(`${tag}z`, 1, 'm');
    expect(await popped).toEqual([`${tag}q`, 'moved']);
    expect(await added).not.toBeNull();
    expect(await zset).toMatchObject({ member: 'm' });
  });

  it('wait on the node that a slot is on its way to', async () => {
    const { finish, target } = await holdSlot(cluster, tag);
    const popped = client.blpop(`${tag}q`, 0);
    await untilBlocked(target, 'blpop');
    await finish();
    await client.rpush(`${tag}q`, 'there');
    expect(await popped).toEqual([`${tag}q`, 'there']);
  });

  it('go on at the new master after a failover, with what is left of their time', async () => {
    const master = await cluster.masterOf(tag);
    const began = performance.now();
    const short = client.blpop(`${tag}none`, 1.5);
    const popped = client.blpop(`${tag}q`, 0);
    const limited = failureOf(client.with({ timeout: 1_500 }).blpop(`${tag}none`, 0));
    const control = new AbortController();
    const aborted = failureOf(client.with({ signal: control.signal }).blpop(`${tag}none`, 0));
    await untilBlocked(master, 'blpop', 4);
    const [replica] = await cluster.replicasOf(master);
    const waits = await watchWaits(replica!, `${tag}none`);
    await cluster.failover(replica!);
    await eventually(async () => (await countBlocked(replica!, 'blpop')) >= 2);
    expect(await countBlocked(master, 'blpop')).toBe(0);
    await client.rpush(`${tag}q`, 'after');
    expect(await popped).toEqual([`${tag}q`, 'after']);
    control.abort();
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    expect(await limited).toMatchObject({ code: 'TIMEOUT', kind: 'blocking' });
    expect(await short).toBeNull();
    const given = (await waits.end()).filter((wait) => wait !== 0);
    expect(given).toHaveLength(1);
    expect(given[0]).toBeLessThan(1.5);
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_450);
    await eventually(async () => (await countBlocked(replica!, 'blpop')) === 0);
    expect(await client.rpush(`${tag}none`, 'kept')).toBe(1);
    expect(client.inFlight).toBe(0);
  });

  it('end with null by close()', async () => {
    const closing = new RedisClient({ cluster: { nodes: cluster.addresses } });
    const popped = Promise.all([closing.blpop(`${tag}a`, 0), closing.xread('BLOCK', 0, 'STREAMS', 'c', '$')]);
    await untilBlocked(await cluster.masterOf(tag), 'blpop');
    await untilBlocked(await cluster.masterOf('c'), 'xread');
    await closing.close();
    expect(await popped).toEqual([null, null]);
  });
});
