import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import RedisParser from 'redis-parser';
import {
  RedisAbortError,
  RedisClient,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisError,
  RedisPool,
  RedisServerError,
  RedisTimeoutError,
} from 'nestjs-redwire/core';
import { eventually, runScript, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { exampleText, readPage } from './support/markdown.js';
import * as ioredis from './examples/coming-from-ioredis.js';
import * as commands from './examples/using-commands.js';
import * as connecting from './examples/connecting.js';
import * as errors from './examples/errors.js';
import './examples/own-commands.js';
import * as pipelines from './examples/pipelines.js';
import * as pool from './examples/pool.js';
import * as pubsub from './examples/pubsub.js';
import * as streams from './examples/streams.js';

const kind = SERVER_KINDS[0]!;
let server: TestServer;
let client: RedisClient;

beforeAll(async () => {
  server = await startServer({ kind, tls: true, unix: true });
  process.env.REDIS_URL = server.url;
  client = new RedisClient(server.url);
});

beforeEach(() => client.flushall());

afterAll(async () => {
  await client.close();
  await server.stop();
});

/** Ends every connection of the server but the one that asks. */
async function killAll(): Promise<void> {
  await using killer = new RedisClient(server.url);
  await killer.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await killer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}

async function failureOf(work: Promise<unknown>): Promise<RedisError> {
  return work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: RedisError) => error,
  );
}

describe('getting-started.md', () => {
  it('the core by itself', async () => {
    const example = await import('./examples/getting-started.js');
    expect(example.greeting).toBe('hello');
    expect(example.client.status).toBe('closed');
    expect(await client.ttl('greeting')).toBeGreaterThan(0);
  });
});

