import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startCluster, type TestCluster } from '../support/index.js';
import * as examples from './examples/cluster-connections.js';

describe('connections of their own, on a cluster', () => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind: SERVER_KINDS[1]!, replicas: 0 });
    client = new RedisClient({ cluster: { nodes: cluster.addresses } });
  });

  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });

  it('transactions.md, dedicated.md, pool.md', async () => {
    await client.set('{cart:7}:items', 'abc');
    expect(await examples.transaction(client)).toEqual(['OK', 1]);
    expect(await examples.byHand(client)).toEqual(['OK']);
    expect(await examples.pool(cluster.addresses)).toBe(5);
    expect(await client.get('user:1')).toBe('Ada');
  });
});
