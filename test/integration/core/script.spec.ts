import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisScript, type RedisClient, type Reply } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker } from './support/clients.js';

const ADD = new RedisScript({
  lua: "return redis.call('incrby', KEYS[1], ARGV[1])",
  keys: 1,
  reply: (reply: Reply) => Number(reply),
});
const READ = new RedisScript({ lua: "return redis.call('get', KEYS[1])", keys: 1, readOnly: true });

describe.each(SERVER_KINDS)('scripts on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));

  /** Calls of a command since the statistics were reset. */
  const calls = async (name: string): Promise<number> => {
    const statistics = JSON.stringify(await client.info('commandstats'));
    return Number(new RegExp(`"cmdstat_${name}":"calls=([0-9]+)`).exec(statistics)?.[1] ?? 0);
  };

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    client = make();
    await client.flushall();
    await client.scriptFlush();
    await client.configResetstat();
  });

  it('goes out by its SHA-1, and as a whole where the server does not know it', async () => {
    const sum: number = await client.callScript(ADD, ['n'], [2]);
    expect(sum).toBe(2);
    expect(await client.scriptExists(ADD.sha1)).toEqual([1]);
    for (let turn = 0; turn < 10; turn++) await client.callScript(ADD, ['n'], [1]);
    expect(await calls('eval')).toBe(1);
    expect(await calls('evalsha')).toBe(11);
    await client.scriptFlush();
    expect(await client.callScript(ADD, ['n'], [1])).toBe(13);
    expect(await calls('eval')).toBe(2);
  });

  it('is a function of the client that made it, typed by what `reply` makes', async () => {
    const pair = client.script({
      lua: 'return {KEYS[1], ARGV[1]}',
      keys: 1,
      reply: (reply) => {
        const [key, value] = reply as [string, string];
        return { key, value };
      },
    });
    const { key, value }: { key: string; value: string } = await pair.call(['k'], ['v']);
    expect({ key, value }).toEqual({ key: 'k', value: 'v' });
    expect(await client.script({ lua: 'return 7' }).call()).toBe(7);
    const bytes = await client.buffers.script({ lua: 'return ARGV[1]' }).call([], [Buffer.from([0xff, 0])]);
    expect(bytes).toEqual(Buffer.from([0xff, 0]));
  });

  it('a read-only one runs as such', async () => {
    await client.set('k', 'v');
    expect(await client.callScript(READ, ['k'])).toBe('v');
    expect(await calls('evalsha_ro')).toBe(1);
    const writes = client.script({ lua: "return redis.call('set', KEYS[1], 'x')", keys: 1, readOnly: true });
    await expect(writes.call(['k'])).rejects.toThrow(/Write commands are not allowed from read-only scripts/);
  });

  it('in pipelines: in its order, whatever the server knows', async () => {
    const results = await client
      .pipeline()
      .set('n', 10)
      .callScript(ADD, ['n'], [5])
      .get('n')
      .callScript(ADD, ['n'], [5])
      .evalshaOrEval('return ARGV[1]', [], ['text'])
      .exec();
    const sum: number | Error = results[1];
    expect([sum, ...results]).toEqual([15, 'OK', 15, '15', 20, 'text']);
    await client.scriptFlush();
    expect(await client.pipeline().set('n', 0).callScript(ADD, ['n'], [1]).get('n').exec()).toEqual([
      'OK',
      1,
      '1',
    ]);
  });

  it('in a pipeline whose scripts are flushed on the way', async () => {
    const pipeline = client.pipeline();
    pipeline.callScript(ADD, ['n'], [1]);
    pipeline.scriptFlush();
    pipeline.callScript(ADD, ['n'], [1]);
    pipeline.callScript(READ, ['n']);
    expect(await pipeline.exec()).toEqual([1, 'OK', 2, '2']);
    const [, , sum] = await client.multi((tx) =>
      tx.callScript(ADD, ['n'], [1]).scriptFlush().callScript(ADD, ['n'], [1]),
    );
    expect(sum).toBe(4);
  });

  it('in a pipeline during which somebody else flushes the scripts, all run once', async () => {
    const pipeline = client.pipeline();
    for (let step = 0; step < 20_000; step++) pipeline.callScript(ADD, ['n'], [1]);
    const admin = make();
    await admin.ping();
    const ran = pipeline.exec();
    for (let flush = 0; flush < 5; flush++) await admin.scriptFlush();
    const results = (await ran) as number[];
    expect(results.filter((result) => typeof result !== 'number')).toEqual([]);
    expect(await client.get('n')).toBe('20000');
    expect(await calls('eval')).toBeGreaterThan(1);
  });

  it('in transactions, after SCRIPT FLUSH too', async () => {
    const run = (): Promise<unknown> =>
      client.multi((tx) => tx.set('n', 1).callScript(ADD, ['n'], [1]).callScript(ADD, ['n'], [1]).get('n'));
    expect(await run()).toEqual(['OK', 2, 3, '3']);
    await client.scriptFlush();
    expect(await run()).toEqual(['OK', 2, 3, '3']);
    expect(await client.watch(['n'], (tx) => tx.callScript(ADD, ['n'], [1]))).toEqual([4]);
  });

  it('in transactions by hand, where nothing can be sent again once the server has answered', async () => {
    await client.dedicated(async (session) => {
      await session.multi();
      expect(await session.callScript(ADD, ['n'], [2])).toBe('QUEUED');
      expect(await session.evalshaOrEval('return ARGV[1]', [], ['text'])).toBe('QUEUED');
      expect(await session.exec()).toEqual([2, 'text']);
    });
  });

  it('evalshaOrEval() takes what eval() takes', async () => {
    const lua = "return redis.call('set', KEYS[1], ARGV[1])";
    expect(await client.evalshaOrEval(lua, 1, 'a', 'x')).toBe('OK');
    expect(await client.evalshaOrEval(lua, ['a'], ['y'])).toBe('OK');
    expect(await client.get('a')).toBe('y');
    expect(await calls('eval')).toBe(1);
    await expect(client.evalshaOrEval(1 as never, 0)).rejects.toThrow(
      /the first argument is the script's text/,
    );
  });

  it('with a prefix before every key', async () => {
    const prefixed = make({ keyPrefix: 'app:' });
    await prefixed.callScript(ADD, ['n'], [3]);
    await prefixed.multi((tx) => tx.callScript(ADD, ['n'], [3]));
    expect(await client.get('app:n')).toBe('6');
  });

  it('after a restart that forgets all scripts', async () => {
    await client.callScript(ADD, ['n'], [1]);
    await server.kill();
    await server.restart();
    const [sum] = await client.multi((tx) => tx.callScript(ADD, ['m'], [1]));
    expect(sum).toBe(1);
    expect(await client.callScript(ADD, ['m'], [1])).toBe(2);
  });

  it('its own errors reach the caller, and are not tried again', async () => {
    const fails = client.script({
      lua: "redis.call('incr', KEYS[1]) return redis.error_reply('NOSCRIPT here')",
      keys: 1,
    });
    await expect(fails.call(['n'])).rejects.toMatchObject({ code: 'NOSCRIPT' });
    expect(await client.get('n')).toBe('1');
    await expect(client.script({ lua: 'this is no Lua' }).call()).rejects.toThrow(/Error compiling script/);
  });

  it('wrong definitions and wrong calls are told before anything is sent', async () => {
    const wrong: [unknown, RegExp][] = [
      [undefined, /is defined by an object/],
      [{}, /'lua' must be its text/],
      [{ lua: ' ' }, /'lua' must be its text/],
      [{ lua: 'return 1', keys: -1 }, /'keys' must be a number/],
      [{ lua: 'return 1', readOnly: 1 }, /'readOnly' must be a boolean/],
      [{ lua: 'return 1', reply: 1 }, /'reply' must be a function/],
      [{ lua: 'return 1', readonly: true }, /did you mean 'readOnly'/],
    ];
    for (const [definition, message] of wrong)
      expect(() => client.script(definition as never)).toThrow(message);
    await expect(client.callScript(ADD, [], [1])).rejects.toThrow(
      'The script takes 1 keys, not 0; nothing was sent.',
    );
    await expect(client.callScript(ADD, 'n' as never, [1])).rejects.toThrow(
      /a list of keys and a list of arguments/,
    );
    await expect(client.callScript({} as never)).rejects.toThrow(/the first argument is a RedisScript/);
    await expect(client.callScript(ADD, ['n'], [undefined as never])).rejects.toThrow(TypeError);
    expect(() => client.pipeline().callScript(ADD, [], [])).toThrow(/takes 1 keys/);
  });

  it('functions: loaded once, called by name, read-only ones apart', async () => {
    const code = `#!lua name=shop
redis.register_function('sell', function(keys, args) return redis.call('decrby', keys[1], args[1]) end)
redis.register_function{function_name='stock', callback=function(keys) return redis.call('get', keys[1]) end, flags={'no-writes'}}`;
    expect(await client.functionLoad(code, { replace: true })).toBe('shop');
    await client.set('apples', 10);
    expect(await client.fcall('sell', ['apples'], [3])).toBe(7);
    expect(await client.fcallRo('stock', ['apples'])).toBe('7');
    expect(
      await client.pipeline().fcall('sell', ['apples'], [1]).fcallRo('stock', ['apples']).exec(),
    ).toEqual([6, '6']);
    expect(await client.multi((tx) => tx.fcall('sell', ['apples'], [1]).get('apples'))).toEqual([5, '5']);
    await expect(client.fcallRo('sell', ['apples'], [1])).rejects.toThrow(
      /Can not execute a script with write flag/,
    );
    await client.functionFlush();
  });
});