describe('connecting.md', () => {
  it('the forms of an address', () => {
    const clients = connecting.forms();
    const shown = clients.map(({ address, options }) => [
      address,
      options.database,
      options.tls !== undefined,
    ]);
    expect(shown).toEqual([
      ['localhost:6379', 0, false],
      ['redis.internal:6380', 2, false],
      ['redis.internal:6379', 0, false],
      ['redis.internal:6380', 0, true],
      ['/run/redis/redis.sock', 1, false],
      ['[::1]:6380', 2, false],
      ['redis.internal:6379', 0, false],
    ]);
    expect(clients[2]!.options.credentials()).toEqual({ username: 'app', password: 'p@ssword' });
    expect(clients[6]!.options.clientName).toBe('orders');
    // creating them opened nothing
    expect(clients.map(({ status }) => status)).toEqual(clients.map(() => 'idle'));
  });

  it('refuses what contradicts itself, and an empty host', () => {
    expect(() => new RedisClient({ path: '/tmp/x', host: 'here' })).toThrow(/exclude each other/);
    expect(() => new RedisClient({ username: 'app' })).toThrow(/needs a 'password'/);
    expect(() => new RedisClient({ url: '' })).toThrow(/not empty/);
    expect(() => new RedisClient({ comandTimeout: 1 } as never)).toThrow(/did you mean 'commandTimeout'/);
    expect(() => new RedisClient('redis://here?timeout=1')).toThrow(/unknown parameter 'timeout'/);
    expect(new RedisClient({ url: 'redis://here:1/2', port: 3 }).address).toBe('here:3');
  });

  it('TLS with an authority of its own', async () => {
    const ca = join(tmpdir(), `redwire-docs-${randomUUID()}.pem`);
    writeFileSync(ca, server.ca!);
    await using secure = connecting.tls(server.tlsUrl!, ca);
    expect(await secure.ping()).toBe('PONG');
    await using distrustful = new RedisClient(server.tlsUrl!);
    const error = await failureOf(distrustful.connect());
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining('`tls.ca`') });
  });

  it('a Unix socket', async () => {
    await using local = connecting.socket(server.unixPath!);
    expect(await local.ping()).toBe('PONG');
  });

  it('credentials are asked for at each connect', async () => {
    await client.call('ACL', 'SETUSER', 'app', 'on', '>token-1', '>token-2', '~*', '+@all');
    let asked = 0;
    await using app = connecting.credentials(server.url, async () => `token-${++asked}`);
    expect(await app.aclWhoami()).toBe('app');
    await killAll();
    await eventually(async () => expect(await app.aclWhoami()).toBe('app'));
    expect(asked).toBe(2);
  });

  it('a wrong password fails at once, also with a deadline, and what waits fails with it', async () => {
    await using wrong = new RedisClient({
      url: server.url,
      username: 'nobody',
      password: 'x',
      commandTimeout: 0,
    });
    const waiting = failureOf(wrong.get('key'));
    const error = await failureOf(wrong.connect({ deadline: 60_000 }));
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).toMatchObject({ code: 'WRONGPASS', message: expect.stringContaining('Check `username`') });
    expect(await waiting).toMatchObject({ code: 'WRONGPASS', command: 'GET' });
  });

  it('connect()', async () => {
    await using fresh = new RedisClient(server.url);
    await connecting.connect(fresh);
    expect(fresh.status).toBe('ready');
  });

  it('reconnecting: the settings, and the events', async () => {
    await using lasting = connecting.reconnect(server.url);
    expect(lasting.options.reconnect).toMatchObject({
      delay: 50,
      maxDelay: 5_000,
      maxAttempts: 100,
      factor: 2,
    });
    const log: string[] = [];
    connecting.events(lasting, (line) => log.push(line));
    await lasting.ping();
    await killAll();
    await eventually(() => expect(log).toHaveLength(6));
    expect(log).toEqual([
      'connected',
      'ready',
      expect.stringMatching(/^lost \(server_closed\): The server at /),
      'attempt 1 follows',
      'connected',
      'ready',
    ]);
  });

  it('reconnect: false: lost stays lost until connect()', async () => {
    await using once = new RedisClient({ url: server.url, reconnect: false });
    await once.ping();
    await killAll();
    await eventually(() => expect(once.status).toBe('idle'));
    expect(await failureOf(once.ping())).toMatchObject({ code: 'DISCONNECTED' });
    await once.connect();
    expect(await once.ping()).toBe('PONG');
  });

  it('closing', async () => {
    const clients = await connecting.closing(server.url);
    expect(clients.map(({ status }) => status)).toEqual(['closed', 'closed']);
    expect(await client.get('visits')).toBe('2');
    expect(await failureOf(clients[0]!.ping())).toMatchObject({ code: 'CLOSED' });
  });

  it('shows no secret', async () => {
    const { inspect } = await import('node:util');
    const secret = new RedisClient('redis://app:hunter2@localhost');
    expect(inspect(secret) + inspect(secret.options) + JSON.stringify(secret.options)).not.toContain(
      'hunter2',
    );
  });
});

describe('pipelines.md', () => {
  it('chained and command by command', async () => {
    await client.hset('user:1', { name: 'Ada' });
    expect(await pipelines.chained(client)).toEqual({ visits: 2, user: { name: 'Ada' } });
    expect(await pipelines.statements(client, [1, 2])).toEqual(['Ada', null]);
  });

  it('errors, in their places and thrown', async () => {
    const results = await pipelines.errors(client);
    expect(results).toEqual(['OK', 2, expect.anything(), '2']);
    expect(results[2]).toMatchObject({ code: 'WRONGTYPE' });
    expect(await pipelines.thrown(client)).toMatch(
      /^1 of 2 commands of the pipeline failed; the first: WRONGTYPE /,
    );
  });

  it('a limit and a signal for the whole', async () => {
    expect(await pipelines.whole(client, new AbortController().signal)).toEqual([1, {}]);
    expect(await pipelines.whole(client, AbortSignal.abort())).toMatchObject([
      { code: 'ABORTED' },
      { code: 'ABORTED' },
    ]);
    expect(await client.get('visits')).toBe('1');
  });

  it('a long one', async () => {
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, name: `n${id}` }));
    expect(await pipelines.long(client, rows)).toEqual({ failed: 0, length: 5_000 });
    expect(await client.hget('user:4999', 'name')).toBe('n4999');
  });
});

