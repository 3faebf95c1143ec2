import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from '../../../../lib/core/index.js';
import { SERVER_KINDS, startCluster, type TestCluster } from '../../../support/index.js';

const COUNT = 1_000;
const numbers = Array.from({ length: COUNT }, (_, index) => index);

describe.each(SERVER_KINDS)('a cluster of %s', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses.slice(0, 1) } });
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('has each command done by the node that has its slot', async () => {
    expect(client.status).toBe('idle');
    const set = await Promise.all(numbers.map((n) => client.set(`key:${n}`, `value:${n}`)));
    expect(new Set(set)).toEqual(new Set(['OK']));
    const values = await Promise.all(numbers.map((n) => client.get(`key:${n}`)));
    expect(values).toEqual(numbers.map((n) => `value:${n}`));
    expect(client.status).toBe('ready');
  });

  it('splits a pipeline by node, and puts its results in order', async () => {
    const pipeline = client.pipeline();
    for (const n of numbers) pipeline.set(`piped:${n}`, n).get(`piped:${n}`);
    expect(await pipeline.exec()).toEqual(numbers.flatMap((n) => ['OK', String(n)]));
  });

  it('refuses keys of several slots before anything is sent', async () => {
    await expect(client.mget('a', 'b')).rejects.toMatchObject({ code: 'CROSSSLOT', command: 'MGET' });
    await expect(client.mget('{a}1', '{a}2')).resolves.toEqual([null, null]);
  });

  it('runs a transaction on the node of its keys', async () => {
    expect(await client.multi((tx) => tx.incr('{n}:1').incr('{n}:2').get('{n}:1'))).toEqual([1, 1, '1']);
    await expect(client.multi((tx) => tx.incr('a').incr('b'))).rejects.toMatchObject({ code: 'CROSSSLOT' });
  });
});
