import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisServerError } from '../../../../lib/core/index.js';
import { ONE_KIND, startCluster, type TestCluster } from '../../../support/index.js';
import { failureOf } from './support/failure-of.js';
import { holdSlot } from './support/hold-slot.js';

describe.each(ONE_KIND)('transactions on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;
  let other: RedisClient;
  let turn = 0;
  /** A slot of its own for each test. */
  let tag: string;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses.slice(0, 2) } });
    other = new RedisClient({ cluster: { nodes: cluster.addresses } });
    await client.connect();
  });

  beforeEach(() => {
    tag = `{t${turn++}}`;
  });

  afterAll(async () => {
    await Promise.all([client.close(), other.close()]);
    await cluster.stop();
  });

  it('names the keys of several slots before anything is sent, after the callback of watch() too', async () => {
    const error = await failureOf(client.multi((tx) => tx.set('a', 1).set('b', 1)));
    expect(error).toMatchObject({ code: 'CROSSSLOT' });
    expect(error.message).toMatch(/keys of multi\(\) are in 2 slots.*'a' \(slot 15495\), 'b' \(slot 3300\)/);
    await expect(client.watch(['a', 'b'], () => undefined)).rejects.toMatchObject({ code: 'CROSSSLOT' });
    const late = await failureOf(client.watch('a', (tx) => tx.set('b', 1)));
    expect(late.message).toMatch(/keys of watch\(\) .*'a' \(slot 15495\), 'b' \(slot 3300\)/);
    expect(await Promise.all([client.exists('a'), client.exists('b')])).toEqual([0, 0]);
    // the connection is free for the next one, nothing watched on it
    expect(await client.multi((tx) => tx.incr('a').del('a'))).toEqual([1, 1]);
  });

  it('follows a slot that has moved', async () => {
    await client.set(`${tag}n`, 1);
    const { finish } = await holdSlot(cluster, tag);
    await finish();
    expect(await client.multi((tx) => tx.incr(`${tag}n`).get(`${tag}n`))).toEqual([2, '2']);
    await (await holdSlot(cluster, tag)).finish();
    const results = await client.watch(`${tag}n`, (tx, watched) =>
      tx.set(`${tag}n`, Number(watched[`${tag}n`]) + 1).get(`${tag}n`),
    );
    expect(results).toEqual(['OK', '3']);
  });

  it('goes where a slot is on its way to: behind ASKING until EXEC', async () => {
    await client.set(`${tag}a`, 1);
    const { finish, target } = await holdSlot(cluster, tag);
    try {
      expect(await client.multi((tx) => tx.incr(`${tag}a`).get(`${tag}a`))).toEqual([2, '2']);
      const script = client.script({ lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])", keys: 1 });
      expect(await client.multi((tx) => tx.callScript(script, [`${tag}a`], [5]))).toEqual([7]);
      const seen: unknown[] = [];
      const results = await client.watch(`${tag}a`, (tx, watched) => {
        seen.push({ ...watched });
        return tx.incr(`${tag}a`);
      });
      expect({ seen, results }).toEqual({ seen: [{ [`${tag}a`]: '7' }], results: [8] });
      // and what is watched there is watched
      const lost = await client.watch(`${tag}a`, async (tx) => {
        await other.incr(`${tag}a`);
        return tx.incr(`${tag}a`);
      });
      expect(lost).toBeNull();
      expect(await target.ask('CLUSTER', 'COUNTKEYSINSLOT', await cluster.slotOf(tag))).toBe(1);
    } finally {
      await finish();
    }
    expect(await client.get(`${tag}a`)).toBe('9');
  });

  it('waits until keys that are on two nodes are on one', async () => {
    await client.mset(`${tag}a`, 1, `${tag}b`, 1);
    const { finish } = await holdSlot(cluster, tag);
    const results = client.multi((tx) => tx.incr(`${tag}a`).incr(`${tag}b`));
    const watched = client.watch([`${tag}a`, `${tag}b`], (tx, values) => {
      expect(Object.keys(values)).toHaveLength(2);
      return tx.set(`${tag}c`, 'done');
    });
    let settled = 0;
    const count = (): void => void settled++;
    void results.then(count, count);
    void watched.then(count, count);
    await expect(
      client.with({ retry: false }).multi((tx) => tx.incr(`${tag}a`).incr(`${tag}b`)),
    ).rejects.toMatchObject({ message: expect.stringMatching(/TRYAGAIN/) });
    expect(settled).toBe(0);
    await finish();
    expect(await results).toEqual([2, 2]);
    expect([['OK'], null]).toContainEqual(await watched);
  });

  it('says that nothing was executed where the slot goes while keys are watched, or does it again', async () => {
    await client.set(`${tag}a`, 1);
    const move = async (): Promise<void> => (await holdSlot(cluster, `${tag}`)).finish();
    // a key that is not there is not touched by the move
    const error = await failureOf(
      client.watch(`${tag}none`, async (tx) => {
        await move();
        tx.incr(`${tag}a`);
      }),
    );
    expect(error).toBeInstanceOf(RedisServerError);
    expect(error).toMatchObject({ code: 'EXECABORT', command: 'EXEC' });
    expect(error.message).toMatch(
      /nothing of the transaction was executed: the slot of its keys went to another node/,
    );
    expect(await client.get(`${tag}a`)).toBe('1');
    let calls = 0;
    const results = await client.watch(
      `${tag}none`,
      async (tx) => {
        if (calls++ === 0) await move();
        return tx.incr(`${tag}a`);
      },
      { retries: 1 },
    );
    expect({ calls, results }).toEqual({ calls: 2, results: [2] });
  });

  it('tells who has a connection to himself that the slot is elsewhere, and stays where it is', async () => {
    await client.set(`${tag}a`, 1);
    await expect(client.dedicated((session) => session.ping())).rejects.toThrow(
      /dedicated\(\): a connection goes to one node .* key/,
    );
    const byHand = (): Promise<unknown> =>
      client.dedicated(
        async (session) => {
          await session.watch(`${tag}a`);
          await session.multi();
          await session.incr(`${tag}a`);
          return session.exec();
        },
        { key: tag },
      );
    expect(await byHand()).toEqual([2]);
    const { error, pong } = await client.dedicated(
      async (session) => {
        await session.get(`${tag}a`);
        await (await holdSlot(cluster, tag)).finish();
        const failure = await failureOf(session.get(`${tag}a`));
        return { error: failure, pong: await session.ping() };
      },
      { key: Buffer.from(tag) },
    );
    expect(pong).toBe('PONG');
    expect(error).toMatchObject({ code: 'MOVED', command: 'GET' });
    expect(error.message).toMatch(
      /GET was not executed\. This connection stays with .*begin anew on another one/,
    );
    expect(await byHand()).toEqual([3]);
    // work that fails by it is not done again
    let calls = 0;
    const failed = await failureOf(
      client.dedicated(
        async (session) => {
          calls++;
          await (await holdSlot(cluster, tag)).finish();
          return session.get(`${tag}a`);
        },
        { key: tag },
      ),
    );
    expect({ code: failed.code, calls }).toEqual({ code: 'MOVED', calls: 1 });
  });

  it('does not read from replicas, also where other reads do', async () => {
    await using reader = new RedisClient({ cluster: { nodes: cluster.addresses, readFrom: 'replica' } });
    await client.set(`${tag}a`, 1);
    expect(await reader.multi((tx) => tx.get(`${tag}a`))).toEqual(['1']);
    const info = await reader.dedicated((session) => session.clientInfo(), { key: tag });
    // r is for a connection that takes a replica's word
    expect(info).toMatchObject({ flags: 'N' });
  });

  it('is done by the new master after a failover', async () => {
    await client.set(`${tag}n`, 0);
    const [replica] = await cluster.replicasOf(await cluster.masterOf(`${tag}n`));
    let settled = false;
    const done = cluster.failover(replica!).finally(() => (settled = true));
    let sum = 0;
    while (!settled) {
      expect(await client.multi((tx) => tx.incr(`${tag}n`).get(`${tag}n`))).toEqual([++sum, String(sum)]);
      const [value] = (await client.watch(`${tag}n`, (tx) => tx.incr(`${tag}n`), { retries: 3 }))!;
      expect(value).toBe(++sum);
    }
    await done;
    expect(await cluster.masterOf(`${tag}n`)).toBe(replica);
    expect(await client.get(`${tag}n`)).toBe(String(sum));
  });
});
