import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisError } from '../../../../lib/core/index.js';
import { eventually, ONE_KIND, startCluster, type TestCluster } from '../../../support/index.js';
import { failureOf } from './support/failure-of.js';
import { untilBlocked } from './support/until-blocked.js';

/** What each server does when its fellow dies is shown under load; here it is about what becomes of callers, each at a master of its own. */
describe.each(ONE_KIND)('when a master of a cluster of %s dies', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({
      cluster: { nodes: cluster.addresses },
      reconnect: { delay: 10, maxDelay: 200 },
    });
    await client.connect();
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('blocking commands fail where they may have taken something, and go on at the new master where they change nothing', async () => {
    const master = await cluster.masterOf('q');
    const popped = failureOf(client.blpop('q', 0));
    const added = client.xread('BLOCK', 0, 'STREAMS', '{q}s', '$');
    await untilBlocked(master, 'blpop');
    await untilBlocked(master, 'xread');
    await cluster.kill(master);
    expect(await popped).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
    // one that comes while nobody is the master waits for the one that will be
    const later = client.with({ timeout: 15_000 }).blpop('{q}later', 0);
    const heir = await cluster.waitForPromotion(master);
    await untilBlocked(heir, 'blpop');
    await untilBlocked(heir, 'xread');
    await client.rpush('{q}later', 1);
    await client.xadd('{q}s', '*', 'n', 1);
    expect(await later).toEqual(['{q}later', '1']);
    expect(await added).not.toBeNull();
    expect(client.connectionStats().lending.active).toBe(0);
  });

  it('transactions all settle; what waits for a connection goes to the new master; a session fails', async () => {
    await client.set('n', 0);
    const master = await cluster.masterOf('n');
    const session = failureOf(
      client.dedicated(
        async (lent) => {
          await lent.watch('n');
          await cluster.kill(master);
          return lent.with({ timeout: 2_000 }).get('n');
        },
        { key: 'n' },
      ),
    );
    await eventually(() => !master.isRunning);
    const unknown: unknown[] = [];
    const multi = (): Promise<unknown> =>
      client
        .with({ timeout: 15_000 })
        .multi((tx) => tx.incr('n'))
        .catch((error: RedisError) => unknown.push(error.code));
    await Promise.all(Array.from({ length: 20 }, multi));
    expect(await session).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(new Set(unknown)).toEqual(new Set(unknown.length === 0 ? [] : ['CONNECTION_LOST']));
    expect(await client.get('n')).toBe(String(20 - unknown.length));
    expect(client.connectionStats().lending.active).toBe(0);
  });
});
