import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisConnectionError, RedisPool, type StreamEntry } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startSentinel, type TestSentinel } from '../../support/index.js';
import { TopologyWorkload } from '../../support/topology-workload/index.js';

/** ms; a failover takes two seconds on an idle machine. */
const PATIENCE = 30_000;

/** How long after the promotion writing may begin again, ms. */
const RESUMES_WITHIN = 500;

describe.each(SERVER_KINDS)('a failover that Sentinels of %s make', (kind) => {
  let setup: TestSentinel;
  const open: (RedisClient | RedisPool)[] = [];

  beforeAll(async () => {
    setup = await startSentinel({ kind });
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });
  afterAll(() => setup?.stop());

  const options = () => ({
    sentinel: { nodes: setup.addresses, masterName: setup.masterName },
    commandTimeout: PATIENCE,
  });
  const client = (): RedisClient => keep(new RedisClient(options()));
  function keep<One extends RedisClient | RedisPool>(one: One): One {
    open.push(one);
    return one;
  }
  const isAt = (one: RedisClient, server: { readonly port: number }): boolean =>
    one.address === `127.0.0.1:${server.port}`;

  /** A plain client, for what is there. */
  async function plainly({ url }: { readonly url: string }): Promise<RedisClient> {
    const plain = keep(new RedisClient(url));
    // what is read at once is more than a queue holds
    await plain.connect();
    return plain;
  }

  it('is over for 200 callers half a second after the promotion, and mixes up nothing', async () => {
    const redis = client();
    const load = await TopologyWorkload.start(redis, { settleLimit: PATIENCE, duration: 60_000 });
    const old = await setup.master();
    await eventually(() => load.outcomes.length > 2_000, { timeout: PATIENCE });
    expect(isAt(redis, old)).toBe(true);
    await setup.kill(old);
    const heir = await setup.waitForPromotion(old);
    const promotedAt = setup.promotedAt!;
    const first = await eventually(
      () => {
        const write =
          load.firstWriteSince(promotedAt) ??
          load.outcomes.find(
            ({ operation, code, at }) => operation !== 'get' && code === 'ok' && at >= promotedAt,
          );
        return write ?? false;
      },
      { timeout: PATIENCE },
    );
    expect(first.at - promotedAt).toBeLessThan(RESUMES_WITHIN);
    expect(isAt(redis, heir)).toBe(true);
    // what was issued during the outage was held, and what was on its way failed, each as it must
    const plain = await plainly(heir);
    const summary = await load.verify((key) => plain.get(key), { mayLose: true });
    // a read that is sent once more comes after what stood behind it in its pipeline
    expect(summary.violations.filter((what) => !what.startsWith('order:'))).toEqual([]);
    expect(summary.unsettled).toBe(0);
    expect(Object.keys(summary.errors).filter((code) => code !== 'CONNECTION_LOST')).toEqual([]);
    expect(load.outcomes.length).toBeGreaterThan(2_000);
    await setup.restart(old);
  });

  it('loses nothing that is acknowledged by the new master', async () => {
    const redis = client();
    const load = await TopologyWorkload.start(redis, { callers: 50, prefix: 'after', commands: 3_000 });
    await load.done;
    const plain = await plainly(await setup.master());
    expect(await load.verify((key) => plain.get(key))).toMatchObject({ violations: [], errors: {}, lost: 0 });
  });

  it('by SENTINEL FAILOVER mixes up nothing either, and moves who has a connection that stands', async () => {
    const redis = client();
    const pool = keep(new RedisPool({ ...options(), min: 2, max: 4 }));
    await pool.connect();
    const subscription = await redis.subscribe('news');
    const gaps: number[] = [];
    const heard: string[] = [];
    subscription.on('resubscribed', ({ gap }) => gaps.push(gap));
    subscription.on('message', ({ data }) => heard.push(data));
    const waiting = redis.blpop('list', 0).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const entries: StreamEntry[] = [];
    await redis.xgroupCreate('stream', 'group', '$', { mkstream: true });
    const consumer = redis.streamConsumer({ stream: 'stream', group: 'group', consumer: 'c', block: 500 });
    const consuming = consumer.run(async (entry) => void entries.push(entry));
    const load = await TopologyWorkload.start(redis, { callers: 50, prefix: 'asked', settleLimit: PATIENCE });
    const old = await setup.master();

    const heir = await setup.failover();
    expect(heir).not.toBe(old);
    await eventually(() => load.firstWriteSince(setup.promotedAt!) !== undefined, { timeout: PATIENCE });
    await eventually(() => isAt(redis, heir), { timeout: PATIENCE });

    const plain = await plainly(heir);
    const summary = await load.verify((key) => plain.get(key), { mayLose: true });
    expect(summary).toMatchObject({ violations: [], unsettled: 0 });
    expect(await pool.use((session) => Promise.all([session.set('pooled', '1'), session.address]))).toEqual([
      'OK',
      `127.0.0.1:${heir.port}`,
    ]);
    expect(await redis.multi((tx) => tx.set('a', '1').get('a'))).toEqual(['OK', '1']);
    await eventually(() => expect(gaps).toHaveLength(1));
    await redis.publish('news', 'from the new master');
    await eventually(() => expect(heard).toEqual(['from the new master']));
    await plain.xadd('stream', '*', { on: 'the new master' });
    await eventually(() => expect(entries.at(-1)?.fields).toEqual({ on: 'the new master' }), {
      timeout: PATIENCE,
    });
    // an element may have been on its way: what waited there fails, or waits on here
    await plain.rpush('list', 'x');
    const outcome = await Promise.race([
      waiting,
      redis.blpop('list', 0).then(() => ({ value: 'of another wait' })),
    ]);
    if ('error' in outcome) expect(outcome.error).toBeInstanceOf(RedisConnectionError);
    else expect(outcome.value).toEqual(['list', 'x']);
    await consumer.stop();
    await consuming;
  });
});
