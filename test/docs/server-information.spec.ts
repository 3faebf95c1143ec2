import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as information from './examples/server-information.js';

describe('server-information.md', () => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind: SERVER_KINDS[0]!, args: ['--cluster-enabled', 'yes'] });
    client = new RedisClient(server.url);
    await client.clusterAddslotsrange(0, 16_383);
    await eventually(async () => expect(await client.clusterInfo()).toContain('cluster_state:ok'));
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('connections', async () => {
    const popped = client.blpop('none', 0);
    await eventually(async () => expect((await information.clients(client)).waiting).toHaveLength(1));
    const { id, db, resp, waiting, memory } = await information.clients(client);
    expect({ id, db, resp }).toEqual({ id: await client.clientId(), db: 0, resp: 3 });
    expect(waiting[0]).toMatchObject({ cmd: 'blpop' });
    expect(memory).toBeGreaterThan(1_000);
    await client.rpush('none', 'x');
    expect(await popped).toEqual(['none', 'x']);
  });

  it('nodes of a cluster', async () => {
    const { masters, served } = await information.nodes(client);
    expect(masters).toMatchObject([{ id: await client.clusterMyid(), flags: ['myself', 'master'] }]);
    expect(served).toBe(16_384);
  });

  it('the server', async () => {
    const { used, maxmemory } = await information.sections(client);
    expect(used).toBeGreaterThan(100_000);
    expect(maxmemory).toBe('0');
  });
});