describe('using-commands.md', () => {
  it('names', async () => {
    expect(await commands.names(client)).toEqual({
      visits: 2,
      config: { 'maxmemory-policy': 'noeviction' },
      encoding: 'int',
    });
  });

  it('raw arguments', async () => {
    await client.set('lock', 'x', 'PX', 1, 'XX');
    expect(await commands.raw(client)).toEqual({ stored: 'OK', previous: 'me' });
  });

  it('records, Maps and lists', async () => {
    expect(await commands.collections(client)).toBe(2);
    expect(await client.hgetall('user:1')).toEqual({ name: 'Ada', visits: '3' });
    expect(await client.hgetall('user:2')).toEqual({ name: 'Grace' });
    expect(await client.zrange('scores', 0, -1)).toEqual(['Grace', 'Ada']);
    expect(await client.scard('tags')).toBe(2);
  });

  it('options', async () => {
    expect(await commands.options(client)).toEqual({
      lock: 'OK',
      before: 'me',
      cursor: '0',
      found: ['lock'],
    });
    expect(await client.ttl('lock')).toBeGreaterThan(30);
  });

  it('options of sorted sets', async () => {
    expect(await commands.sortedSets(client)).toEqual([
      { member: 'Ada', score: 12 },
      { member: 'Grace', score: 7 },
    ]);
  });

  it('lists before which their length stands', async () => {
    expect(await commands.counted(client)).toEqual({
      trees: [
        { member: 'fig', score: 3 },
        { member: 'oak', score: 12 },
      ],
      both: 1,
      sum: 42,
    });
  });

  it('options of streams', async () => {
    const { id, read, taken } = await commands.streams(client);
    const orders = [{ key: 'orders', entries: [{ id, fields: { item: 'tea' } }] }];
    expect(read).toEqual(orders);
    expect(taken).toEqual(orders);
  });

  it('options of places', async () => {
    expect(await commands.places(client)).toEqual([
      { member: 'Paris', distance: 0 },
      { member: 'Lyon', distance: expect.closeTo(392.567) },
    ]);
  });

  it('lists of operations', async () => {
    expect(await commands.bits(client)).toEqual([0, 255, 255]);
  });

  it('options that exclude each other', async () => {
    const { both, unknown, stored } = await commands.excluded(client);
    expect(both).toBe('TypeError: SET: options `nx` and `xx` exclude each other; nothing was sent.');
    expect(unknown).toMatch(/^TypeError: SET: there is no option `ttl`; it takes /);
    expect(stored).toBe('OK');
    const pipeline = client.pipeline() as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => pipeline['set']!('key', 'value', { nx: true, xx: true })).toThrow(/exclude each other/);
  });

  it('refused arguments', async () => {
    const error = await commands.refused(client);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain('SET: argument 2 is undefined; nothing was sent.');
  });

  it('bytes', async () => {
    const { png, stored, fields } = await commands.bytes(client);
    expect(stored).toEqual(png);
    expect(fields).toEqual({ png, type: Buffer.from('image/png') });
  });

  it('call()', async () => {
    await commands.collections(client);
    expect(await commands.call(client)).toEqual({
      user: { name: 'Ada', visits: '3' },
      policy: { 'maxmemory-policy': 'noeviction' },
      said: 'anything',
    });
  });

  it('commands of your own server: the module is what the program writes, and works', async () => {
    await using modern = await startServer({ kind: 'redis-8.0' });
    const args = ['commands', '--url', modern.url, '--only', 'VSIM', '--prefix', 'raw'];
    const { stdout } = await runScript(new URL('../../scripts/cli/main.mjs', import.meta.url), { args });
    // but for the server's own number in the first line
    const bare = (module: string): string => module.replace(/Redis 8\.0\.\d+/, 'Redis 8.0').trimEnd();
    expect(bare(stdout)).toBe(bare(exampleText('own-commands.ts')));
    await using points = new RedisClient({ url: modern.url, keyPrefix: 'app:' });
    const { sent, shaped } = await commands.own(points);
    expect(sent).toEqual({ east: 1 });
    expect(shaped).toEqual([{ member: 'east', score: 1 }]);
    expect(await points.call('KEYS', '*')).toEqual(['points']);
  });

  it('with()', async () => {
    await commands.collections(client);
    const abort = new AbortController();
    expect(await commands.perCall(client, abort.signal)).toEqual({ name: 'Ada', visits: '3' });
    const late = failureOf(client.with({ signal: abort.signal }).blpop('never', 10));
    const impatient = await failureOf(client.with({ timeout: 50 }).blpop('never', 10));
    expect(impatient).toMatchObject({ code: 'TIMEOUT', kind: 'blocking' });
    abort.abort(new Error('the caller hung up'));
    expect(await late).toBeInstanceOf(RedisAbortError);
    expect(await late).toMatchObject({ code: 'ABORTED', cause: new Error('the caller hung up') });
    expect(() => client.with({ tiemout: 1 } as never)).toThrow(/did you mean 'timeout'/);
  });

  it('blocking commands', async () => {
    expect(await commands.blocking(client)).toEqual({
      answer: 'PONG',
      taken: ['jobs', 'first'],
      nothing: null,
    });
  });

  it('integers past 2^53', async () => {
    expect(await commands.integers(client)).toBe(9_007_199_254_740_994n);
    expect(await client.get('counter')).toBe(String(9_007_199_254_740_994n + 2n ** 55n));
  });

  it('the key prefix', async () => {
    await using app = new RedisClient({ url: server.url, keyPrefix: 'app:' });
    await client.rpush('app:list', 1, 2);
    await client.xadd('app:stream', '*', 'field', 'value');
    await client.mset({ 'app:weight_1': 9, 'app:weight_2': 3 });
    const { stored, keys } = await commands.prefixed(app, client);
    expect(stored).toEqual(['1', '2']);
    expect(await client.lrange('app:sorted', 0, -1)).toEqual(['2', '1']);
    expect(keys.toSorted()).toEqual(['a', 'b']);
    // what the page says is not prefixed
    expect(await app.blpop('list', 1)).toEqual(['app:list', '1']);
    expect((await app.scan(0, 'MATCH', 'a'))[1]).toEqual([]);
    expect((await app.scan(0, 'MATCH', 'app:a'))[1]).toEqual(['app:a']);
    const [read] = (await app.xread('STREAMS', 'stream', 0))!;
    expect(read!.key).toBe('app:stream');
    expect(await app.call('NOSUCHCOMMAND', 'key').catch((error: RedisError) => error.code)).toBe('ERR');
  });

  it('commands of one tick', async () => {
    await commands.collections(client);
    await client.set('visits', 5);
    const { name, visits, tags } = await commands.pipelining(client);
    expect([name, visits, tags.toSorted()]).toEqual(['Ada', '5', ['blue', 'red']]);
  });

  it('what would change the shared connection is refused', async () => {
    for (const words of [['SELECT', '1'], ['MULTI'], ['WATCH', 'a'], ['SUBSCRIBE', 'a']] as [
      string,
      ...string[],
    ][]) {
      await expect(client.call(...words)).rejects.toThrow(/it was not sent/);
      expect(words[0].toLowerCase() in client).toBe(words[0] !== 'SELECT');
    }
  });
});

