import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { Partition, startCluster, type TestCluster } from '../support/index.js';
import * as cluster from './examples/cluster.js';

describe('cluster.md', () => {
  let servers: TestCluster;
  let one: string;

  beforeAll(async () => {
    servers = await startCluster({ kind: 'valkey-9.1' });
    const [{ host, port }] = servers.addresses as [{ host: string; port: number }];
    one = `${host}:${port}`;
  });

  afterAll(async () => {
    await servers.stop();
  });

  it('one node, or several, of which one is alive', async () => {
    const [{ host, port }] = servers.addresses as [{ host: string; port: number }];
    expect(await cluster.oneLine(host, port)).toBe('Ann');
    expect(await cluster.nodes('127.0.0.1:1', one)).toBe('ready');
  });

  it('addresses that are others from here', async () => {
    await using partition = await Partition.start(servers.nodes);
    const { host, port } = partition.addresses[0]!;
    expect(await cluster.nat(`${host}:${port}`, partition.natMap)).toBe('OK');
    expect(partition.attempts()).toBeGreaterThan(0);
  });

  it('reads of replicas; keys that are together', async () => {
    expect(await cluster.reads(one)).toBe('ready');
    await using client = new RedisClient({ cluster: { nodes: [one] } });
    expect(await cluster.together(client)).toEqual({ items: '3', total: '42' });
  });
});
