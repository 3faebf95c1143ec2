import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisAbortError,
  RedisClient,
  RedisClientError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisError,
  RedisPool,
  RedisServerError,
  RedisTimeoutError,
  type RedisClientOptions,
} from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { errorOf, expectNoSecret, SECRET, showsSecret } from './support/index.js';

const PASSWORD = `${SECRET}-password`;
const KEY = `${SECRET}-key`;
const VALUE = `${SECRET}-value`;

/** Commands that would end the server or the test, however wrong their arguments are. */
const LEFT_OUT =
  /^(shutdown|debug|failover|monitor|psync|sync|replconf|replicaof|slaveof|quit|reset|restore-asking)$/;

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  const open: { destroy(): void }[] = [];
  const keep = <Owned extends { destroy(): void }>(owned: Owned): Owned => {
    open.push(owned);
    return owned;
  };
  const make = (options: RedisClientOptions = {}): RedisClient =>
    keep(new RedisClient({ url: server.url, reconnect: { delay: 10 }, ...options }));

  beforeAll(async () => {
    server = await startServer({ kind, requirepass: PASSWORD });
  });
  afterEach(() => {
    for (const owned of open.splice(0)) owned.destroy();
  });
  afterAll(() => server.stop());

  it.each<[string, string, (client: RedisClient) => Promise<unknown>]>([
    ['WRONGTYPE', 'HGET', (client) => client.hget(KEY, VALUE)],
    ['NOSCRIPT', 'EVALSHA', (client) => client.evalsha('0'.repeat(40), 1, KEY, VALUE)],
    ['ERR', 'INCR', (client) => client.incr(KEY)],
    ['ERR', 'NO.SUCH', (client) => client.call('NO.SUCH', KEY, VALUE)],
    ['ERR', 'CONFIG SET', (client) => client.configSet(KEY, VALUE)],
    ['ERR', 'ACL SETUSER', (client) => client.aclSetuser('bob', `${VALUE}`)],
    ['NOGROUP', 'XREADGROUP', (client) => client.xreadgroup('GROUP', VALUE, 'c', 'STREAMS', `${KEY}2`, '>')],
    ['BUSYGROUP', 'XGROUP CREATE', (client) => client.xgroupCreate(`${KEY}:stream`, VALUE, '$')],
    ['OWN', 'EVAL', (client) => client.eval(`return redis.error_reply('OWN word')`, 0)],
  ])('a refusal is a RedisServerError with the code %s and the command %s', async (code, command, issue) => {
    const client = make();
    await client.set(KEY, VALUE);
    await client.call('XGROUP', 'CREATE', `${KEY}:stream`, VALUE, '$', 'MKSTREAM').catch(() => undefined);
    const error = await errorOf(issue(client));
    expect(error).toBeInstanceOf(RedisServerError);
    expect(error).toBeInstanceOf(RedisError);
    expect(error).not.toBeInstanceOf(RedisClientError);
    expect(error).toMatchObject({ name: 'RedisServerError', code, command });
    expect(error.cause).toBeUndefined();
    expect(error.message).toContain(`(command: ${command})`);
    expectNoSecret(error);
  });

  it('no command shows an argument when it is refused, whatever the arguments are', async () => {
    const client = make({ retry: false });
    const names = ((await client.call('COMMAND', 'LIST')) as string[]).filter((name) => !LEFT_OUT.test(name));
    let refused = 0;
    const leaks: string[] = [];
    for (const name of names) {
      for (let count = 1; count <= 5; count++) {
        const args = Array.from({ length: count }, (_, index) => `${SECRET}-${index}`);
        const words = name.split('|');
        const error = await client.call(words[0]!, ...words.slice(1), ...args).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        refused++;
        if (showsSecret(error)) leaks.push(String(error));
      }
    }
    // two hundred commands and more, most of them wrong with most of these arguments
    expect(leaks).toEqual([]);
    expect(refused).toBeGreaterThan(500);
    expect(await client.ping()).toBe('PONG');
  });

  it('OOM and NOPERM, with the user and the command, and nothing of the arguments', async () => {
    const admin = make();
    await admin.call('ACL', 'SETUSER', 'limited', 'on', `>${VALUE}`, '~allowed', '+get', '+ping');
    const limited = make({ username: 'limited', password: VALUE });
    for (const issue of [() => limited.get(KEY), () => limited.set('allowed', VALUE)]) {
      const error = await errorOf(issue());
      expect(error).toMatchObject({ name: 'RedisServerError', code: 'NOPERM' });
      expectNoSecret(error);
    }
    await admin.configSet('maxmemory', '1');
    const full = await errorOf(admin.set(KEY, VALUE));
    await admin.configSet('maxmemory', '0');
    expect(full).toMatchObject({ name: 'RedisServerError', code: 'OOM', command: 'SET' });
    expectNoSecret(full);
  });

  it.each([2, 3] as const)(
    'a refused log-in keeps the code and the cause, not the password (RESP%d)',
    async (protocol) => {
      const wrong = await errorOf(make({ password: `${PASSWORD}-old`, protocol }).connect());
      expect(wrong).toBeInstanceOf(RedisConnectionError);
      expect(wrong).toBeInstanceOf(RedisClientError);
      expect(wrong).toMatchObject({ code: 'WRONGPASS', reason: 'connect_failed', command: undefined });
      expect(wrong.cause).toBeInstanceOf(RedisServerError);
      const none = make({ url: `redis://${server.host}:${server.port}`, protocol });
      for (const issue of [() => none.set(KEY, VALUE), () => none.blpop(KEY, 1), () => none.subscribe(KEY)]) {
        const error = await errorOf(issue());
        expect(error).toBeInstanceOf(RedisConnectionError);
        expect(error).toMatchObject({ code: 'NOAUTH' });
        expectNoSecret(error);
      }
      expectNoSecret(wrong);
    },
  );

  it('a connection that was killed: CONNECTION_LOST, with the reason and the cause', async () => {
    const client = make();
    const admin = make();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const lost = errorOf<RedisConnectionError>(client.set(KEY, VALUE));
    await eventually(() => client.inFlight === 1);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await admin.call('CLIENT', 'UNPAUSE');
    const error = await lost;
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', command: 'SET' });
    expect(error.reason).toMatch(/^(server_closed|connection_lost)$/);
    expect(error.cause).toBeInstanceOf(RedisConnectionError);
    expectNoSecret(error);
  });

  it('each clock that runs out: command, socket, blocking, pool', async () => {
    const client = make({ commandTimeout: 100, socketTimeout: 300, blockingTimeoutBuffer: 500 });
    const patient = make({ commandTimeout: 0, socketTimeout: 200 });
    const pool = keep(new RedisPool({ url: server.url, max: 1, acquireTimeout: 50 }));
    await Promise.all([client.ping(), patient.ping(), pool.acquire(), client.blpop(`${KEY}:none`, 0.01)]);
    await server.pause();
    const errors = await Promise.all([
      errorOf<RedisTimeoutError>(client.set(KEY, VALUE)),
      errorOf<RedisTimeoutError>(client.blpop(`${KEY}:none`, 0.05)),
      errorOf<RedisTimeoutError>(pool.acquire()),
      errorOf<RedisConnectionError>(patient.set(KEY, VALUE)).then(({ cause }) => cause as RedisTimeoutError),
    ]);
    await server.resume();
    for (const error of errors) {
      expect(error).toBeInstanceOf(RedisTimeoutError);
      expect(error).toBeInstanceOf(RedisClientError);
      expect(error.code).toBe('TIMEOUT');
      expectNoSecret(error);
    }
    expect(errors.map(({ kind: clock }) => clock)).toEqual(['command', 'blocking', 'pool', 'socket']);
    expect(errors.map(({ command }) => command)).toEqual(['SET', 'BLPOP', undefined, undefined]);
  });

  it('what was not sent: QUEUE_FULL and DISCONNECTED with the cause, CLOSED; ABORTED with the reason', async () => {
    const gone = make({ url: 'redis://127.0.0.1:1', queueSize: 1, commandTimeout: 0 });
    const held = gone.set(KEY, VALUE).catch((error: unknown) => error);
    await new Promise((resolve) => gone.once('error', resolve));
    const full = await errorOf(gone.set(KEY, VALUE));
    expect(full).toBeInstanceOf(RedisDisconnectedError);
    expect(full).toMatchObject({ code: 'QUEUE_FULL', command: 'SET', cause: { code: 'CONNECT_FAILED' } });
    gone.destroy();
    const closed = [await held, await errorOf(gone.set(KEY, VALUE)), await errorOf(gone.blpop(KEY, 0))];
    for (const error of closed) {
      expect(error).toBeInstanceOf(RedisDisconnectedError);
      expect(error).toMatchObject({ code: 'CLOSED' });
    }
    const idle = await errorOf(make().probe(1_000));
    expect(idle).toMatchObject({ name: 'RedisDisconnectedError', code: 'DISCONNECTED', command: 'PING' });
    const reason = new Error('no longer wanted');
    const aborted = await errorOf(
      make()
        .with({ signal: AbortSignal.abort(reason) })
        .set(KEY, VALUE),
    );
    expect(aborted).toBeInstanceOf(RedisAbortError);
    expect(aborted).toBeInstanceOf(RedisClientError);
    expect(aborted).toMatchObject({ code: 'ABORTED', command: 'SET' });
    expect(aborted.cause).toBe(reason);
    for (const error of [full, ...closed, idle, aborted]) expectNoSecret(error);
  });

  it('a full subscription is OVERFLOW, a client that was not lent NOT_LENT: RedisClientErrors', async () => {
    const client = make();
    const subscription = await client.subscribe([KEY], { bufferSize: 1, overflow: 'error' });
    for (let index = 0; index < 3; index++) await client.publish(KEY, VALUE);
    await eventually(() => subscription.closed);
    await subscription.next();
    const overflow = await errorOf(subscription.next());
    expect(overflow).toMatchObject({ name: 'RedisClientError', code: 'OVERFLOW' });
    const pool = keep(new RedisPool(server.url));
    const notLent = await errorOf(Promise.resolve().then(() => pool.release(client)));
    expect(notLent).toBeInstanceOf(RedisClientError);
    expect(notLent).toMatchObject({ name: 'RedisClientError', code: 'NOT_LENT' });
    expectNoSecret([overflow, notLent]);
  });

  it('a wrong argument is a TypeError that shows none', async () => {
    const client = make();
    const loose = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const [name, ...args] of [
      ['set', KEY, { of: VALUE }],
      ['set', KEY, [VALUE, undefined]],
      ['set', KEY, Symbol(VALUE)],
      ['hset', KEY, { [VALUE]: new Date(0) }],
      ['mset', new Map([[KEY, null]])],
      ['select', SECRET],
      ['auth', PASSWORD],
      ['call', `GET ${KEY}`, VALUE],
    ] as const) {
      const error = await errorOf(Promise.resolve().then(() => loose[name]!(...args)));
      expect(error).toMatchObject({ name: 'TypeError' });
      expectNoSecret(error);
    }
  });
});
