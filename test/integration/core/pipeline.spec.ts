import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisClient,
  type RedisClientOptions,
  RedisConnectionError,
  type RedisError,
  RedisServerError,
} from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  const open: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, reconnect: { delay: 20, maxDelay: 100 }, ...options });
    open.push(client);
    return client;
  };

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  afterAll(() => server.stop());

  it.each([2, 3] as const)(
    'RESP%d: gives results in order, in the shapes of the methods',
    async (protocol) => {
      const client = make({ protocol });
      const results = await client
        .pipeline()
        .del('p:h', 'p:n')
        .hset('p:h', { a: 1, b: 2 })
        .hgetall('p:h')
        .incr('p:n')
        .get('p:n')
        .call('ECHO', 'x')
        .exec();
      expect(results.slice(1)).toEqual([2, { a: '1', b: '2' }, 1, '1', 'x']);
    },
  );

  it('gives a failed command its error as a value, and goes on', async () => {
    const client = make();
    const results = await client.pipeline().set('p:text', 'a').incr('p:text').get('p:text').exec();
    expect(results[0]).toBe('OK');
    expect(results[1]).toBeInstanceOf(RedisServerError);
    expect(results[1]).toMatchObject({ command: 'INCR', code: 'ERR' });
    expect(results[2]).toBe('a');
  });

  it('shows its commands and none of their arguments', async () => {
    const pipeline = make().pipeline().set('p:key', 'p:value').get('p:key');
    expect(inspect(pipeline)).toBe("Pipeline { commands: [ 'SET', 'GET' ] }");
    expect(JSON.stringify(pipeline)).toBe('{"commands":["SET","GET"]}');
    await pipeline.exec();
  });

  it('throws all errors together where asked to', async () => {
    const pipeline = make().pipeline().set('p:text', 'a').incr('p:text').llen('p:text').get('p:text');
    const error = await pipeline.exec({ throwOnError: true }).then(
      () => undefined,
      (reason: unknown) => reason as AggregateError,
    );
    expect(error?.errors.map((each: RedisServerError) => each.code)).toEqual(['ERR', 'WRONGTYPE']);
    expect(error?.message).toMatch(/^2 of 4 commands of the pipeline failed; the first: ERR/);
    expect(error?.stack).toContain('pipeline.spec');
  });

  it('runs once, and says so', async () => {
    const pipeline = make().pipeline().ping();
    expect(await pipeline.exec()).toEqual(['PONG']);
    await expect(pipeline.exec()).rejects.toThrow('runs once only');
    expect(() => pipeline.get('k')).toThrow('GET: the pipeline ran already');
    expect(await make().pipeline().exec()).toEqual([]);
  });

  it('types its results: chained those of the replies, command by command unknown', async () => {
    const client = make();
    await client.del('p:typed');
    const chained = await client.pipeline().incr('p:typed').get('p:typed').exec();
    const [count, text]: readonly [number | RedisError, string | null | RedisError] = chained;
    // @ts-expect-error: it may be an error
    const first: number = chained[0];
    const [sure]: [number] = await client.pipeline().incr('p:typed').exec({ throwOnError: true });
    const pipeline = client.pipeline();
    pipeline.incr('p:typed');
    const results = await pipeline.exec();
    // @ts-expect-error: nothing is known of it
    const unknown: number = results[0];
    expect([count, text, first, sure, unknown]).toEqual([1, '1', 1, 2, 3]);
  });

  it('takes options as a client does, and refuses at the call those that make no sense', async () => {
    const pipeline = make().pipeline().set('p:options', 'a', { ex: 100, nx: true });
    const wrong = { nx: true, xx: true } as unknown as { nx: true };
    expect(() => pipeline.set('p:options', 'b', wrong)).toThrow(
      /SET: options `nx` and `xx` exclude each other/,
    );
    expect(
      await pipeline.ttl('p:options').zadd('p:zset', { score: 1, member: 'a' }, { gt: true }).exec(),
    ).toEqual(['OK', 100, 1]);
  });

  it('refuses at the call what cannot be sent', () => {
    const pipeline = make().pipeline();
    expect(() => pipeline.set('k', undefined as never)).toThrow('SET: argument 2 is undefined');
    expect(() => pipeline.blpop('k', 1)).toThrow('BLPOP may wait on the server');
    expect(() => pipeline.call('SELECT', 1)).toThrow('SELECT changes the state');
    expect(pipeline.length).toBe(0);
  });

  it('knows bytes, prefixes, and the settings of a call', async () => {
    const client = make({ keyPrefix: 'p:x:' });
    const bytes = Buffer.from([0, 255, 13, 10]);
    const [, value, keys] = await client.buffers.pipeline().set('k', bytes).get('k').keys('k*').exec();
    expect(value).toEqual(bytes);
    expect(keys).toEqual([Buffer.from('k')]);
    const aborted = await client.with({ signal: AbortSignal.abort() }).pipeline().get('a').get('b').exec();
    expect(aborted).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
    await server.pause();
    const late = await client.with({ timeout: 100 }).pipeline().get('a').set('b', 1).exec();
    await server.resume();
    expect(late).toMatchObject([
      { code: 'TIMEOUT', command: 'GET' },
      { code: 'TIMEOUT', command: 'SET' },
    ]);
    expect(await client.get('k')).toBe(bytes.toString());
  });

  it('may be longer than `queueSize` before there is a connection; a full queue takes none of it', async () => {
    const pipeline = make({ queueSize: 10 }).pipeline();
    for (let index = 0; index < 500; index++) pipeline.echo(String(index));
    expect(await pipeline.exec()).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
    const refused = await make({ queueSize: 0 }).pipeline().get('a').get('b').exec();
    expect(refused).toMatchObject([{ code: 'QUEUE_FULL' }, { code: 'QUEUE_FULL' }]);
  });

  it('takes 100,000 commands, in order, beside other callers', async () => {
    const client = make();
    await client.connect();
    const pipeline = client.pipeline();
    for (let index = 0; index < 100_000; index++) pipeline.echo(String(index));
    let ended = false;
    const all = pipeline.exec().finally(() => (ended = true));
    let others = 0;
    while (!ended) expect(await client.echo(`other ${others}`)).toBe(`other ${others++}`);
    const results = await all;
    expect(results.every((result, index) => result === String(index))).toBe(true);
    expect(others).toBeGreaterThan(0);
  });

  it('a lost connection fails what may not be sent twice, and no other command of the pipeline', async () => {
    const client = make();
    const killer = make();
    await client.set('p:v', 'v');
    const id = Number(await client.call('CLIENT', 'ID'));
    await server.pause();
    const pending = client.pipeline().get('p:v').rpush('p:list', 'x').get('p:v').exec();
    await eventually(() => client.inFlight === 3);
    const killed = killer.call('CLIENT', 'KILL', 'ID', id);
    await eventually(() => killer.inFlight === 1 || killer.queued === 1);
    await server.resume();
    await killed;
    const [first, second, third] = await pending;
    expect([first, third]).toEqual(['v', 'v']);
    // the server may have answered before it killed
    if (second !== 1) expect(second).toBeInstanceOf(RedisConnectionError);
    expect(await client.llen('p:list')).toBeLessThanOrEqual(1);
    expect(client.inFlight).toBe(0);
    await client.del('p:list');
  });
});
