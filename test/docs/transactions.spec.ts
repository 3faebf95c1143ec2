import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as scripts from './examples/scripts.js';
import * as transactions from './examples/transactions.js';

describe.each(SERVER_KINDS)('on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient(server.url);
  });

  beforeEach(async () => {
    await client.flushall();
    await client.scriptFlush();
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  describe('transactions.md', () => {
    it('chained, and command by command', async () => {
      await client.set('stock', 10);
      expect(await transactions.chained(client)).toEqual({ left: 8, sold: 2 });
      await client.sadd('expired', '1', '2');
      await client.set('cart:1', 'x');
      const results = await transactions.statements(client);
      expect(results.map(Number).toSorted()).toEqual([0, 1, 1]);
      expect(await client.exists('cart:1', 'expired')).toBe(0);
    });

    it('errors, in their places and thrown', async () => {
      expect(await transactions.failed(client)).toMatchObject([1, { code: 'WRONGTYPE', command: 'LPUSH' }]);
      expect(await transactions.thrown(client)).toMatch(
        /^1 of 2 commands of the transaction failed; the others have taken effect\. The first: WRONGTYPE /,
      );
      expect(await client.get('n')).toBe('2');
    });

    it('a refused command, by its name', async () => {
      expect(await transactions.refused(client)).toMatch(
        /^INCR: EXECABORT nothing of the transaction was executed: the server refused INCR, command 2 of 2, with: ERR wrong number/,
      );
      expect(await client.exists('n')).toBe(0);
    });

    it('watching: values, a callback that throws, and other callers', async () => {
      await client.set('stock', 10);
      const callers = Array.from({ length: 5 }, () => transactions.sell(client, 2));
      expect(await Promise.all(callers)).toHaveLength(5);
      expect(await client.mget('stock', 'sold')).toEqual(['0', '10']);
      await expect(transactions.sell(client, 1)).rejects.toThrow('Sold out.');
      expect(await client.mget('stock', 'sold')).toEqual(['0', '10']);
    });

    it('reading more inside the callback', async () => {
      await client.hset('cart:7', { tea: 3, milk: 4 });
      await client.set('rate', 2);
      expect(await transactions.readMore(client)).toEqual(['OK']);
      expect(await client.get('cart:7:sum')).toBe('14');
    });

    it('a limit and a signal', async () => {
      expect(await transactions.limited(client, new AbortController().signal)).toEqual([1, '1']);
      await expect(transactions.limited(client, AbortSignal.abort('enough'))).rejects.toMatchObject({
        code: 'ABORTED',
        cause: 'enough',
      });
      expect(await client.get('visits')).toBe('1');
    });

    it('a transfer that may be tried again, and takes place once', async () => {
      await client.mset({ from: 100, to: 0 });
      for (let attempt = 0; attempt < 3; attempt++) await transactions.transfer(client, '7', 5);
      await Promise.all([transactions.transfer(client, '8', 1), transactions.transfer(client, '8', 1)]);
      expect(await client.mget('from', 'to')).toEqual(['94', '6']);
    });

    it('what blocks does not wait between MULTI and EXEC', async () => {
      await client.rpush('jobs', 'first');
      expect(await client.multi((tx) => tx.blpop('jobs', 0).blpop('jobs', 0))).toEqual([
        ['jobs', 'first'],
        null,
      ]);
    });

    it('by hand', async () => {
      await client.set('stock', 10);
      expect(await transactions.byHand(client)).toEqual(['OK', 2]);
      expect(await client.get('stock')).toBe('8');
    });

    it('the rights that it needs are those of the page', async () => {
      const { readPage } = await import('./support/markdown.js');
      const rights = /`(\+multi [^`]*)`.*?`(\+watch [^`]*)`/s
        .exec(readPage('docs/transactions.md'))!
        .slice(1);
      await client.call(
        'ACL',
        'SETUSER',
        'app',
        'reset',
        'on',
        '>pw',
        '~*',
        '+@connection',
        '+set',
        ...rights.join(' ').split(' '),
      );
      await using app = new RedisClient({ url: server.url, username: 'app', password: 'pw' });
      expect(await app.multi((tx) => tx.set('a', 1))).toEqual(['OK']);
      expect(await app.watch('a', (tx, { a }) => tx.set('a', `${a}!`))).toEqual(['OK']);
      await expect(app.watch('a', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
      expect(await app.multi((tx) => tx.set('a', 1))).toEqual(['OK']);
    });
  });

  describe('scripts.md', () => {
    it('on the client that made it', async () => {
      await client.set('stock', 10);
      expect(await scripts.bound(client)).toEqual({ left: 8, none: null });
    });

    it('from a module: on views, in pipelines and transactions', async () => {
      expect(await scripts.called(client)).toEqual([5, 10, 15, 100]);
      expect(await client.scriptExists(scripts.ADD_CAPPED.sha1)).toEqual([1]);
    });

    it('by its text', async () => {
      await client.set('name', 'Ada');
      expect(await scripts.text(client)).toBe('string');
    });

    it('read-only', async () => {
      await client.mset({ a: 3, b: 4 });
      expect(await scripts.readOnly(client)).toBe(7);
    });

    it('functions', async () => {
      await client.set('apples', 10);
      expect(await scripts.functions(client)).toEqual({ left: 7, seen: '7' });
      await client.functionFlush();
    });

    it('keys have the prefix, those in the text have not', async () => {
      await using app = new RedisClient({ url: server.url, keyPrefix: 'app:' });
      await app.script({ lua: "redis.call('SET', KEYS[1], 1) redis.call('SET', 'plain', 1)" }).call(['key']);
      expect((await client.keys('*')).toSorted()).toEqual(['app:key', 'plain']);
    });
  });
});
