import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisServerError, type RedisClientOptions } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, tls: true, unix: true });
  });

  afterAll(() => server.stop());

  const roads: [string, () => RedisClientOptions][] = [
    ['TCP', () => ({ host: server.host, port: server.port })],
    ['a Unix socket', () => ({ path: server.unixPath! })],
    ['TLS', () => ({ url: server.tlsUrl!, tls: { ca: server.ca! } })],
  ];

  describe.each(roads)('over %s', (_, options) => {
    describe.each([2, 3] as const)('in RESP%d', (protocol) => {
      let client: RedisClient;

      beforeAll(async () => {
        client = new RedisClient({ ...options(), protocol });
        await client.flushall();
      });

      afterAll(() => client.close());

      it('speaks the protocol that was asked for', async () => {
        expect(await client.clientInfo()).toMatchObject({ resp: protocol });
      });

      it('gives replies of one shape', async () => {
        expect(await client.set('text', 'grüße 🎉')).toBe('OK');
        expect(await client.get('text')).toBe('grüße 🎉');
        expect(await client.get('none')).toBeNull();
        expect(await client.incr('n')).toBe(1);
        expect(await client.hset('h', { a: 1, b: 'two' })).toBe(2);
        expect(await client.hgetall('h')).toEqual({ a: '1', b: 'two' });
        expect(await client.hgetall('none')).toEqual({});
        expect(await client.zadd('z', 1.5, 'one', 2, 'two')).toBe(2);
        expect(await client.zscore('z', 'one')).toBe(1.5);
        expect(await client.sadd('s', 'x')).toBe(1);
        expect(await client.smembers('s')).toEqual(['x']);
        expect(await client.rpush('l', 'a', 'b', 'c')).toBe(3);
        expect(await client.lrange('l', 0, -1)).toEqual(['a', 'b', 'c']);
        expect(await client.mget('text', 'none')).toEqual(['grüße 🎉', null]);
        expect(await client.exists('text', 'none')).toBe(1);
        expect(await client.configGet('maxmemory')).toEqual({ maxmemory: '0' });
        expect(await client.time()).toEqual([expect.any(Number), expect.any(Number)]);
      });

      it('gives integers past 2^53 exactly', async () => {
        await client.set('big', '9007199254740993');
        expect(await client.incr('big')).toBe(9_007_199_254_740_994n);
        expect(await client.eval('return {1, 9007199254740993, -9007199254740995}', 0)).toEqual([
          1,
          // what a script returns passes through a double in the server itself
          9_007_199_254_740_992n,
          -9_007_199_254_740_996n,
        ]);
        expect(
          await client.call('BITFIELD', 'bits', 'SET', 'i64', '0', '9223372036854775807', 'GET', 'i64', '0'),
        ).toEqual([0, 9_223_372_036_854_775_807n]);
      });

      it('is binary safe, in and out', async () => {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
        const key = Buffer.concat([Buffer.from('key:'), bytes]);
        expect(await client.set(key, bytes)).toBe('OK');
        expect((await client.buffers.get(key))!.equals(bytes)).toBe(true);
        const large = Buffer.alloc(3_000_000, bytes);
        await client.set('large', large);
        expect((await client.buffers.get('large'))!.equals(large)).toBe(true);
        expect(await client.buffers.call('GET', key)).toEqual(bytes);
        expect(await client.with({ timeout: 1_000 }).buffers.with({ idempotent: true }).get(key)).toEqual(
          bytes,
        );
        expect(await client.call('config get', 'maxmemory')).toEqual(
          await client.call('CONFIG', 'GET', 'maxmemory'),
        );
        const record = await client.buffers.hgetall('h');
        expect(record).toEqual({ a: Buffer.from('1'), b: Buffer.from('two') });
      });

      it('keeps large text whole', async () => {
        const ascii = 'x'.repeat(1_500_000);
        const wide = 'ü漢🎉'.repeat(200_000);
        await client.mset({ ascii, wide });
        expect(await client.get('ascii')).toBe(ascii);
        expect(await client.get('wide')).toBe(wide);
      });

      it('pairs replies with commands among thousands in flight, errors between them', async () => {
        await client.set('text', 'x');
        const outcomes = await Promise.allSettled(
          Array.from({ length: 3_000 }, (_, index) =>
            index % 7 === 0
              ? client.hget('text', 'f')
              : index % 3 === 0
                ? client.set(`k:${index}`, index)
                : client.echo(`e:${index}`),
          ),
        );
        for (const [index, outcome] of outcomes.entries()) {
          if (index % 7 === 0) {
            expect(outcome.status).toBe('rejected');
            expect((outcome as PromiseRejectedResult).reason).toMatchObject({
              code: 'WRONGTYPE',
              command: 'HGET',
            });
          } else
            expect(outcome).toEqual({ status: 'fulfilled', value: index % 3 === 0 ? 'OK' : `e:${index}` });
        }
      });

      it('puts the line that awaits into the stack of a server error', async () => {
        async function asksForTheWrongType(): Promise<unknown> {
          return await client.incr('h');
        }
        const error = await asksForTheWrongType().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RedisServerError);
        expect((error as Error).message).toMatch(/^WRONGTYPE .*\(command: INCR\)$/);
        expect((error as Error).stack).toContain('asksForTheWrongType');
      });

      it('runs commands of the same tick in one write, and large numbers of them', async () => {
        await client.set('count', 0);
        const counts = await Promise.all(Array.from({ length: 10_000 }, () => client.incr('count')));
        expect(counts).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
      });

      it('lets a blocking command wait without holding up others', async () => {
        const popped = client.blpop('queue', 10);
        expect(await client.ping()).toBe('PONG');
        await client.rpush('queue', 'job');
        expect(await popped).toEqual(['queue', 'job']);
        expect(await client.blpop('queue', 0.05)).toBeNull();
      });
    });
  });

  it('asks for RESP3 by itself, and takes RESP2 where the server knows no HELLO', async () => {
    await using modern = new RedisClient(server.url);
    expect(await modern.clientInfo()).toMatchObject({ resp: 3 });
    await using old = await startServer({ kind, requirepass: 'pw', args: ['--rename-command', 'HELLO', ''] });
    await using client = new RedisClient({ url: old.url, clientName: 'old', database: 2 });
    expect(await client.clientInfo()).toMatchObject({ resp: 2, name: 'old', db: 2 });
    await using strict = new RedisClient({ url: old.url, protocol: 3 });
    await expect(strict.ping()).rejects.toThrow(/refused the connection: (ERR unknown command|NOAUTH)/);
  });

  it('prefixes keys', async () => {
    await using plain = new RedisClient(server.url);
    await using client = new RedisClient({ url: server.url, keyPrefix: 'app:' });
    await client.mset({ a: 1, b: 2 });
    expect(await plain.mget('app:a', 'app:b')).toEqual(['1', '2']);
    expect(await client.get(Buffer.from('a'))).toBe('1');
    expect((await client.keys('*')).toSorted()).toEqual(['a', 'b']);
    expect((await client.buffers.keys('?')).map(String).toSorted()).toEqual(['a', 'b']);
    expect(await client.call('DEL', 'a', 'b')).toBe(2);
  });

  it('WAIT stays on the connection whose writes it asks about, and takes its own time', async () => {
    await using client = new RedisClient({ url: server.url, commandTimeout: 100, clientName: 'waiting' });
    await client.set('written', 1);
    expect(await client.wait(1, 150)).toBe(0);
    expect((await client.clientList()).filter(({ name }) => name === 'waiting')).toHaveLength(1);
  });

  it('a timeout of one call goes before the own one of a blocking command', async () => {
    await using client = new RedisClient(server.url);
    await expect(client.with({ timeout: 50 }).blpop('nothing', 60)).rejects.toMatchObject({
      code: 'TIMEOUT',
      kind: 'blocking',
    });
  });

  it('refuses bad arguments by name and position, and sends nothing', async () => {
    await using client = new RedisClient(server.url);
    const wrong = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    await expect(wrong['get']!(undefined)).rejects.toThrow(/^GET: argument 1 is undefined; nothing was sent/);
    await expect(wrong['set']!('k', null)).rejects.toThrow(/^SET: argument 2 is null/);
    await expect(wrong['set']!('k', true)).rejects.toThrow(/^SET: argument 2 is a boolean.*1 or 0/);
    await expect(wrong['set']!('k', Number.NaN)).rejects.toThrow(/^SET: argument 2 is NaN/);
    expect(client.status).toBe('idle');
  });

  it('call() takes no text for a name that is none', async () => {
    await using client = new RedisClient(server.url);
    await expect(client.call('PUBLISH secret', 'x')).rejects.toThrow(/no command's name that is known here/);
    await expect(client.call('NO.SUCH', 'secret')).rejects.toMatchObject({ code: 'ERR', command: 'NO.SUCH' });
    const error = (await client.call('NO.SUCH', 'secret').catch((reason: unknown) => reason)) as Error;
    expect(error.message).not.toContain('secret');
  });

  it('refuses what would change the state of the shared connection', async () => {
    await using client = new RedisClient(server.url);
    for (const [name, ...args] of [['SELECT', '1'], ['MULTI'], ['AUTH', 'x'], ['MONITOR']] as const) {
      await expect(client.call(name, ...args)).rejects.toThrow(
        new RegExp(`^${name} changes the state of a connection`),
      );
    }
    await expect(client.call('SUBSCRIBE', 'a')).rejects.toThrow(/Use subscribe\(\)/);
    expect(await client.ping()).toBe('PONG');
  });
});