describe('errors.md', () => {
  it('a cache that may be away', async () => {
    const own = await startServer({ kind });
    const cache = new RedisClient({ url: own.url, commandTimeout: 100, reconnect: { delay: 10 } });
    await cache.set('key', 'value');
    expect(await errors.readCache(cache, 'key')).toBe('value');
    await own.stop();
    expect(await errors.readCache(cache, 'key')).toBeNull();
    await cache.close();
    expect(await errors.readCache(cache, 'key')).toBeNull();
    const wrong = errors.readCache(new RedisClient(server.url), undefined as never);
    await expect(wrong).rejects.toBeInstanceOf(TypeError);
  });

  it('codes', async () => {
    expect(await errors.codes(client)).toBe('WRONGTYPE by LPUSH');
  });

  it('retry rules', async () => {
    const [never, patient, own] = errors.policies(server.url);
    expect(never!.options.retry).toBe(false);
    expect(patient!.options.retry).toEqual({ attempts: 10, backoff: 200 });
    expect(own!.options.retry).toBeInstanceOf(Function);
  });

  it('lost on the way: a read is tried again, a write fails, a write marked idempotent is tried again', async () => {
    await using lost = new RedisClient({ url: server.url, reconnect: { delay: 10 } });
    await lost.ping();
    server.pause();
    const read = lost.get('key');
    const write = failureOf(lost.incr('n'));
    const marked = lost.with({ idempotent: true }).set('key', 'value');
    await new Promise((resolve) => setImmediate(resolve));
    await server.kill();
    await server.restart();
    expect(await read).toBeNull();
    expect(await marked).toBe('OK');
    const error = await write;
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', command: 'INCR' });
    expect(error.message).toContain('may have taken effect');
  });

  it('a full queue', async () => {
    await using none = new RedisClient({ url: server.url, queueSize: 0 });
    expect(await failureOf(none.ping())).toMatchObject({ code: 'QUEUE_FULL' });
    await none.connect();
    expect(await none.ping()).toBe('PONG');
    await using away = new RedisClient({ port: 1, queueSize: 1, commandTimeout: 200 });
    const waiting = failureOf(away.get('a'));
    const error = await failureOf(away.get('b'));
    expect(error).toBeInstanceOf(RedisDisconnectedError);
    expect(error.code).toBe('QUEUE_FULL');
    const late = await waiting;
    expect(late).toBeInstanceOf(RedisTimeoutError);
    expect(late).toMatchObject({ code: 'TIMEOUT', kind: 'command', cause: { code: 'CONNECT_FAILED' } });
  });

  it('the line that awaits is in the stack; values are in no message', async () => {
    async function theCaller(): Promise<void> {
      await client.set('key', 'secret-value');
      await client.call('LPUSH', 'key', 'secret-value');
    }
    const error = await failureOf(theCaller());
    expect(error).toBeInstanceOf(RedisServerError);
    expect(error.stack).toContain('theCaller');
    expect(error.message).not.toContain('secret-value');
  });
});

