import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { startCluster, type TestCluster } from '../support/index.js';
import * as examples from './examples/cluster-commands.js';

describe('cluster-commands.md', () => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'redis-8.0' });
    client = await examples.connecting(cluster.addresses.map(({ host, port }) => `${host}:${port}`));
  });

  beforeEach(() => client.flushall());

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  it('what goes to several nodes', async () => {
    await client.mset({ a: 1, b: 2, c: 3 });
    const [keys, sha] = await examples.everywhere(client);
    expect([keys, await client.dbsize()]).toEqual([3, 0]);
    for (const node of cluster.nodes) expect(await node.ask('SCRIPT', 'EXISTS', String(sha))).toEqual([1]);
  });

  it('keys of several slots', async () => {
    expect(await examples.splitting(client)).toEqual(['Ada', 'Grace']);
    expect(await examples.tags(client)).toEqual(['OK', 1]);
  });

  it('scanning', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `session:${index}`);
    await client.mset(Object.fromEntries([...keys, 'other'].map((key) => [key, 1])));
    expect((await examples.scanning(client)).toSorted()).toEqual(keys.toSorted());
  });

  it('the nodes', async () => {
    const seen = await examples.nodes(client);
    expect(seen).toHaveLength(6);
    for (const line of seen) expect(line).toMatch(/^127\.0\.0\.1:\d+ \((master|replica)\) uses \d/);
  });

  it('scripts', async () => {
    expect(await examples.scripts(client)).toEqual([1, 1, 1]);
  });
});
