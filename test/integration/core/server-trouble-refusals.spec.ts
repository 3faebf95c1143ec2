import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { refusal, Users } from './support/users.js';

/** The server answers, and refuses writes. */
describe.each(SERVER_KINDS)('%s: refused writes', (kind) => {
  let server: TestServer;
  let admin: RedisClient;
  let users: Users;
  /** How often the server gave this error since the test began. */
  const count = async (code: string): Promise<number> => {
    const { errorstats } = (await admin.info('errorstats')) as { errorstats?: Record<string, string> };
    return Number(/count=(\d+)/.exec(errorstats?.[`errorstat_${code}`] ?? '')?.[1] ?? 0);
  };

  beforeEach(async () => {
    server = await startServer({ kind, args: ['--enable-protected-configs', 'yes'] });
    admin = new RedisClient({ url: server.url });
    users = await Users.start({ url: server.url });
    await admin.configResetstat();
  });
  afterEach(async () => {
    users.destroy();
    admin.destroy();
    await server.stop();
  });

  it('READONLY, a master that became a replica: tried again, and done once it is a master again', async () => {
    const { client, pool } = users;
    const popped = refusal(client.blpop('nothing', 0));
    await eventually(async () => (await admin.clientList()).some(({ cmd }) => cmd === 'blpop'));
    await admin.replicaof('127.0.0.1', 1);
    // whoever waited there is sent away with nothing taken, tried again as any write, and refused as any write
    expect(await popped).toMatchObject({ name: 'RedisServerError', code: 'READONLY', command: 'BLPOP' });
    const refusedPops = await count('READONLY');
    expect(refusedPops).toBe(3);
    expect(await refusal(client.incr('n'))).toMatchObject({
      name: 'RedisServerError',
      code: 'READONLY',
      command: 'INCR',
      message: expect.stringMatching(
        /^READONLY You can't write against a read only replica\. \(command: INCR\)$/,
      ),
    });
    expect((await count('READONLY')) - refusedPops).toBe(4);
    const late = await refusal(client.with({ timeout: 100 }).set('k', 'v'));
    expect(late).toMatchObject({ kind: 'command', cause: { code: 'READONLY' } });
    expect(late.message).toMatch(/^SET timed out: it was refused by the server before.*: READONLY/);
    expect(await refusal(pool.use((lent) => lent.with({ retry: false }).incr('n')))).toMatchObject({
      code: 'READONLY',
    });
    expect(await client.get('n')).toBeNull();

    const before = await count('READONLY');
    const patient = client.with({ retry: { attempts: 200, backoff: 20 } }).incr('n');
    await eventually(async () => (await count('READONLY')) > before);
    await admin.replicaof('NO', 'ONE');
    expect(await patient).toBe(1);
    await users.recover();
    expect(users.events).toEqual([]);
    expect(users.gaps).toEqual([]);
  });

  it('OOM: the word of the server, at the first attempt; reads go on', async () => {
    const { client } = users;
    await client.set('k', 'v');
    await admin.configSet('maxmemory', 1);
    expect(await refusal(client.set('k', 'w'))).toMatchObject({
      name: 'RedisServerError',
      code: 'OOM',
      command: 'SET',
      message: "OOM command not allowed when used memory > 'maxmemory'. (command: SET)",
    });
    expect(await count('OOM')).toBe(1);
    expect(await client.get('k')).toBe('v');
    await admin.configSet('maxmemory', 0);
    await users.recover();
    expect(users.events).toEqual([]);
  });

  it('MISCONF: the server cannot save its data', async () => {
    const { client } = users;
    const [home] = Object.values(await admin.configGet('dir')) as [string];
    const gone = await mkdtemp(join(tmpdir(), 'redwire-gone-'));
    await admin.configSet('dir', gone);
    await rm(gone, { recursive: true });
    await admin.configSet('save', '3600 1');
    await client.set('k', 'v');
    await admin.bgsave();
    await eventually(() => refusal(admin.set('other', 1)));
    const before = await count('MISCONF');
    const refused = await refusal(client.set('k', 'w'));
    expect(refused).toMatchObject({ name: 'RedisServerError', code: 'MISCONF', command: 'SET' });
    expect(refused.message).toMatch(
      /unable to persist to disk.*stop-writes-on-bgsave-error.*\(command: SET\)$/s,
    );
    expect(await count('MISCONF')).toBe(before + 1);
    expect(await client.get('k')).toBe('v');
    // reads go on for those who come anew too, though the server refuses PING
    for (const protocol of [2, 3] as const) {
      const fresh = new RedisClient({ url: server.url, protocol });
      expect(await fresh.get('k')).toBe('v');
      fresh.destroy();
    }
    await admin.configSet('dir', home);
    await admin.configSet('save', '');
    await users.recover();
    expect(users.events).toEqual([]);
  });

  it('NOREPLICAS: too few replicas are connected', async () => {
    const { client } = users;
    await admin.configSet('min-replicas-to-write', 1);
    expect(await refusal(client.set('k', 'w'))).toMatchObject({
      name: 'RedisServerError',
      code: 'NOREPLICAS',
      message: 'NOREPLICAS Not enough good replicas to write. (command: SET)',
    });
    expect(await count('NOREPLICAS')).toBe(1);
    await admin.configSet('min-replicas-to-write', 0);
    await users.recover();
    expect(users.events).toEqual([]);
  });

  it('MASTERDOWN: a replica without data is tried again until it answers', async () => {
    const { client } = users;
    await admin.configSet('replica-serve-stale-data', 'no');
    await admin.replicaof('127.0.0.1', 1);
    expect(await refusal(client.get('k'))).toMatchObject({
      name: 'RedisServerError',
      code: 'MASTERDOWN',
      command: 'GET',
      message: expect.stringMatching(/replica-serve-stale-data is set to 'no'/),
    });
    const fresh = new RedisClient({ url: server.url });
    expect(await refusal(fresh.connect())).toMatchObject({ code: 'MASTERDOWN', reason: 'connect_failed' });
    fresh.destroy();
    const patient = client.with({ retry: { attempts: 200, backoff: 20 } }).get('k');
    await admin.replicaof('NO', 'ONE');
    expect(await patient).toBeNull();
    await admin.configSet('replica-serve-stale-data', 'yes');
    await users.recover();
  });
});