describe('pubsub.md', () => {
  it('listening', async () => {
    expect(await pubsub.listen(client)).toEqual(['news: first', 'weather: rain']);
    await eventually(async () => expect(await client.pubsubNumsub('news')).toEqual({ news: 0 }));
  });

  it('patterns and sharded channels', async () => {
    expect(await pubsub.patterns(client)).toEqual([
      { type: 'pmessage', channel: 'orders.placed', pattern: 'orders.*', data: '7' },
      { type: 'smessage', channel: 'stock', data: '12 left' },
    ]);
  });

  it('settings', async () => {
    const abort = new AbortController();
    const subscription = await pubsub.options(client, abort.signal);
    for (let index = 0; index < 150; index++) await client.publish('frames', Buffer.from([index]));
    await eventually(() => expect(subscription.dropped).toBe(50));
    expect((await subscription.next()).value!.data).toEqual(Buffer.from([0]));
    abort.abort();
    for (let left = 99; left > 0; left--) await subscription.next();
    expect(await failureOf(subscription.next())).toBeInstanceOf(RedisAbortError);
  });

  it('after a reconnect', async () => {
    const gaps: number[] = [];
    const subscription = await pubsub.gaps(client, (gap) => gaps.push(gap));
    await killAll();
    await eventually(() => expect(gaps).toHaveLength(1));
    await client.publish('prices', '5');
    expect((await subscription.next()).value!.data).toBe('5');
    await subscription.unsubscribe();
  });

  it('leaving', async () => {
    const subscription = await pubsub.leave(client);
    expect(subscription.closed).toBe(true);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });
});

