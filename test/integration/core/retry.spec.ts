import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  RedisConnectionError,
  RedisServerError,
  RedisTimeoutError,
  type CallOptions,
  type RedisClient,
  type RedisClientOptions,
  type RedisError,
  type RetryCommand,
} from 'nestjs-redwire/core';
import { eventually } from '../../support/index.js';
import { clientMaker, errorOf, FakeServer, watch } from './support/index.js';

const PASSING = ['LOADING', 'BUSY', 'TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY'];
const FATAL = [
  'WRONGTYPE',
  'OOM',
  'NOSCRIPT',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'EXECABORT',
  'NOGROUP',
  'MISCONF',
  'ERR',
];

/** What a server that refuses `refusals` times and then obeys receives. A script's server: it counts what arrives. */
describe('retry', () => {
  let fake: FakeServer;
  /** Answer to the commands of the test while `refusals` last; null cuts the connection. */
  let refusal: string | null;
  let refusals: number;
  /** When each of them came, ms. */
  const arrivals: number[] = [];
  const make = clientMaker(() => ({ host: '127.0.0.1', port: fake.port, reconnect: { delay: 5 } }));

  beforeEach(async () => {
    refusal = '-LOADING not yet\r\n';
    refusals = Infinity;
    arrivals.length = 0;
    fake = await FakeServer.start(({ name, socket }) => {
      if (!/^(GET|SET|INCR|EVAL|EVAL_RO|EVALSHA|FCALL)$/.test(name)) return undefined;
      arrivals.push(performance.now());
      if (refusals-- <= 0) return undefined;
      if (refusal === null) socket.destroy();
      return refusal;
    });
  });
  afterEach(() => fake.close());

  const get = (client: RedisClient, call: CallOptions = {}): Promise<unknown> => client.with(call).get('k');
  const set = (client: RedisClient, call: CallOptions = {}): Promise<unknown> =>
    client.with(call).set('k', 'v');
  /** How often the server gets a command that it always refuses, and the error that comes of it. */
  async function sent(
    options: RedisClientOptions,
    issue: (client: RedisClient) => Promise<unknown>,
  ): Promise<{ times: number; error: RedisError }> {
    arrivals.length = 0;
    refusals = Infinity;
    const error = await errorOf<RedisError>(issue(make(options)));
    return { times: arrivals.length, error };
  }

  it.each(PASSING)('%s passes: reads and writes are sent again, three times at the most', async (code) => {
    refusal = `-${code} for now\r\n`;
    refusals = 2;
    expect(await set(make())).toBe('OK');
    expect(arrivals).toHaveLength(3);
    for (const issue of [get, set]) {
      const { times, error } = await sent({}, issue);
      expect(times).toBe(4);
      expect(error).toBeInstanceOf(RedisServerError);
      expect(error.code).toBe(code);
    }
  });

  it.each(FATAL)('%s does not pass: sent once, whatever the command is', async (code) => {
    refusal = `-${code} no\r\n`;
    const policy: RedisClientOptions = { retry: { attempts: 5, backoff: 0 } };
    for (const options of [{}, policy]) {
      for (const call of [{}, { idempotent: true }]) {
        for (const issue of [get, set]) {
          const { times, error } = await sent(options, (client) => issue(client, call));
          expect(times).toBe(1);
          expect(error.code).toBe(code);
        }
      }
    }
  });

  it('false sends once', async () => {
    expect((await sent({ retry: false }, get)).times).toBe(1);
    refusal = null;
    const { times, error } = await sent({ retry: false }, get);
    expect(times).toBe(1);
    expect(error.code).toBe('CONNECTION_LOST');
  });

  it('scripts word their errors themselves: sent once, unless they are said or known to be harmless', async () => {
    const scripts: ((client: RedisClient, call?: CallOptions) => Promise<unknown>)[] = [
      (client, call = {}) => client.with(call).eval('return 1', 0),
      (client, call = {}) => client.with(call).evalsha('0'.repeat(40), 0),
      (client, call = {}) => client.with(call).fcall('f', 0),
    ];
    for (const script of scripts) {
      expect((await sent({}, script)).times).toBe(1);
      expect((await sent({}, (client) => script(client, { idempotent: true }))).times).toBe(4);
    }
    expect((await sent({}, (client) => client.evalRo('return 1', 0))).times).toBe(4);
  });

  it("a connection lost: what changes nothing is sent again, a write once, or by the caller's word again", async () => {
    refusal = null;
    refusals = 1;
    const client = make();
    expect(await client.echo('first')).toBe('OK');
    expect(await get(client)).toBe('OK');
    expect(arrivals).toHaveLength(2);
    const write = await sent({}, (other) => other.incr('n'));
    expect(write.times).toBe(1);
    expect(write.error).toBeInstanceOf(RedisConnectionError);
    expect(write.error).toMatchObject({ code: 'CONNECTION_LOST', command: 'INCR' });
    arrivals.length = 0;
    refusals = 2;
    expect(await client.with({ idempotent: true }).incr('n')).toBe('OK');
    expect(arrivals).toHaveLength(3);
    expect((await sent({}, get)).times).toBe(4);
    expect((await sent({}, (other) => set(other, { idempotent: true }))).times).toBe(4);
  });

  it.each([
    ['bytes that are no reply', '?\r\n', {}],
    ['silence', '', { socketTimeout: 60 }],
  ])(
    'a write that is in flight when %s end the connection is sent once, a read again',
    async (_, answer, options) => {
      refusal = answer;
      refusals = 1;
      const client = make(options);
      const error = await errorOf(client.incr('n'));
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', command: 'INCR' });
      expect(await client.ping()).toBe('PONG');
      expect(arrivals).toHaveLength(1);
      refusals = 1;
      expect(await get(client)).toBe('OK');
      expect(arrivals).toHaveLength(3);
    },
  );

  describe('a policy', () => {
    it.each([0, 1, 7])('attempts: %d further ones', async (attempts) => {
      expect((await sent({ retry: { attempts, backoff: 0 } }, get)).times).toBe(attempts + 1);
      expect(
        (await sent({ retry: false }, (client) => set(client, { retry: { attempts, backoff: 0 } }))).times,
      ).toBe(attempts + 1);
    });

    it('backoff: a number, or a function of the attempt; what it throws is the cause', async () => {
      await sent({ retry: { attempts: 2, backoff: 80 } }, get);
      expectGaps([80, 80]);
      const asked: number[] = [];
      const backoff = (attempt: number): number => {
        asked.push(attempt);
        return attempt * 30;
      };
      await sent({ retry: { backoff } }, get);
      expect(asked).toEqual([1, 2, 3]);
      expectGaps([30, 60, 90]);
      const fault = new Error('mine');
      const thrower = (): number => {
        throw fault;
      };
      const { times, error } = await sent({ retry: { backoff: thrower } }, get);
      expect(times).toBe(1);
      expect(error.code).toBe('LOADING');
      expect((error.cause as Error).cause).toBe(fault);
    });

    it('without a backoff waits for 50 ms, 100 ms, 200 ms', async () => {
      await sent({}, get);
      expectGaps([50, 100, 200]);
    });

    it('retryOn: decides for idempotent commands only, instead of the list', async () => {
      const asked: [string, RetryCommand][] = [];
      const retryOn = (error: RedisError, command: RetryCommand): boolean => {
        asked.push([error.code, command]);
        return error.code === 'OOM';
      };
      const options: RedisClientOptions = { retry: { attempts: 2, backoff: 0, retryOn } };
      expect((await sent(options, get)).times).toBe(1);
      refusal = '-OOM full\r\n';
      expect((await sent(options, get)).times).toBe(3);
      expect((await sent(options, set)).times).toBe(1);
      expect((await sent(options, (client) => set(client, { idempotent: true }))).times).toBe(3);
      refusal = null;
      expect((await sent(options, get)).times).toBe(1);
      expect(asked).toEqual([
        ['LOADING', { name: 'GET', idempotent: true }],
        ['OOM', { name: 'GET', idempotent: true }],
        ['OOM', { name: 'GET', idempotent: true }],
        ['OOM', { name: 'SET', idempotent: true }],
        ['OOM', { name: 'SET', idempotent: true }],
        ['CONNECTION_LOST', { name: 'GET', idempotent: true }],
      ]);
    });
  });

  it('a function gets the attempt, the error and the command, decides alone, and its delays are kept', async () => {
    const asked: [number, RedisError, RetryCommand][] = [];
    const retry = (attempt: number, error: RedisError, command: RetryCommand): number | false => {
      asked.push([attempt, error, command]);
      return attempt < 4 ? attempt * 40 : false;
    };
    refusal = '-WRONGTYPE no\r\n';
    const { times, error } = await sent({ retry }, set);
    expect(times).toBe(4);
    expect(error).toMatchObject({ code: 'WRONGTYPE', command: 'SET' });
    expectGaps([40, 80, 120]);
    expect(asked.map(([attempt]) => attempt)).toEqual([1, 2, 3, 4]);
    for (const [, reason, command] of asked) {
      expect(reason).toBeInstanceOf(RedisServerError);
      expect(reason).toMatchObject({ code: 'WRONGTYPE', command: 'SET' });
      expect(command).toEqual({ name: 'SET', idempotent: false });
    }
    asked.length = 0;
    await sent({ retry }, (client) => client.with({ idempotent: true }).eval('return 1', 0));
    expect(asked[0]![2]).toEqual({ name: 'EVAL', idempotent: true });
  });

  it("a call's own rule goes before the client's, both ways, and is that call's alone", async () => {
    const strict = make({ retry: false });
    refusals = 1;
    expect(await get(strict, { retry: 'idempotent' })).toBe('OK');
    expect(arrivals).toHaveLength(2);
    refusals = Infinity;
    await errorOf(get(strict));
    expect(arrivals).toHaveLength(3);
    expect((await sent({}, (client) => get(client, { retry: false }))).times).toBe(1);
    const own = { retry: { attempts: 1, backoff: 0 } };
    expect((await sent({ retry: { attempts: 9, backoff: 0 } }, (client) => get(client, own))).times).toBe(2);
    const view = make().with({ retry: false });
    arrivals.length = 0;
    await errorOf(view.with({ timeout: 5_000 }).get('k'));
    expect(arrivals).toHaveLength(1);
    await errorOf(view.with({ retry: { attempts: 2, backoff: 0 } }).buffers.get('k'));
    expect(arrivals).toHaveLength(4);
  });

  it('one that waits for its next attempt holds up nobody, and may be aborted', async () => {
    const client = make({ retry: () => 600_000, commandTimeout: 0 });
    refusals = 1;
    const control = new AbortController();
    const held = client.with({ signal: control.signal }).get('held');
    const state = watch(held);
    await eventually(() => client.queued === 1);
    expect(await client.set('other', 1)).toBe('OK');
    expect(state.settled).toBe(false);
    control.abort('enough');
    expect(await errorOf(held)).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    await eventually(() => client.queued === 0);
    expect(fake.calls.filter(({ args }) => args[0] === 'held')).toHaveLength(1);
    refusals = 1;
    const again = errorOf(client.get('held'));
    await eventually(() => client.queued === 1);
    client.destroy();
    expect(await again).toMatchObject({ code: 'CLOSED' });
  });

  it('commandTimeout holds from the call to the reply, all attempts together', async () => {
    const { times, error } = await sent({ commandTimeout: 70 }, get);
    expect(times).toBeLessThan(4);
    expect(error).toBeInstanceOf(RedisTimeoutError);
    expect(error).toMatchObject({ kind: 'command', command: 'GET' });
    expect(error.message).toMatch(
      /it was refused by the server before, and waited to be sent again: LOADING/,
    );
  });

  /** What came at the least this long after what came before it, ms; a timer of Node's may fire a fraction early. */
  function expectGaps(expected: number[]): void {
    expect(arrivals).toHaveLength(expected.length + 1);
    for (const [index, gap] of expected.entries())
      expect(arrivals[index + 1]! - arrivals[index]!).toBeGreaterThan(gap - 2);
  }
});
