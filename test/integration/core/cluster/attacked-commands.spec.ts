import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from '../../../../lib/core/index.js';
import { eventually, startCluster, type TestCluster } from '../../../support/index.js';

function thrower(): never {
  throw new Error('not today');
}

it('a blocking command heeds its caller while it waits for the map of the slots', async () => {
  const nobody = { cluster: { nodes: ['127.0.0.1:1'] }, commandTimeout: 0, reconnect: { maxDelay: 100 } };
  await using client = new RedisClient(nobody);
  const abort = new AbortController();
  const waits = client.with({ signal: abort.signal }).blpop('q', 0);
  await eventually(() => expect(client.queued).toBe(1));
  abort.abort(new Error('enough'));
  await expect(waits).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
  await expect(client.with({ timeout: 50 }).blpop('q', 0)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(client.with({ signal: AbortSignal.abort() }).blpop('q', 0)).rejects.toMatchObject({
    code: 'ABORTED',
  });
});

describe('a cluster whose commands are put to the test', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'redis-8.0', replicas: 0 });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('sends a command for more slots than the queue has places, before anything is connected', async () => {
    await using client = new RedisClient({ cluster: { nodes: cluster.addresses, crossSlot: 'split' } });
    const keys = Array.from({ length: 5_000 }, (_, index) => `many:${index}`);
    const set = client.mset(Object.fromEntries(keys.map((key) => [key, key])));
    const got = client.mget(keys);
    expect(await set).toBe('OK');
    expect(await got).toEqual(keys);
    expect(await client.unlink(keys)).toBe(keys.length);
  });

  it('sends it too where the slots are known, and connections are not there', async () => {
    await using client = new RedisClient({ cluster: { nodes: cluster.addresses, crossSlot: 'split' } });
    const keys = Array.from({ length: 5_000 }, (_, index) => `more:${index}`);
    await client.connect();
    await Promise.all((await cluster.masters()).map((node) => node.ask('CLIENT', 'KILL', 'TYPE', 'normal')));
    await eventually(() => expect(client.status).not.toBe('ready'));
    expect(await client.mset(Object.fromEntries(keys.map((key) => [key, key])))).toBe('OK');
    expect(await client.mget(keys)).toEqual(keys);
  });

  it.each<[string, NonNullable<RedisClientOptions['cluster']>, RegExp]>([
    ['natMap throws', { natMap: thrower }, /not today/],
    ['natMap gives no address', { natMap: () => ({}) as never }, /'cluster\.natMap\('.*'\)' must be \{ host/],
  ])('settles everything where %s', async (_, options, why) => {
    const nodes = cluster.addresses;
    await using client = new RedisClient({
      cluster: { nodes, crossSlot: 'split', ...options },
      commandTimeout: 300,
    });
    const reads = [
      client.get('a'),
      client.get('b'),
      client.mget('a', 'b'),
      client.pipeline().get('a').exec(),
    ];
    for (const outcome of await Promise.allSettled(reads)) {
      const error: unknown = outcome.status === 'rejected' ? outcome.reason : (outcome.value as unknown[])[0];
      expect(String(error)).toMatch(why);
    }
  });

  it('takes what natMap gives as other addresses are taken', async () => {
    const nodes = cluster.addresses;
    const natMap = ({ host, port }: { host: string; port: number }) => `${host}:${port}` as never;
    await using asText = new RedisClient({ cluster: { nodes, natMap } });
    expect(await asText.get('a')).toBeNull();
    await using none = new RedisClient({ cluster: { nodes, natMap: () => null as never } });
    expect(await none.get('a')).toBeNull();
  });

  it('tells times in whole milliseconds, also where what is left of one is waited for', async () => {
    const options = { cluster: { nodes: cluster.addresses }, maxDedicated: 1, commandTimeout: 300 };
    await using client = new RedisClient(options);
    await client.connect();
    const full = client.dedicated(() => client.multi((tx) => tx.incr('a')), { key: 'a' });
    await expect(full).rejects.toThrow(/within \d+ ms \(/);
    await cluster.kill(await cluster.masterOf('a'));
    await expect(client.multi((tx) => tx.incr('a'))).rejects.toThrow(/within \d+ ms:/);
  });
});
