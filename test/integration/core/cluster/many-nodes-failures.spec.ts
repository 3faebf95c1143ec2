import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisError } from '../../../../lib/core/index.js';
import { eventually, startCluster, type TestCluster, type TestClusterNode } from '../../../support/index.js';

describe('commands for several nodes, of which some are not there', () => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'redis-8.0' });
    client = new RedisClient({
      cluster: { nodes: cluster.addresses, crossSlot: 'split', refreshInterval: 0 },
    });
    await client.connect();
    for (let n = 0; n < 100; n++) await client.set(`key:${n}`, n);
  });

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  async function failureOf(work: Promise<unknown>): Promise<RedisError> {
    return work.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: RedisError) => error,
    );
  }

  it('a pipeline longer than the queue may be the first thing that is sent', async () => {
    await using fresh = new RedisClient({ cluster: { nodes: cluster.addresses }, queueSize: 10 });
    const pipeline = fresh.pipeline();
    for (let n = 0; n < 500; n++) pipeline.get(`key:${n}`);
    const values = Array.from({ length: 500 }, (_, n) => (n < 100 ? String(n) : null));
    expect(await pipeline.exec()).toEqual(values);
    await using lost = new RedisClient({ cluster: { nodes: ['127.0.0.1:1'] }, queueSize: 1 });
    const failed = await lost.with({ timeout: 100 }).pipeline().get('a').get('b').exec();
    for (const error of failed) expect(error).toBeInstanceOf(RedisError);
    const controller = new AbortController();
    const aborted = lost.with({ signal: controller.signal }).pipeline().get('a').get('b').exec();
    controller.abort();
    expect(await aborted).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
  });

  it('an abort ends it, and nothing is left behind', async () => {
    const controller = new AbortController();
    const aborted = client.with({ signal: controller.signal }).dbsize();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', command: 'DBSIZE' });
    const again = new AbortController();
    const pipeline = client.with({ signal: again.signal }).pipeline().mget('a', 'b').dbsize().exec();
    again.abort();
    expect(await pipeline).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
    expect(await client.dbsize()).toBe(100);
    expect([client.inFlight, client.queued]).toEqual([0, 0]);
  });

  it('a replica that is dead does not fail what goes to all nodes, one that refuses does', async () => {
    const [dead, alive] = await cluster.replicas();
    await cluster.kill(dead!);
    const sha = await client.scriptLoad('return 1');
    expect(await client.scriptExists(sha)).toEqual([1]);
    expect(await client.configSet('slowlog-max-len', 99)).toBe('OK');
    expect((await client.clientList()).length).toBeGreaterThan(0);
    await alive!.ask('ACL', 'SETUSER', 'default', '-script|load');
    const failure = await failureOf(client.scriptLoad('return 2'));
    expect(failure.code).toBe('NOPERM');
    expect(failure.message).toContain(`nodes failed (127.0.0.1:${alive!.port})`);
    await alive!.ask('ACL', 'SETUSER', 'default', '+script|load');
    await cluster.restart(dead!);
  });

  it('a master that is down fails it within its time, which says which; its heir answers in its place', async () => {
    const master = await cluster.masterOf(0);
    const replicas = await cluster.replicasOf(master);
    const refusals = await Promise.all(replicas.map((node) => delayFailover(node, true)));
    expect(refusals).toEqual(replicas.map(() => 'OK'));
    await cluster.kill(master);
    const failure = await failureOf(client.with({ timeout: 300 }).dbsize());
    expect(failure).toBeInstanceOf(RedisError);
    expect(failure.message).toContain(`(127.0.0.1:${master.port})`);
    // one that waits is answered once there is an heir
    const waiting = client.with({ timeout: 20_000 }).dbsize();
    const parts = client.with({ timeout: 20_000 }).mget(...Array.from({ length: 100 }, (_, n) => `key:${n}`));
    await Promise.all(replicas.map((node) => delayFailover(node, false)));
    await cluster.waitForPromotion(master);
    expect(await waiting).toBe(100);
    expect(await parts).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    await cluster.restart(master);
    await eventually(async () => (await client.dbsize()) === 100);
  });

  async function delayFailover(node: TestClusterNode, isDelayed: boolean): Promise<unknown> {
    return node.ask('CONFIG', 'SET', 'cluster-replica-no-failover', isDelayed ? 'yes' : 'no');
  }
});
