import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { refusal, Users, withoutRepeats } from './support/users.js';

/** The server is gone, or back without being of use yet: everybody learns why, and is served again by itself. */
describe.each(SERVER_KINDS)('%s: outages', (kind) => {
  let server: TestServer;
  let users: Users;
  const others: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, reconnect: { delay: 20, maxDelay: 100 }, ...options });
    others.push(client);
    return client;
  };
  /** @param args further options of the server. */
  const begin = async (args: string[] = [], options: RedisClientOptions = {}): Promise<void> => {
    server = await startServer({ kind, args });
    users = await Users.start({ url: server.url, ...options });
  };
  /** A server that reads 500 keys at 2 ms each when it starts, and answers LOADING meanwhile. */
  const beginSlow = async (): Promise<void> => {
    const delay = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    await begin(['--save', '3600 1', ...delay]);
    await users.client.call('DEBUG', 'POPULATE', 500, 'key', 64);
  };

  afterEach(async () => {
    for (const client of others.splice(0)) client.destroy();
    users.destroy();
    await server.stop();
  });

  it('SIGKILL: what may be repeated waits, all else learns that it may have taken effect', async () => {
    await begin();
    const { client, pool, events } = users;
    const popped = refusal(client.blpop('nothing', 0));
    const reading = client.xread('BLOCK', 0, 'STREAMS', 'stream', '$');
    await eventually(() => client.inFlight === 2);
    await server.pause();
    const written = refusal(client.incr('n'));
    const read = client.get('n');
    await eventually(() => client.inFlight === 4);
    await server.kill();

    expect(await written).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECTION_LOST',
      command: 'INCR',
      message: expect.stringMatching(/INCR: .* ended before the reply.*server's log.*may have taken effect/),
    });
    expect(await popped).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
    const late = await refusal(client.with({ timeout: 100 }).set('k', 'v'));
    expect(late).toMatchObject({ kind: 'command', command: 'SET', cause: { code: 'CONNECT_FAILED' } });
    expect(late.message).toMatch(/^SET timed out: it was never sent: .*ECONNREFUSED.*Is the server running/);
    expect(await refusal(pool.use((lent) => lent.ping()))).toMatchObject({ code: 'CONNECT_FAILED' });

    await server.restart();
    expect(await read).toBeNull();
    await users.recover(1);
    expect(withoutRepeats(events.filter((event) => event !== 'error:CONNECT_FAILED'))).toEqual([
      expect.stringMatching(/^disconnect:(server_closed|connection_lost)$/),
      'connect',
      'ready',
    ]);
    expect(events.at(1)).toBe('error:CONNECT_FAILED');
    expect(users.gaps).toEqual([expect.any(Number)]);
    // the reader waits on the new server
    const writer = make();
    const entry = await eventually(async () => {
      await writer.xadd('stream', '*', 'f', 'v');
      return client.inFlight === 0 ? reading : false;
    });
    expect(JSON.stringify(entry)).toContain('stream');
  });

  it('a blocking command in an outage is named, with the reason', async () => {
    await begin();
    await server.kill();
    const error = await refusal(users.client.with({ timeout: 150 }).blpop('list', 0));
    expect(error).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECT_FAILED',
      command: 'BLPOP',
      message: expect.stringMatching(/^BLPOP was not sent: .* within 150 ms: .*ECONNREFUSED/),
    });
    await server.restart();
    await users.recover();
  });

  it('a server that comes back empty: database and name are set again, scripts and data are gone', async () => {
    await begin();
    const client = make({ database: 3, clientName: 'orders' });
    await client.set('k', 'v');
    const sha = String(await client.scriptLoad('return 1'));
    expect(await client.evalsha(sha, 0)).toBe(1);
    await server.restart();
    expect(await client.get('k')).toBeNull();
    expect(await refusal(client.evalsha(sha, 0))).toMatchObject({
      name: 'RedisServerError',
      code: 'NOSCRIPT',
      command: 'EVALSHA',
    });
    expect(await client.clientInfo()).toMatchObject({ name: 'orders', db: 3 });
    await users.recover();
    expect(users.gaps).toEqual([expect.any(Number)]);
  });

  it('a server that reads its data at start: commands wait, and who cannot wait is told why', async () => {
    await beginSlow();
    const { client, events } = users;
    const inOther = make({ database: 3 });
    await inOther.connect();
    const restarted = server.restart();
    await eventually(() => events.includes('error:LOADING'));

    const patient = [client.set('a', 1), client.get('key:1'), inOther.incr('n')];
    const blocked = client.blpop('list', 0);
    const late = await refusal(client.with({ timeout: 100 }).set('b', 1));
    expect(late).toMatchObject({ kind: 'command', command: 'SET' });
    expect(late.message).toMatch(/^SET timed out: it was never sent: .*LOADING/);
    // SELECT is answered while the data are read; that alone makes no connection
    for (const database of [0, 3]) {
      expect(await refusal(make({ database, reconnect: false }).connect())).toMatchObject({
        name: 'RedisConnectionError',
        code: 'LOADING',
        reason: 'connect_failed',
        message: expect.stringMatching(/LOADING.*connect\(\) a `deadline`/),
      });
    }
    expect(await Promise.all(patient)).toEqual(['OK', expect.stringMatching(/^value:1/), 1]);
    await restarted;
    await client.rpush('list', 'x');
    expect(await blocked).toEqual(['list', 'x']);
    await users.recover();
    expect(withoutRepeats(events.filter((event) => !event.startsWith('error')))).toEqual([
      expect.stringMatching(/^disconnect:/),
      'connect',
      'ready',
    ]);
  });

  it('a server that reads its data anew under open connections: tried again, then its own word', async () => {
    await beginSlow();
    const { client } = users;
    const admin = make({ commandTimeout: 0 });
    await admin.connect();
    const reloading = admin.call('DEBUG', 'RELOAD');
    const isLoading = async (): Promise<boolean> =>
      (await refusal(client.with({ retry: false }).hget('key:1', 'f'))).code === 'LOADING';
    await eventually(isLoading, { interval: 1 });

    const patient = client.with({ retry: { attempts: 100, backoff: 50 }, timeout: 20_000 }).incr('n');
    // once more where a server that loads on a busy machine was too slow even to refuse it
    await eventually(async () => {
      const late = await refusal(client.with({ timeout: 100 }).set('a', 1));
      expect(late).toMatchObject({ kind: 'command', command: 'SET', cause: { code: 'LOADING' } });
      expect(late.message).toMatch(
        /^SET timed out: it was refused by the server before, and waited to be sent again: LOADING/,
      );
    });
    expect(await refusal(client.with({ retry: { attempts: 1, backoff: 0 } }).set('a', 1))).toMatchObject({
      name: 'RedisServerError',
      code: 'LOADING',
      command: 'SET',
    });
    expect(await patient).toBe(1);
    await reloading;
    await users.recover();
    expect(users.events).toEqual([]);
  });
});
