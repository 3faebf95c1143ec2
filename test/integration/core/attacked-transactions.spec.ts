import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineCommands, RedisScript, type RedisClient } from 'nestjs-redwire/core';
import { eventually, runScript, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
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

describe('transactions, sessions and blocking commands under attack', () => {
  let server: TestServer;
  let client: RedisClient;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    client = make();
    await client.flushall();
  });

  /** Until a client waits on the server in this command. */
  const waitsIn = (command: string, count = 1): Promise<unknown> =>
    eventually(
      async () =>
        (await client.clientList()).filter(({ cmd, flags }) => cmd === command && String(flags).includes('b'))
          .length === count,
    );

  it('a transaction that is too long to leave at once is executed whole or not at all', async () => {
    const value = Buffer.alloc(100_000, 'x');
    await using proxy = await FaultProxy.start({
      target: { host: '127.0.0.1', port: Number(new URL(server.url).port) },
      plan: (connection) => (connection === 0 ? { requests: [{ kind: 'reset', after: 3_000_000 }] } : {}),
    });
    const victim = make({ url: proxy.url, maxInFlight: 20 });
    const outcome = await victim
      .multi((tx) => {
        for (let step = 0; step < 200; step++) tx.set(`k${step}`, value);
      })
      .catch((error: Error) => error);
    expect(outcome).toBeInstanceOf(Error);
    expect(await client.dbsize()).toBe(0);
  });

  it('what follows exec() without waiting for it is executed by itself', async () => {
    await client.dedicated(async (session) => {
      const all = await Promise.all([
        session.multi(),
        session.set('a', 1),
        session.exec(),
        session.get('a'),
        session.incr('a'),
      ]);
      expect(all).toEqual(['OK', 'QUEUED', ['OK'], '1', 2]);
      const twice = await Promise.all([
        session.multi(),
        session.incr('a'),
        session.exec(),
        session.multi(),
        session.incr('a'),
        session.exec(),
      ]);
      expect(twice).toEqual(['OK', 'QUEUED', [3], 'OK', 'QUEUED', [4]]);
      const dropped = await Promise.all([
        session.multi(),
        session.incr('a'),
        session.discard(),
        session.get('a'),
      ]);
      expect(dropped).toEqual(['OK', 'QUEUED', 'OK', '4']);
    });
  });

  it('a watch that follows unwatch() without waiting for it counts', async () => {
    await client.dedicated(async (session) => {
      await Promise.all([session.watch('a'), session.unwatch(), session.watch('b')]);
    });
    await client.set('b', 1);
    expect(
      await client.dedicated((session) =>
        session.clientId().then(async () => {
          await session.multi();
          await session.set('c', 1);
          return session.exec();
        }),
      ),
    ).toEqual(['OK']);
  });

  it('a watch() that outlives its session runs nothing on the connection of the next one', async () => {
    await client.set('k', 'v');
    let go!: () => void;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let late!: Promise<unknown>;
    let reached = false;
    await client.dedicated(async (session) => {
      late = errorOf(
        session.watch(['k'], async (tx) => {
          reached = true;
          await gate;
          return tx.set('k', 'stale');
        }),
      );
      await eventually(() => reached);
    });
    await client.set('k', 'changed');
    await client.dedicated(async (session) => {
      await session.watch('other');
      await session.multi();
      await session.set('mine', 1);
      go();
      await late;
      expect(await session.exec()).toEqual(['OK']);
    });
    expect(await late).toBeInstanceOf(Error);
    expect(await client.get('k')).toBe('changed');
  });

  it('a user without DISCARD and UNWATCH leaves nothing for the next one', async () => {
    await client.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '&*', '+@all', '-discard', '-unwatch');
    const limited = make({ username: 'limited', password: 'pw' });
    const first = await limited.multi((tx) => tx.set('a', 1)).catch((error: Error) => error);
    expect(await limited.blpop('none', 0.01)).toBeNull();
    expect(first).toEqual(['OK']);
    await limited.dedicated(async (session) => {
      await session.watch('a');
    });
    await client.set('a', 2);
    expect(await limited.multi((tx) => tx.get('a'))).toEqual(['2']);
    await limited.dedicated(async (session) => {
      await session.multi();
      await session.set('a', 3);
    });
    expect(await limited.dedicated((session) => session.get('a'))).toBe('2');
    await limited.dedicated(async (session) => {
      await errorOf(
        session.watch(['a'], () => {
          throw new Error('no');
        }),
      );
      await client.set('a', 4);
      const outcome = await session.multi((tx) => tx.get('a')).catch((error: Error) => error);
      if (!(outcome instanceof Error)) expect(outcome).toEqual(['4']);
    });
  });

  it('a session that changed its user is asked anew whether it may use MULTI', async () => {
    await client.call('ACL', 'SETUSER', 'nomulti', 'on', '>pw', '~*', '&*', '+@all', '-multi');
    await client.dedicated(async (session) => {
      await session.multi((tx) => tx.get('a'));
      await session.call('AUTH', 'nomulti', 'pw');
      await expect(session.multi((tx) => tx.set('a', 1).set('b', 1))).rejects.toMatchObject({
        code: 'NOPERM',
      });
    });
    expect(await client.exists('a', 'b')).toBe(0);
  });

  it('says what has happened where the right to MULTI was taken away on the way', async () => {
    await client.call('ACL', 'SETUSER', 'demoted', 'on', '>pw', '~*', '&*', '+@all');
    const demoted = make({ username: 'demoted', password: 'pw' });
    await demoted.multi((tx) => tx.get('a'));
    await client.call('ACL', 'SETUSER', 'demoted', '-multi');
    const error = await errorOf(demoted.multi((tx) => tx.set('a', 1).set('b', 2)));
    expect(error).toMatchObject({ code: 'NOPERM', command: 'MULTI' });
    expect(error.message).toContain('What followed was executed command by command');
    expect(await client.exists('a', 'b')).toBe(2);
    // and not once more
    const next = await errorOf(demoted.multi((tx) => tx.set('c', 1)));
    expect(next).toMatchObject({ code: 'NOPERM' });
    expect(await client.exists('c')).toBe(0);
  });

  it.each(['shared', 'dedicated'] as const)(
    'a stale CLIENT UNBLOCK ends nobody else’s wait (%s)',
    async (kindOf) => {
      const steps = async (waiting: RedisClient): Promise<void> => {
        const controller = new AbortController();
        const first = waiting.with({ signal: controller.signal }).blpop('a', 0);
        await waitsIn('blpop');
        const admin = make();
        const delayed = client.wait(1, 600);
        controller.abort('enough');
        await admin.rpush('a', 'x');
        expect(await first).toEqual(['a', 'x']);
        let ended = false;
        const second = waiting.blpop('b', 0).finally(() => {
          ended = true;
        });
        await delayed;
        await client.ping();
        await client.ping();
        expect(ended).toBe(false);
        await admin.rpush('b', 'y');
        expect(await second).toEqual(['b', 'y']);
      };
      await (kindOf === 'shared' ? steps(client) : client.dedicated(steps));
    },
  );

  it('close() right behind a blocking command does not wait for it', async () => {
    await client.blpop('none', 0.01);
    const late = client.blpop('none', 0).catch((error: Error) => error);
    await client.close({ timeout: 60_000 });
    const outcome = await late;
    if (outcome !== null) expect(outcome).toMatchObject({ code: 'CLOSED' });
  });

  it('a signal that fires as the connection is handed over is heard', async () => {
    await client.blpop('none', 0.01);
    const controller = new AbortController();
    const outcome = errorOf(client.with({ signal: controller.signal }).blpop('none', 0));
    controller.abort('at once');
    expect(await outcome).toMatchObject({ code: 'ABORTED' });
  });

  it('a script in a transaction by hand runs, whatever the server knows', async () => {
    await client.scriptFlush();
    const add = new RedisScript({
      lua: "return redis.call('incrby', KEYS[1], ARGV[1])",
      keys: 1,
      reply: Number,
    });
    await client.dedicated(async (session) => {
      await session.multi();
      await session.callScript(add, ['n'], [1]);
      await session.callScript(add, ['n'], [1]);
      expect(await session.exec()).toEqual([1, 2]);
    });
  });

  it('a `reply` that throws costs its own result only', async () => {
    const bad = new RedisScript({
      lua: 'return 1',
      reply: () => {
        throw new Error('no');
      },
    });
    const results = await client.multi((tx) => tx.set('a', 1).callScript(bad).incr('a'));
    expect(results).toEqual(['OK', expect.objectContaining({ name: 'RedisProtocolError' }), 2]);
  });

  it('commandTimeout 0 waits for a lost session', async () => {
    const patient = make({ commandTimeout: 0 });
    await patient.dedicated(async (session) => {
      const id = await session.clientId();
      const lost = new Promise((resolve) => session.once('disconnect', resolve));
      await client.call('CLIENT', 'KILL', 'ID', id);
      await lost;
      await server.pause();
      const since = performance.now();
      const results = session.multi((tx) => tx.set('a', 1)).catch((error: Error) => error);
      await eventually(() => performance.now() - since > 300);
      await server.resume();
      expect(await results).toEqual(['OK']);
    });
  });

  it.each([undefined, { attempts: 5, backoff: 10 }])(
    'a blocking read that is sent again has its whole time again (retry: %p)',
    async (retry) => {
      const again = make({ commandTimeout: 200, blockingTimeoutBuffer: 300, ...(retry && { retry }) });
      const read = again.xread('BLOCK', 800, 'STREAMS', 's', '$').catch((error: Error) => error);
      await waitsIn('xread');
      const since = performance.now();
      await eventually(() => performance.now() - since > 600);
      const { id } = (await client.clientList()).find(({ cmd }) => cmd === 'xread')!;
      await client.call('CLIENT', 'KILL', 'ID', Number(id));
      expect(await read).toBeNull();
    },
  );

  it('watch() watches the keys that it was called with', async () => {
    const keys = ['a'];
    const results = client.watch(keys, (tx, watched) => tx.set('seen', Object.keys(watched).join()));
    keys.push('b');
    await results;
    expect(await client.get('seen')).toBe('a');
  });

  it('no command can be defined by a name that transactions need', () => {
    expect(() => defineCommands({ take: { name: 'TAKE' } })).toThrow(/'take' for TAKE is taken/);
  });

  it('the lines of the callers are in the stacks, which hold ten', async () => {
    const { stdout, stderr } = await runScript(
      `import { RedisClient } from 'nestjs-redwire/core';
      const client = new RedisClient(process.env.REDIS_URL);
      await client.set('text', 'x');
      async function inResults() {
        return (await client.multi((tx) => tx.incr('text')))[0];
      }
      async function inWatched() {
        return (await client.watch('text', (tx) => tx.incr('text')))[0];
      }
      async function byHand() {
        return client.dedicated(async function byHand(session) {
          await session.multi();
          await session.incr('text');
          const [error] = await session.exec();
          return error;
        });
      }
      async function thrown() {
        await client.multi((tx) => tx.incr('text'), { throwOnError: true });
      }
      async function refused() {
        await client.multi((tx) => void tx.call('INCR', 'a', 'b'));
      }
      async function refusedWatched() {
        await client.watch('a', (tx) => void tx.call('INCR', 'a', 'b'));
      }
      for (const run of [inResults, inWatched, byHand, thrown, refused, refusedWatched]) {
        const error = await run().catch((error) => error);
        const errors = [error, ...(error.errors ?? [])];
        console.log(run.name, errors.every(({ stack }) => stack.includes(' ' + run.name + ' ')));
      }
      await client.close();`,
      { env: { REDIS_URL: server.url } },
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(
      ['inResults', 'inWatched', 'byHand', 'thrown', 'refused', 'refusedWatched'].map(
        (name) => `${name} true`,
      ),
    );
  });

  it('a signal ends a transaction at every stage, also where the server is silent', async () => {
    const silent = make({ commandTimeout: 0 });
    await silent.ping();
    await silent.dedicated((session) => session.ping());
    await server.pause();
    try {
      const controller = new AbortController();
      const first = errorOf(silent.with({ signal: controller.signal }).multi((tx) => tx.set('k', 'changed')));
      const second = errorOf(
        silent.with({ signal: controller.signal }).watch(['k'], (tx) => tx.set('k', 'changed')),
      );
      setImmediate(() => controller.abort('changed'));
      expect(await first).toMatchObject({ code: 'ABORTED', cause: 'changed' });
      expect(await second).toMatchObject({ code: 'ABORTED', cause: 'changed' });
    } finally {
      await server.resume();
    }
  });
});

describe.each(SERVER_KINDS)('blocking commands held back by CLIENT PAUSE on %s', (kind) => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  it.each(['abort', 'close'] as const)('%s harms neither the server nor an element', async (how) => {
    const client = make();
    const admin = make();
    await admin.flushall();
    await client.blpop('none', 0.01);
    await admin.clientPause(60_000, 'WRITE');
    const controller = new AbortController();
    const outcome = client
      .with({ signal: controller.signal })
      .blpop('list', 0)
      .catch((error: Error) => error);
    await eventually(async () =>
      (await admin.clientList()).some(({ cmd, flags }) => cmd === 'blpop' && String(flags).includes('b')),
    );
    if (how === 'abort') {
      controller.abort('enough');
      expect(await outcome).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    } else {
      await client.close();
      await outcome;
    }
    expect(await admin.ping()).toBe('PONG');
    await admin.clientUnpause();
    await admin.rpush('list', 'x');
    expect(await admin.llen('list')).toBe(1);
  });
});
