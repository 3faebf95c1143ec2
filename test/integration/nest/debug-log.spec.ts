import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisDebugDirection,
  type RedisDebugSummary,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { SECRET } from '../core/support/index.js';

const PASSWORD = `x' "y" ${SECRET}`;

let lines: [RedisDebugDirection, RedisDebugSummary][] = [];
let module: TestingModule | undefined;

const debug = (direction: RedisDebugDirection, summary: RedisDebugSummary): void =>
  void lines.push([direction, summary]);
/** The lines of the log, less what differs from run to run. */
const texts = (): string[] =>
  lines.map(([direction, { text }]) => `${direction}: ${text.replace(/\d+\.\d\d ms/, '… ms')}`);

beforeEach(() => {
  lines = [];
});

afterEach(async () => {
  await module?.close();
  module = undefined;
  Logger.overrideLogger(['fatal']);
});

describe.each(SERVER_KINDS)('debug, on %s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, requirepass: PASSWORD });
  });

  afterAll(() => server.stop());

  async function start(options: RedisModuleOptions = {}): Promise<RedisClient> {
    module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({
          host: '127.0.0.1',
          port: server.port,
          password: PASSWORD,
          connectDeadline: 5_000,
          ...options,
        }),
      ],
    })
      .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
      .compile();
    await module.init();
    return module.get(RedisClient);
  }

  it('tells a function of connections, commands and replies', async () => {
    const redis = await start({ debug });
    await redis.set('key', 'value', 'EX', 10);
    await redis.get('key');
    await redis.get('none');
    await redis.buffers.get('key');
    await redis.exists('key');
    await redis.hset('hash', { a: 1, b: 2 });
    await redis.hgetall('hash');
    await redis.hkeys('hash');
    await redis.incr('hash').catch(() => undefined);
    await redis.pipeline().get('key').del('hash').exec();
    await redis.multi((tx) => tx.get('key').del('key'));
    await module!.close();
    module = undefined;
    expect(texts()).toEqual([
      'event: connected',
      'event: ready',
      'command: SET ? ? ? ?',
      'reply: SET: string(2) in … ms',
      'command: GET ?',
      'reply: GET: string(5) in … ms',
      'command: GET ?',
      'reply: GET: null in … ms',
      'command: GET ?',
      'reply: GET: bytes(5) in … ms',
      'command: EXISTS ?',
      'reply: EXISTS: number in … ms',
      'command: HSET ? ? ? ? ?',
      'reply: HSET: number in … ms',
      'command: HGETALL ?',
      'reply: HGETALL: record(2) in … ms',
      'command: HKEYS ?',
      'reply: HKEYS: array(2) in … ms',
      'command: INCR ?',
      'reply: INCR: error WRONGTYPE in … ms',
      'command: PIPELINE (2): GET ?; DEL ?',
      'reply: PIPELINE: array(2) in … ms',
      'command: MULTI (2): GET ?; DEL ?',
      'reply: MULTI: array(2) in … ms',
      'event: disconnected (closed)',
    ]);
    expect(lines[3]![1]).toEqual({
      connection: 'default',
      text: expect.any(String),
      command: 'SET',
      duration: expect.any(Number),
      reply: 'string(2)',
      error: undefined,
    });
    expect(lines[3]![1].duration).toBeGreaterThan(0);
    expect(lines.find(([, { error }]) => error !== undefined)![1]).toMatchObject({
      command: 'INCR',
      reply: undefined,
      error: 'WRONGTYPE',
    });
  });

  it('true writes lines by Nest’s Logger, and false none', async () => {
    const logged: unknown[][] = [];
    const logger = (): void => undefined;
    Logger.overrideLogger({
      log: logger,
      warn: logger,
      error: logger,
      debug: (...line: unknown[]) => void logged.push(line),
    });
    for (const wanted of [true, false]) {
      logged.length = 0;
      module = await Test.createTestingModule({
        imports: [
          RedisModule.forRoot({ host: '127.0.0.1', port: server.port, password: PASSWORD, debug: wanted }),
        ],
      }).compile();
      Logger.overrideLogger({
        log: logger,
        warn: logger,
        error: logger,
        debug: (...line: unknown[]) => void logged.push(line),
      });
      await module.init();
      await module.get(RedisClient).get('none');
      const written = logged.map(
        ([text, context]) => `${context}: ${String(text).replace(/[\d.]+ ms/, '… ms')}`,
      );
      await module.close();
      module = undefined;
      expect(written).toEqual(
        wanted
          ? [
              'RedisModule: Redis "default" · connected',
              'RedisModule: Redis "default" · ready',
              'RedisModule: Redis "default" → GET ?',
              'RedisModule: Redis "default" ← GET: null in … ms',
            ]
          : [],
      );
    }
  });

  it('shows lost connections, further attempts and waits', async () => {
    await using proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: server.port } });
    const redis = await start({ debug, port: proxy.port, reconnect: { delay: 5 } });
    lines = [];
    await server.pause();
    const pending = redis.get('none');
    await new Promise(setImmediate);
    proxy.latest.cut();
    await eventually(() => redis.status !== 'ready');
    const waiting = redis.ping();
    await server.resume();
    await Promise.all([pending, waiting]);
    const shown = texts().map((text) => text.replace(/in \d+ ms/, 'in … ms'));
    expect(shown.slice(0, 4)).toEqual([
      'command: GET ?',
      'event: GET: is sent again (1): error CONNECTION_LOST',
      expect.stringMatching(/^event: disconnected \((server_closed|connection_lost)\)$/),
      'event: reconnecting (attempt 1, in … ms)',
    ]);
    expect(shown.slice(4)).toEqual(
      expect.arrayContaining([
        'command: PING',
        'event: PING: waits for a connection: error CONNECTION_LOST',
        'event: GET: sent',
        'event: PING: sent',
        'event: ready',
        'reply: GET: null in … ms',
        'reply: PING: string(4) in … ms',
      ]),
    );
  });

  it('a function that throws harms nothing', async () => {
    let calls = 0;
    const redis = await start({
      debug: () => {
        calls++;
        throw new Error('no');
      },
    });
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
    expect(calls).toBe(6);
  });

  it('an async function that rejects harms nothing: nobody waits for it', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const redis = await start({ debug: () => Promise.reject(new Error('no')) });
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('lines of a command are told in the async context of its caller, those of a connection in nobody’s', async () => {
    const requests = new AsyncLocalStorage<string>();
    const told: string[] = [];
    const redis = await start({
      connect: 'lazy',
      debug: (direction, { text }) =>
        void told.push(`${requests.getStore()}: ${direction} ${text.slice(0, 5)}`),
    });
    // whoever comes first opens the connection
    await requests.run('first', () => redis.get('a'));
    await requests.run('second', () => redis.ping());
    await requests.run('third', () => redis.pipeline().get('a').get('b').exec());
    await redis.echo('x');
    await module!.close();
    module = undefined;
    expect(told.filter((line) => !line.includes('event'))).toEqual([
      'first: command GET ?',
      'first: reply GET: ',
      'second: command PING',
      'second: reply PING:',
      'third: command PIPEL',
      'third: reply PIPEL',
      'undefined: command ECHO ',
      'undefined: reply ECHO:',
    ]);
    const events = told.filter((line) => line.includes('event'));
    expect(events.filter((line) => line.includes('GET: '))).toEqual([
      'first: event GET: ',
      'first: event GET: ',
    ]);
    expect(events.filter((line) => !line.includes('GET: '))).toEqual([
      'undefined: event conne',
      'undefined: event ready',
      'undefined: event disco',
    ]);
  });

  it('a function may use Redis itself: that is not logged, or it would never end', async () => {
    let redis: RedisClient | undefined;
    const sent: Promise<unknown>[] = [];
    redis = await start({
      debug: (direction, summary) => {
        debug(direction, summary);
        if (redis !== undefined) sent.push(redis.lpush('log', summary.text));
      },
    });
    lines = [];
    await redis.get('none');
    await Promise.all(sent);
    // answered behind all that a log of the log would have sent
    expect(await redis.llen('log')).toBe(3);
    expect(lines.map(([, { command }]) => command)).toEqual(['GET', 'GET', 'LLEN', 'LLEN']);
    await redis.del('log');
    redis = undefined;
  });

  it('shows the commands of the pool', async () => {
    await start({ debug });
    lines = [];
    await module!.get(RedisPool).use((client) => client.get('none'));
    expect(texts()).toEqual(['command: GET ?', 'reply: GET: null in … ms']);
  });

  it('shows no key, no value and no password, whatever is sent', async () => {
    const output = jest.fn();
    const redis = await start({ debug });
    const calls: (() => Promise<unknown>)[] = [
      () => redis.set(SECRET, PASSWORD),
      () => redis.get(SECRET),
      () => redis.call('CONFIG', 'SET', 'requirepass', PASSWORD),
      () => redis.call('CONFIG', 'SET', PASSWORD, 'x'),
      () => redis.call('CONFIG', 'GET', PASSWORD),
      () => redis.call('ACL', 'SETUSER', SECRET, `>${PASSWORD}`),
      () => redis.eval(`return '${SECRET}'`, 1, SECRET, PASSWORD),
      () => redis.eval(`return redis.error_reply('${SECRET} said')`, 0),
      () => redis.evalsha(SECRET, 0, PASSWORD),
      () => redis.fcall(SECRET, 0),
      () => redis.incr(SECRET),
      () => redis.hset(SECRET, SECRET, PASSWORD),
      () => redis.publish(SECRET, PASSWORD),
      () => redis.call('NO.SUCH', SECRET, PASSWORD),
      () => redis.pipeline().set(SECRET, PASSWORD).incr(SECRET).exec(),
      () => redis.multi((tx) => tx.set(SECRET, PASSWORD).incr(SECRET)),
      () => redis.watch(SECRET, (tx) => tx.set(SECRET, PASSWORD)),
      () => redis.dedicated((session) => session.call('AUTH', PASSWORD)),
      () => redis.dedicated((session) => session.call('HELLO', 3, 'AUTH', SECRET, PASSWORD)),
      () => module!.get(RedisPool).use((client) => client.call('CLIENT', 'SETNAME', PASSWORD)),
    ];
    for (const call of calls) await call().then(output, output);
    expect(output).toHaveBeenCalledTimes(calls.length);
    // each is there, and only its values are not
    expect(lines.filter(([direction]) => direction === 'command').length).toBeGreaterThanOrEqual(
      calls.length,
    );
    expect(inspect(lines, { depth: null, maxArrayLength: null })).not.toContain(SECRET);
  });

  it('shows nothing of a password that the server refuses, in a URL', async () => {
    const url = `redis://${SECRET}:${encodeURIComponent(PASSWORD)}x@127.0.0.1:${server.port}`;
    module = await Test.createTestingModule({ imports: [RedisModule.forRoot({ url, debug })] })
      .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
      .compile();
    await expect(module.init()).rejects.toThrow(/WRONGPASS/);
    module = undefined;
    expect(texts()).toContain('event: could not connect: error WRONGPASS');
    expect(inspect(lines, { depth: null })).not.toContain(SECRET);
  });
});
