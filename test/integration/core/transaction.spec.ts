import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServerError, type RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker } from './support/clients.js';

/** The error of a promise that must reject. */
async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Error) => error,
  );
}

describe.each(SERVER_KINDS)('transactions on %s', (kind) => {
  let server: TestServer;
  let protocol: 2 | 3 = 3;
  const make = clientMaker(() => ({ url: server.url, protocol, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([2, 3] as const)('over RESP%d', (version) => {
    let client: RedisClient;

    beforeEach(async () => {
      protocol = version;
      client = make();
      await client.flushall();
    });

    it('chained: a tuple of typed results; command by command: a list', async () => {
      const [incremented, text, hash] = await client.multi((tx) =>
        tx.incr('n').get('n').hset('h', { a: '1', b: '2' }),
      );
      const number: number | Error = incremented;
      expect([number, text, hash]).toEqual([1, '1', 2]);
      const results: unknown[] = await client.multi((tx) => {
        tx.incr('n');
        tx.hgetall('h');
      });
      expect(results).toEqual([2, { a: '1', b: '2' }]);
    });

    it('gives every reply in the shape of its command, streams and bytes included', async () => {
      await client.xadd('s', '1-1', { f: 'v' });
      const results = await client.multi((tx) => {
        tx.xread('STREAMS', 's', '0');
        tx.zadd('z', 1.5, 'm');
        tx.zscore('z', 'm');
        tx.set('bytes', Buffer.from([0xff, 0x00, 0xfe]));
        tx.dump('bytes');
        tx.configGet('maxmemory-policy');
        tx.keys('*');
        tx.blpop('none', 5);
        tx.call('GET', 'none');
      });
      const single = (await client.xread('STREAMS', 's', '0')) as unknown;
      expect(results[0]).toEqual(single);
      expect(results.slice(1, 4)).toEqual([1, 1.5, 'OK']);
      expect(Buffer.isBuffer(results[4])).toBe(true);
      expect(results[4]).toEqual(await client.dump('bytes'));
      expect(results[5]).toEqual({ 'maxmemory-policy': 'noeviction' });
      expect((results[6] as string[]).toSorted()).toEqual(['bytes', 's', 'z']);
      // between MULTI and EXEC nothing waits
      expect(results.slice(7)).toEqual([null, null]);
    });

    it('streams come in their order, whatever their keys look like', async () => {
      for (const key of ['9', '1']) await client.xadd(key, '1-1', { from: key });
      const alone = await client.xread('STREAMS', '9', '1', '0', '0');
      const [together] = await client.multi((tx) => tx.xread('STREAMS', '9', '1', '0', '0'));
      expect(together).toEqual(alone);
      expect(alone!.map(({ key }) => key)).toEqual(['9', '1']);
    });

    it('with Buffers, and with a prefix before every key', async () => {
      const bytes = Buffer.from([0xff, 0x01]);
      expect(await client.buffers.multi((tx) => tx.set('k', bytes).get('k'))).toEqual(['OK', bytes]);
      const prefixed = make({ keyPrefix: 'app:' });
      expect(await prefixed.multi((tx) => tx.set('k', 'v').keys('*'))).toEqual(['OK', ['k']]);
      expect(await client.get('app:k')).toBe('v');
    });

    it('an error while it is executed stands in its place, or is thrown with all others', async () => {
      await client.set('text', 'x');
      const results = await client.multi((tx) => tx.incr('text').incr('n').lpush('text', 'y'));
      expect(results[1]).toBe(1);
      for (const index of [0, 2] as const) expect(results[index]).toBeInstanceOf(RedisServerError);
      expect(results[2]).toMatchObject({ code: 'WRONGTYPE', command: 'LPUSH' });
      const thrown = client.multi((tx) => tx.incr('n').lpush('text', 'y'), { throwOnError: true });
      await expect(thrown).rejects.toThrow(
        /^1 of 2 commands of the transaction failed; the others have taken effect/,
      );
      await expect(thrown).rejects.toMatchObject({ errors: [{ code: 'WRONGTYPE' }] });
      expect(await client.get('n')).toBe('2');
      const [ok] = await client.multi((tx) => tx.incr('n'), { throwOnError: true });
      const sum: number = ok + 1;
      expect(sum).toBe(4);
    });

    it('EXECABORT names the command that was refused, and nothing was executed', async () => {
      const error = await errorOf(
        client.multi((tx) => tx.set('a', 1).call('INCR', 'a', 'secret', 'too many').set('b', 2)),
      );
      expect(error).toMatchObject({ code: 'EXECABORT', command: 'INCR' });
      expect(error.message).toMatch(
        /nothing of the transaction was executed: the server refused INCR, command 2 of 3, with: ERR wrong number of arguments/,
      );
      expect(error.message).not.toContain('secret');
      expect(error.cause).toMatchObject({ code: 'ERR', command: 'INCR' });
      expect(await client.exists('a', 'b')).toBe(0);
      expect(await client.multi((tx) => tx.set('a', 1))).toEqual(['OK']);
    });

    it('watch() hands over the values, and gives null once a key has changed', async () => {
      await client.mset({ balance: '10', other: 'x' });
      await client.rpush('list', 'no text');
      const seen: unknown[] = [];
      const results = await client.watch(['balance', 'missing', 'list'], (tx, watched) => {
        const text: string | null = watched.balance;
        seen.push({ ...watched });
        return tx.set('balance', Number(text) - 3).get('balance');
      });
      expect(seen).toEqual([{ balance: '10', missing: null, list: null }]);
      expect(results).toEqual(['OK', '7']);
      const changed = await client.watch('balance', async (tx) => {
        await client.set('balance', '100');
        tx.set('balance', '0');
      });
      expect(changed).toBeNull();
      expect(await client.get('balance')).toBe('100');
      // without a command it still tells whether something changed
      expect(await client.watch(['balance'], () => undefined)).toEqual([]);
      expect(await client.watch(['balance'], async () => void (await client.incr('balance')))).toBeNull();
    });

    it('watch() tries again as often as was asked for', async () => {
      let calls = 0;
      const attempt = (retries: number): Promise<unknown> =>
        client.watch(
          ['k'],
          async (tx, { k }) => {
            calls++;
            if (calls < 3) await client.set('k', calls);
            return tx.set('seen', String(k));
          },
          { retries },
        );
      expect(await attempt(5)).toEqual(['OK']);
      expect(calls).toBe(3);
      expect(await client.get('seen')).toBe('2');
      calls = -10;
      expect(await attempt(2)).toBeNull();
      expect(calls).toBe(-7);
    });

    it('a callback that throws sends nothing, and leaves no watch behind', async () => {
      await expect(
        client.multi((tx) => {
          tx.set('a', 1);
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      await expect(client.watch(['w'], () => Promise.reject(new Error('nor here')))).rejects.toThrow(
        'nor here',
      );
      await client.set('w', 1);
      // on the connection that watched it
      expect(await client.multi((tx) => tx.set('a', 2))).toEqual(['OK']);
      expect(await client.get('a')).toBe('2');
    });

    it('200 concurrent callers: each transaction is executed whole, by itself', async () => {
      const callers = Array.from({ length: 200 }, async (_, caller) => {
        const results = await client.multi((tx) => {
          tx.rpush('log', `${caller}:begin`);
          for (let step = 0; step < 5; step++) tx.rpush('log', `${caller}:${step}`);
          tx.rpush('log', `${caller}:end`);
        });
        await Promise.all([client.incr('beside'), client.get('beside'), client.rpush('other', caller)]);
        return results as number[];
      });
      const all = await Promise.all(callers);
      const log = await client.lrange('log', 0, -1);
      expect(log).toHaveLength(200 * 7);
      for (const [caller, lengths] of all.entries()) {
        const start = lengths[0]! - 1;
        expect(lengths).toEqual(Array.from({ length: 7 }, (_, index) => start + index + 1));
        expect(log.slice(start, start + 7)).toEqual(
          ['begin', 0, 1, 2, 3, 4, 'end'].map((step) => `${caller}:${step}`),
        );
      }
      expect(await client.get('beside')).toBe('200');
    });

    it('50 concurrent callers add by watch() and lose no update', async () => {
      await client.set('sum', 0);
      const results = await Promise.all(
        Array.from({ length: 50 }, () =>
          client.watch(['sum'], (tx, { sum }) => tx.set('sum', Number(sum) + 1), { retries: Infinity }),
        ),
      );
      expect(results.every((result) => result !== null)).toBe(true);
      expect(await client.get('sum')).toBe('50');
    });

    it('by hand on a dedicated connection', async () => {
      await client.set('k', 'v');
      await client.dedicated(async (session) => {
        expect(session.isDedicated).toBe(true);
        expect(await session.watch('k', 'other')).toBe('OK');
        expect(await session.get('k')).toBe('v');
        expect(await session.multi()).toBe('OK');
        expect(await session.incr('n')).toBe('QUEUED');
        expect(await session.hgetall('none')).toBe('QUEUED');
        expect(await session.exec()).toEqual([1, {}]);
        await session.watch('k');
        await client.set('k', 'changed');
        await session.multi();
        await session.set('k', 'mine');
        expect(await session.exec()).toBeNull();
        await session.multi();
        await session.set('k', 'dropped');
        expect(await session.discard()).toBe('OK');
        await session.watch('k');
        expect(await session.unwatch()).toBe('OK');
        await client.set('k', 'again');
        expect(await session.multi((tx) => tx.get('k'))).toEqual(['again']);
        expect(await session.watch(['k'], (tx, { k }) => tx.set('k', `${k}!`))).toEqual(['OK']);
      });
      expect(await client.get('k')).toBe('again!');
    });

    it('by hand: a refused command rejects, and exec() names it', async () => {
      await client.dedicated(async (session) => {
        await session.multi();
        await expect(session.call('INCR', 'a', 'b')).rejects.toMatchObject({ code: 'ERR' });
        await expect(session.exec()).rejects.toThrow(/EXECABORT .* the server refused INCR, command 1 of 1/);
        expect(await session.incr('n')).toBe(1);
        await session.multi();
        await session.set('text', 'x');
        await session.incr('text');
        const results = await session.exec();
        expect(results![0]).toBe('OK');
        expect(results![1]).toBeInstanceOf(RedisServerError);
      });
    });
  });
});

describe('transactions', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());

  it('nested use is a clear error, everywhere', async () => {
    const client = make();
    const nestings: ((tx: { multi(): void; watch(): void; exec(): void }) => void)[] = [
      (tx) => tx.multi(),
      (tx) => tx.watch(),
    ];
    for (const nest of nestings)
      await expect(client.multi((tx) => nest(tx as never))).rejects.toThrow(/transactions cannot be nested/);
    await expect(client.multi((tx) => (tx as unknown as { exec(): never }).exec())).rejects.toThrow(
      /sent when its callback is done/,
    );
    await client.dedicated(async (session) => {
      await expect(
        session.watch(['a'], async (tx) => {
          await session.multi((inner) => inner.get('a'));
          return tx.get('a');
        }),
      ).rejects.toThrow(/multi\(\): watch\(\) is under way on this connection/);
      await session.multi();
      await expect(session.multi()).rejects.toThrow(/after multi\(\) come the commands/);
      await expect(session.multi((tx) => tx.get('a'))).rejects.toThrow(/cannot be nested/);
      await expect(session.watch('a')).rejects.toThrow(/WATCH was not sent/);
      await expect(session.unwatch()).rejects.toThrow(/UNWATCH was not sent/);
      await expect(session.pipeline().get('a').exec()).rejects.toThrow(
        /no place between multi\(\) and exec\(\)/,
      );
      await session.discard();
      await expect(session.exec()).rejects.toThrow('EXEC was not sent: a transaction begins with multi().');
    });
  });

  it('is over when its callback is', async () => {
    const client = make();
    let kept: { get(key: string): unknown } | undefined;
    await client.multi((tx) => {
      kept = tx;
      tx.get('a');
    });
    expect(() => kept!.get('b')).toThrow(/the transaction was sent already/);
    await expect(client.multi((tx) => tx.set('k', undefined as never))).rejects.toThrow(TypeError);
    await expect(client.multi((tx) => void tx.call('SUBSCRIBE', 'a'))).rejects.toThrow(
      /no place in a transaction/,
    );
    await expect(client.multi((tx) => void tx.call('SELECT', '1'))).rejects.toThrow(
      /no place in a transaction/,
    );
  });

  it('wrong arguments are told before anything is sent', async () => {
    const client = make() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const fill = (): undefined => undefined;
    const calls: [string, unknown[], RegExp][] = [
      ['multi', [], /MULTI changes the state .* Use multi\(callback\)/],
      ['multi', [undefined], /give a callback/],
      ['multi', [fill, { throwonerror: true }], /did you mean 'throwOnError'/],
      ['multi', [fill, { throwOnError: 1 }], /must be a boolean/],
      ['multi', [fill, null], /options come behind/],
      ['watch', [], /name at least one key/],
      ['watch', [[], fill], /name at least one key/],
      ['watch', [['a', 1], fill], /name at least one key/],
      ['watch', [['a']], /give a callback/],
      ['watch', ['a', 'b'], /WATCH changes the state .* watch\(keys, callback\)/],
      ['watch', ['a', fill, { retries: -1 }], /'retries' must be/],
      ['watch', ['a', fill, { retrys: 1 }], /did you mean 'retries'/],
      ['exec', [], /EXEC changes the state/],
      ['discard', [], /DISCARD changes the state/],
      ['unwatch', [], /UNWATCH changes the state/],
    ];
    for (const [method, args, message] of calls)
      await expect(client[method]!(...args)).rejects.toThrow(message);
  });

  it('without the right to MULTI nothing is executed, not even one by one', async () => {
    await using guarded = await startServer({ kind: 'redis-7.0' });
    const admin = make({ url: guarded.url });
    await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '&*', '+@all', '-multi');
    const client = make({ url: guarded.url, username: 'limited', password: 'pw' });
    await expect(client.multi((tx) => tx.set('a', 1).set('b', 2))).rejects.toMatchObject({ code: 'NOPERM' });
    await expect(client.watch(['a'], (tx) => tx.set('a', 1))).rejects.toMatchObject({ code: 'NOPERM' });
    expect(await client.exists('a', 'b')).toBe(0);
  });

  it('a signal or a timeout ends all of it, and the connection is not used again', async () => {
    const client = make({ commandTimeout: 300 });
    await client.set('k', 'v');
    await expect(
      client.with({ signal: AbortSignal.abort('no') }).multi((tx) => tx.set('k', 'changed')),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: 'no' });
    await client.multi((tx) => tx.get('k'));
    await server.pause();
    const controller = new AbortController();
    const aborted = errorOf(client.with({ signal: controller.signal }).multi((tx) => tx.get('k')));
    const late = errorOf(client.multi((tx) => tx.get('k')));
    setImmediate(() => controller.abort('changed'));
    expect(await aborted).toMatchObject({ code: 'ABORTED', cause: 'changed' });
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
    await server.resume();
    expect(await client.multi((tx) => tx.get('k'))).toEqual(['v']);
  });

  it('a connection lost while watching fails the transaction, and never runs it unwatched', async () => {
    const client = make();
    const admin = make();
    const cut = async (id: number): Promise<void> => void (await admin.call('CLIENT', 'KILL', 'ID', id));
    await client.set('k', 'v');
    await client.dedicated(async (session) => {
      const id = await session.clientId();
      await session.watch('k');
      const lost = new Promise((resolve) => session.once('disconnect', resolve));
      await cut(id);
      await lost;
      for (const use of [
        () => session.multi(),
        () => session.get('k'),
        () => session.multi((tx) => tx.get('k')),
      ])
        await expect(use()).rejects.toThrow(
          /had a transaction, watched keys or settings on it that are gone/,
        );
    });
    const error = await errorOf(
      client.watch(['k'], async (tx) => {
        const watching = (await admin.clientList()).find(({ cmd }) => cmd === 'mget')!;
        await cut(Number(watching.id));
        await client.ping();
        return tx.set('k', 'unwatched');
      }),
    );
    expect(error).toMatchObject({ name: 'RedisConnectionError' });
    expect(await client.get('k')).toBe('v');
  });

  it('a connection lost with half of a long transaction on its way: the other half is not executed by itself', async () => {
    await using own = await startServer({ kind: 'redis-7.0' });
    // so few go out at a time that most of it waits in the client
    const client = make({ url: own.url, maxInFlight: 10 });
    await client.multi((tx) => tx.set('n', 0));
    own.pause();
    const failed = errorOf(
      client.with({ timeout: 0 }).multi((tx) => {
        for (let nth = 0; nth < 100; nth++) tx.incr('n');
      }),
    );
    await new Promise(setImmediate);
    await own.kill();
    await own.restart();
    expect(await failed).toMatchObject({ name: 'RedisConnectionError', command: 'EXEC' });
    expect(await client.exists('n')).toBe(0);
    expect(await client.multi((tx) => tx.incr('n'))).toEqual([1]);
  });

  it('a retry rule of the user’s own repeats all of it or nothing: no command goes out by itself', async () => {
    const client = make({ retry: (attempt) => (attempt < 200 ? 5 : false) });
    await client.replicaof('127.0.0.1', 1);
    const counted = client.multi((tx) => tx.incr('once').incr('once'));
    const admin = make();
    await eventually(async () => JSON.stringify(await admin.info('errorstats')).includes('READONLY'));
    await client.replicaof('NO', 'ONE');
    expect(await counted).toEqual([1, 2]);
    expect(await client.get('once')).toBe('2');
  });

  it('waits out a refusal that passes: a replica that becomes a master', async () => {
    const client = make();
    await client.replicaof('127.0.0.1', 1);
    const written = client.multi((tx) => tx.set('promoted', 1).get('promoted'));
    await new Promise(setImmediate);
    await client.replicaof('NO', 'ONE');
    expect(await written).toEqual(['OK', '1']);
  });
});
