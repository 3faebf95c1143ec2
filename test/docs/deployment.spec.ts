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
import { readPage } from './support/markdown.js';

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
    expect(client.dedicatedStats()).toMatchObject({ active: 10, max: 10 });
    expect(readPage('docs/deployment.md')).toContain('1 + 1 + 10 + 5 = 17');
    for (const session of lent) pool.release(session);
    for (let nth = 0; nth < 15; nth++) await admin.lpush('nothing', String(nth));
    expect(await Promise.all(waiting)).toHaveLength(15);
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
