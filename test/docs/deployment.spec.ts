import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool } from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { readPage, tableBelow } from './support/markdown.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: TestServer;
let admin: RedisClient;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]!, tls: true });
  admin = new RedisClient(server.url);
  process.env.REDIS_URL = server.url; // what the module of the example reads as it is loaded
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

afterAll(async () => {
  await admin.close();
  await server.stop();
});

describe('deployment.md', () => {
  it('TLS with a CA of its own, and a token for each connection', async () => {
    const { managed } = await import('./examples/deployment.js');
    let fetched = 0;
    const tokens = { fetch: async () => `token-${++fetched}` };
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>token-1', '~*', '&*', '+@all');
    process.env.REDIS_URL = server.tlsUrl;
    const ca = join(tmpdir(), `redwire-docs-${randomUUID()}.pem`);
    writeFileSync(ca, server.ca!);
    module = await Test.createTestingModule({ imports: [managed(ca, tokens)] })
      .setLogger(silent)
      .compile();
    await module.init();
    rmSync(ca);
    const client = module.get(RedisClient);
    expect(await client.call('ACL', 'WHOAMI')).toBe('app');
    expect(await client.call('CLIENT', 'GETNAME')).toBe('orders');
    // the token has expired, and the server ends the connection
    await admin.call('ACL', 'SETUSER', 'app', 'resetpass', '>token-2');
    await admin.call('CLIENT', 'KILL', 'USER', 'app');
    await eventually(() => expect(fetched).toBe(2));
    expect(await client.get('key')).toBeNull();
  });

  it('the rules of the user are enough, and let nothing dangerous through', async () => {
    const cells = tableBelow(readPage('docs/deployment.md'), 'Managed clouds').flat();
    const rules = /`(~app:.*?)`/.exec(cells.join('\n'))![1]!;
    await admin.call('ACL', 'SETUSER', 'rules', 'on', '>secret', ...rules.split(' '));
    const options = {
      url: server.url,
      username: 'rules',
      password: 'secret',
      database: 1,
      clientName: 'rules',
    };
    await using client = new RedisClient(options);
    expect(await client.set('app:key', 'v')).toBe('OK');
    expect(await client.probe(1_000)).toBeGreaterThan(0);
    expect(await client.info('server')).toHaveProperty('server');
    await using subscription = await client.subscribe('app:channel');
    expect(await client.publish('app:channel', 'm')).toBe(1);
    expect(subscription.channels).toEqual(['app:channel']);
    const giveUp = new AbortController();
    const popped = client.with({ signal: giveUp.signal }).blpop('app:list', 0);
    await eventually(async () =>
      expect((await admin.info('clients'))['clients']!['blocked_clients']).toBe('1'),
    );
    giveUp.abort();
    await expect(popped).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(async () =>
      expect((await admin.info('clients'))['clients']!['blocked_clients']).toBe('0'),
    );
    const denied = [client.get('other'), client.flushall(), client.configGet('*'), client.keys('app:*')];
    for (const outcome of await Promise.allSettled<unknown>(denied))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOPERM' } });
  });

  it('an instance has as many connections as the page counts', async () => {
    const { SizedModule } = await import('./examples/deployment.js');
    module = await Test.createTestingModule({ imports: [SizedModule] })
      .setLogger(silent)
      .compile();
    await module.init();
    const client = module.get(RedisClient);
    const pool = module.get(RedisPool);
    await client.subscribe('channel');
    const waiting = Array.from({ length: 15 }, () => client.blpop('nothing', 0));
    const lent = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()));
    const own = async (): Promise<number> => (await admin.clientList()).length - 1;
    // 1 for commands, 1 for subscriptions, 10 lent by the client, 5 of the pool
    await eventually(async () => expect(await own()).toBe(17));
    expect(client.connectionStats().lending).toMatchObject({ active: 10, max: 10 });
    expect(readPage('docs/deployment.md')).toContain('1 + 1 + 10 + 5 = 17');
    for (const session of lent) pool.release(session);
    for (let nth = 0; nth < 15; nth++) await admin.lpush('nothing', String(nth));
    expect(await Promise.all(waiting)).toHaveLength(15);
  });

  it('of a cluster the keys of other nodes fail with MOVED where it is taken for a server', async () => {
    const args = ['--cluster-enabled', 'yes'];
    await using one = await startServer({ kind: SERVER_KINDS[0]!, args });
    await using other = await startServer({ kind: SERVER_KINDS[0]!, args });
    await using near = new RedisClient(one.url);
    await using far = new RedisClient(other.url);
    await near.clusterAddslotsrange(0, 8_191);
    await far.clusterAddslotsrange(8_192, 16_383);
    await near.clusterMeet('127.0.0.1', other.port);
    await eventually(async () => expect(await near.clusterInfo()).toContain('cluster_state:ok'));
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const outcomes = await Promise.allSettled(keys.map((key) => near.set(key, 1)));
    const slots = await Promise.all(keys.map((key) => near.clusterKeyslot(key)));
    expect(new Set(slots.map((slot) => slot < 8_192)).size).toBe(2);
    for (const [nth, slot] of slots.entries()) {
      const away = { status: 'rejected', reason: { code: 'MOVED' } };
      expect(outcomes[nth]).toMatchObject(slot < 8_192 ? { status: 'fulfilled' } : away);
    }
  });

  it('a primary that becomes a replica and keeps its connections answers READONLY', async () => {
    await using primary = await startServer({ kind: SERVER_KINDS[0]! });
    await using client = new RedisClient(primary.url);
    await client.set('key', 1);
    await using operator = new RedisClient(primary.url);
    await operator.replicaof('127.0.0.1', server.port);
    for (let nth = 0; nth < 2; nth++)
      await expect(client.set('key', 2)).rejects.toMatchObject({ code: 'READONLY' });
    // once the connections end, whoever is at the address is asked
    await operator.replicaof('NO', 'ONE');
    await operator.clientKill({ id: await client.clientId() });
    expect(await client.set('key', 2)).toBe('OK');
  });

  it('start() listens for SIGTERM, and its hooks run at close()', async () => {
    const { start } = await import('./examples/deployment.js');
    let closed = false;
    @Module({})
    class AppModule {
      onApplicationShutdown(): void {
        closed = true;
      }
    }
    const before = process.listenerCount('SIGTERM');
    const app = await start(AppModule, 0);
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    await app.close();
    expect(closed).toBe(true);
  });
});
