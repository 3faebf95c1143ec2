import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as scanning from './examples/scanning.js';

describe.each(SERVER_KINDS)('scanning.md, on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
  });

  beforeEach(async () => {
    await client.flushall();
    await client.hset('user:1', { name: 'Ada', 'address:city': 'London', 'address:zip': 'W1' });
    await client.sadd('tags', 'red', 'blue');
    await client.zadd('scores', 7.5, 'Grace', 10, 'Ada');
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('keys', async () => {
    await client.mset(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`session:${index}`, 1])));
    expect(await scanning.keys(client)).toBe(500);
    expect(await client.dbsize()).toBe(3);
  });

  it('one by one', async () => {
    await client.mset(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`session:${index}`, 1])));
    await client.expire('session:7', 1_000);
    const found = new Set(await scanning.items(client));
    expect(found.size).toBe(49);
    expect(found.has('session:7')).toBe(false);
  });

  it('hashes, sets and sorted sets', async () => {
    expect((await scanning.collections(client)).toSorted()).toEqual([
      'Ada: 10.0',
      'Grace: 7.5',
      'address:city=London',
      'address:zip=W1',
      'blue',
      'red',
    ]);
  });

  it('fields alone', async () => {
    const found = scanning.fields(client);
    if (kind === 'redis-7.0') await expect(found).rejects.toMatchObject({ code: 'ERR', command: 'HSCAN' });
    else expect((await found).toSorted()).toEqual(['address:city', 'address:zip', 'name']);
  });

  it('leaving', async () => {
    for (let index = 0; index < 100; index++) void client.hset(`hash:${index}`, 'f', 'v');
    const abort = new AbortController();
    const found = await scanning.leaving(client, abort.signal);
    expect(found.length).toBeGreaterThanOrEqual(10);
    expect(found.length).toBeLessThan(101);
    abort.abort();
    await expect(scanning.leaving(client, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('the key prefix, and the commands by hand', async () => {
    await using app = new RedisClient({ url: server.url, keyPrefix: 'app:' });
    expect((await scanning.prefixed(app, client)).toSorted()).toEqual(['a', 'b']);
    const [cursor, keys] = await app.scan(0, 'COUNT', 1_000, 'TYPE', 'string');
    expect([cursor, keys.toSorted()]).toEqual(['0', ['app:a', 'app:b', 'other']]);
  });
});
