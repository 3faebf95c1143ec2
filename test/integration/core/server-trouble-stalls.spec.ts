import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { refusal, Users, withoutRepeats } from './support/users.js';

/** The server is there and does not answer. */
describe.each(SERVER_KINDS)('%s: stalls', (kind) => {
  let server: TestServer;
  let admin: RedisClient;
  let users: Users | undefined;
  const begin = async (options: RedisClientOptions = {}): Promise<Users> =>
    (users = await Users.start({ url: server.url, ...options }));

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  beforeEach(async () => {
    admin = new RedisClient({ url: server.url, commandTimeout: 0 });
    await admin.connect();
    await admin.flushall();
  });
  afterEach(() => {
    users?.destroy();
    admin.destroy();
  });
  afterAll(() => server.stop());

  it('SIGSTOP, SIGCONT: each waits as long as it said, nothing is disconnected', async () => {
    const { client, pool, events } = await begin({ commandTimeout: 200, blockingTimeoutBuffer: 200 });
    await server.pause();
    const [written, read, popped, lent, heard] = await Promise.all([
      refusal(client.incr('n')),
      refusal(client.get('n')),
      refusal(client.blpop('list', 0.1)),
      refusal(pool.use((borrowed) => borrowed.set('k', 'v'))),
      refusal(client.subscribe('another')),
    ]);
    for (const [error, command] of [
      [written, 'INCR'],
      [read, 'GET'],
      [lent, 'SET'],
      [heard, 'SUBSCRIBE'],
    ] as const) {
      expect(error).toMatchObject({ name: 'RedisTimeoutError', kind: 'command', code: 'TIMEOUT', command });
      expect(error.message).toMatch(/did not answer in time; the command was sent and may have taken effect/);
    }
    expect(popped).toMatchObject({ name: 'RedisTimeoutError', kind: 'blocking', command: 'BLPOP' });
    await server.resume();
    await users!.recover();
    // both were carried out late, and their replies went to nobody
    expect(await client.get('n')).toBe('1');
    expect(events).toEqual([]);
    expect(users!.gaps).toEqual([]);
  });

  it('SIGSTOP for longer than socketTimeout: the connection is given up and made anew', async () => {
    const { client, events } = await begin({ commandTimeout: 0, socketTimeout: 200, connectTimeout: 300 });
    await server.pause();
    const written = refusal(client.incr('n'));
    expect(await written).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECTION_LOST',
      reason: 'timeout',
      command: 'INCR',
      message: expect.stringMatching(
        /^INCR: .* was silent for 200 ms .* The command may have taken effect\.$/,
      ),
    });
    await eventually(() => events.includes('error:TIMEOUT'));
    await server.resume();
    await users!.recover();
    expect(withoutRepeats(events.filter((event) => event !== 'connect'))).toEqual([
      'disconnect:timeout',
      'error:TIMEOUT',
      'ready',
    ]);
    expect(users!.gaps).toEqual([expect.any(Number)]);
  });

  it('CLIENT PAUSE ALL: who waits long enough is served, who comes anew is told of a stall', async () => {
    const { client, events } = await begin();
    const late = new RedisClient({ url: server.url, connectTimeout: 150, reconnect: false });
    await admin.clientPause(800, 'ALL');
    const waiting = client.incr('n');
    expect(await refusal(client.with({ timeout: 100 }).incr('m'))).toMatchObject({ kind: 'command' });
    expect(await refusal(late.connect())).toMatchObject({
      name: 'RedisTimeoutError',
      kind: 'connect',
      message: expect.stringMatching(/`connectTimeout`.*took the connection and did not answer/),
    });
    late.destroy();
    expect(await waiting).toBe(1);
    await users!.recover();
    expect(await client.get('m')).toBe('1');
    expect(events).toEqual([]);
  });

  it('CLIENT PAUSE WRITE: reads go on, writes wait and happen once', async () => {
    const { client, pool, events } = await begin();
    await admin.clientPause(60_000, 'WRITE');
    const written = client.incr('n');
    const lent = pool.use((borrowed) => borrowed.incr('n'));
    await eventually(() => client.inFlight === 1 && pool.stats().active === 1);
    // what was written before it on the same connection is waited for; others read on
    expect(await admin.get('n')).toBeNull();
    expect(await refusal(client.with({ timeout: 100 }).set('late', 1))).toMatchObject({ kind: 'command' });
    await admin.clientUnpause();
    expect(((await written) as number) + ((await lent) as number)).toBe(3);
    await users!.recover();
    expect(await client.mget('n', 'late')).toEqual(['2', '1']);
    expect(events).toEqual([]);
  });

  it('DEBUG SLEEP: late replies reach those who wait, and no one else', async () => {
    const { client, events } = await begin();
    const sleeping = admin.call('DEBUG', 'SLEEP', '0.5');
    const late = refusal(client.with({ timeout: 100 }).echo('late'));
    const patient = client.echo('patient');
    expect(await late).toMatchObject({ kind: 'command', command: 'ECHO' });
    expect(await patient).toBe('patient');
    await sleeping;
    await users!.recover();
    expect(events).toEqual([]);
  });

  it('a script that does not end: BUSY after some attempts, until SCRIPT KILL', async () => {
    const { client, events } = await begin();
    await admin.configSet('lua-time-limit', 20);
    const script = refusal(admin.eval('while true do end', 0));
    await eventually(async () => (await refusal(client.with({ retry: false }).incr('n'))).code === 'BUSY', {
      interval: 1,
    });
    expect(await refusal(client.incr('n'))).toMatchObject({
      name: 'RedisServerError',
      code: 'BUSY',
      command: 'INCR',
      message: expect.stringMatching(/SCRIPT KILL/),
    });
    const fresh = new RedisClient({ url: server.url });
    await fresh.connect();
    expect(await refusal(fresh.with({ retry: false }).get('n'))).toMatchObject({ code: 'BUSY' });
    const patient = client.with({ retry: { attempts: 100, backoff: 20 } }).incr('n');
    // whoever comes now to end it is let in
    expect(await fresh.scriptKill()).toBe('OK');
    fresh.destroy();
    expect(await script).toMatchObject({
      name: 'RedisServerError',
      command: 'EVAL',
      message: expect.stringMatching(/Script killed by user/i),
    });
    expect(await patient).toBe(1);
    await users!.recover();
    expect(events).toEqual([]);
  });
});