describe('streams.md', () => {
  const add = (...orders: string[]): Promise<string[]> =>
    Promise.all(orders.map((order) => client.xadd('orders', '*', { order })));

  it('run() and stop()', async () => {
    const [id] = await add('tea');
    const charged: string[] = [];
    const before = process.listenerCount('SIGTERM');
    const { consumer, running } = await streams.run(client, async (order) => void charged.push(order));
    await eventually(() => expect(charged).toEqual([`tea: ${id}, delivery 1`]));
    // as the signal would have it
    const [stop] = process.listeners('SIGTERM').slice(before);
    process.removeListener('SIGTERM', stop!);
    stop!('SIGTERM');
    await running;
    expect(consumer.status).toBe('stopped');
    expect(await client.xpending('orders', 'billing')).toMatchObject({ pending: 0 });
  });

  it('a loop', async () => {
    await add('tea', 'milk', 'rum');
    expect(await streams.loop(client, 2)).toEqual(['tea', 'milk']);
    // the third was read and not begun
    const left = await client.xpending('orders', 'audit', '-', '+', 10);
    expect(left.map(({ deliveries }) => deliveries)).toEqual([0]);
    expect(await streams.loop(client, 1)).toEqual(['rum']);
  });

  it('failures, and dead letters', async () => {
    const [id] = await add('poison');
    await client.xgroupCreate('orders', 'billing', 0);
    await client.xreadgroup('GROUP', 'billing', 'gone', 'STREAMS', 'orders', '>');
    await client.xclaim('orders', 'billing', 'gone', 0, [id!], { idle: 40_000, retrycount: 4, justid: true });
    const log: string[] = [];
    const consumer = streams.failures(client, (line) => log.push(line));
    const running = consumer.run(() => Promise.reject(new Error('no')));
    await eventually(() => expect(log).toHaveLength(3));
    expect(log).toEqual([`took over 1`, `${id} failed (5): Error: no`, `${id} is in orders:dead`]);
    await consumer.stop();
    await running;
    expect(await streams.deadLetters(client)).toBe(0);
    expect((await client.xrange('orders', '-', '+')).map(({ fields }) => fields)).toEqual([
      { order: 'poison' },
      { order: 'poison' },
    ]);
  });

  it('the rights that a consumer needs', async () => {
    const rights = /`(\+xgroup\|create [^`]*)`.*?`([^`]*)`/s
      .exec(readPage('docs/streams.md'))!
      .slice(1)
      .join(' ');
    await client.call(
      'ACL',
      'SETUSER',
      'worker',
      'on',
      '>pw',
      '~orders*',
      '+@connection',
      ...rights.split(' '),
    );
    await using worker = new RedisClient({ url: server.url, username: 'worker', password: 'pw' });
    await add('tea');
    const options = {
      stream: 'orders',
      group: 'g',
      claimIdle: 20,
      maxDeliveries: 2,
      deadLetter: 'orders:dead',
    };
    const consumer = worker.streamConsumer(options);
    const running = consumer.run(() => Promise.reject(new Error('no')));
    await eventually(() => expect(consumer.stats.deadLettered).toBe(1));
    await consumer.stop();
    await running;
  });

  it('bytes', async () => {
    await client.xadd('frames', '*', new Map([['data', Buffer.from([1, 0, 255])]]));
    expect(await streams.bytes(client)).toBe(3);
  });
});

describe('pool.md', () => {
  it('use()', async () => {
    expect(await pool.use(server.url)).toEqual({
      pong: 'PONG',
      stats: { active: 0, idle: 2, waiting: 0, total: 2, min: 2, max: 10 },
    });
  });

  it('acquire() and release()', async () => {
    await using one = new RedisPool({ url: server.url, min: 0, max: 1, acquireTimeout: 100 });
    expect(await pool.acquire(one, new AbortController().signal)).toBe(1);
    expect(await pool.release(one)).toBe(2);
    expect(one.stats()).toEqual({ active: 0, idle: 1, waiting: 0, total: 1, min: 0, max: 1 });
    const held = await one.acquire();
    const error = await failureOf(one.acquire());
    expect(error).toMatchObject({ code: 'TIMEOUT', kind: 'pool' });
    one.release(held);
    expect(() => one.release(held)).toThrow(expect.objectContaining({ code: 'NOT_LENT' }));
    expect(await failureOf(held.ping())).toMatchObject({ code: 'RELEASED' });
  });

  it('a transaction by hand; a signal for the wait', async () => {
    await using one = new RedisPool({ url: server.url, min: 0, max: 1 });
    await client.set('stock', 3);
    expect(await pool.state(one, new AbortController().signal)).toEqual(['OK']);
    expect(await client.get('stock')).toBe('2');
    expect(await failureOf(pool.state(one, AbortSignal.abort('no')))).toMatchObject({ code: 'ABORTED' });
  });
});

describe('coming-from-ioredis.md', () => {
  it('what is the same', async () => {
    expect(await ioredis.same(client)).toEqual({ all: { a: '1', b: '2' }, values: ['value', null] });
  });

  it('what differs', async () => {
    await client.set('key', 'value');
    expect(await ioredis.different(client)).toEqual({
      score: 1.5,
      ranks: [{ member: 'a', score: 1.5 }],
      raw: Buffer.from('value'),
      version: expect.stringMatching(/^\d+\.\d+/),
    });
  });

  it('transactions and scripts', async () => {
    await client.set('page', 'a');
    expect(await ioredis.transactions(client)).toEqual({ visits: 1, page: 'a', changed: ['OK'], sum: 11 });
    expect(await client.get('page')).toBe('a!');
  });
});

describe('dependencies.md, of redis-parser', () => {
  function parse(text: string): unknown {
    let reply: unknown;
    const parser = new RedisParser({
      returnReply: (value: unknown) => (reply = value),
      returnError: (error: Error) => (reply = error),
    });
    parser.execute(Buffer.from(text));
    return reply;
  }

  it('5,000 nested arrays exhaust its stack', () => {
    expect(() => parse(`${'*1\r\n'.repeat(5_000)}:1\r\n`)).toThrow(RangeError);
  });

  it('it rounds integers past 2^53', () => {
    expect(parse(':9007199254740993\r\n')).toBe(9_007_199_254_740_992);
  });

  it('ours takes 128 levels, refuses one more as malformed, and keeps the integer', async () => {
    const { RespDecoder } = await import('../../lib/core/protocol/resp-decoder.js');
    const replies: unknown[] = [];
    const decode = (text: string): void => {
      const bytes = Buffer.from(text);
      const sink = {
        wantsBuffers: () => false,
        wantsPairs: () => false,
        wantsPushBuffers: () => false,
        onReply: (reply: unknown) => replies.push(reply),
        onError: () => undefined,
        onPush: () => undefined,
      };
      new RespDecoder(sink as never).write(bytes, bytes.length);
    };
    decode(`${'*1\r\n'.repeat(128)}:1\r\n`);
    expect(replies).toHaveLength(1);
    expect(() => decode(`${'*1\r\n'.repeat(5_000)}:1\r\n`)).toThrow(
      expect.objectContaining({ name: 'MalformedReplyError' }),
    );
    decode(':9007199254740993\r\n');
    expect(replies[1]).toBe(9_007_199_254_740_993n);
  });
});
