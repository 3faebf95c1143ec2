import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf } from './support/index.js';

/** The same against real refusals: the server itself tells how often it got the command. */
describe.each(SERVER_KINDS)('retry: %s', (kind) => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));
  const patient = { retry: { attempts: 200, backoff: 10 } };

  beforeEach(async () => {
    server = await startServer({ kind });
  });
  afterEach(() => server.stop());

  /** How often the server took a command up, and how often it turned it away before. */
  async function received(admin: RedisClient, command: string): Promise<{ calls: number; rejected: number }> {
    const text = String(await admin.eval("return redis.call('info', 'commandstats')", 0));
    const line = text.split('\r\n').find((candidate) => candidate.startsWith(`cmdstat_${command}:`)) ?? '';
    const count = (name: string): number => Number(new RegExp(`[:,]${name}=(\\d+)`).exec(line)?.[1] ?? 0);
    return { calls: count('calls'), rejected: count('rejected_calls') };
  }

  it('READONLY: a write is turned away until the replica is a master, and then done once', async () => {
    const admin = make();
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    await errorOf(make({ retry: false }).set('k', 0));
    expect(await received(admin, 'set')).toEqual({ calls: 0, rejected: 1 });
    await errorOf(make().set('k', 0));
    expect(await received(admin, 'set')).toEqual({ calls: 0, rejected: 5 });
    const written = make(patient).incr('n');
    await eventually(async () => (await received(admin, 'incr')).rejected >= 3);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    expect(await written).toBe(1);
    expect((await received(admin, 'incr')).calls).toBe(1);
  });

  it('MASTERDOWN: a read waits until the replica serves again', async () => {
    const admin = make();
    const strict = make({ retry: false });
    const other = make(patient);
    // connected before: a handshake's PING is refused like any other command
    await Promise.all([strict.connect(), other.connect()]);
    await admin.call('REPLICAOF', '127.0.0.1', '1');
    await admin.configSet('replica-serve-stale-data', 'no');
    expect(await errorOf(strict.get('k'))).toMatchObject({ code: 'MASTERDOWN' });
    const value = other.get('k');
    const late = make().get('k');
    await admin.configSet('replica-serve-stale-data', 'yes');
    expect(await Promise.all([value, late])).toEqual([null, null]);
  });

  it('BUSY: refused while a script runs, and done when it was killed', async () => {
    const admin = make({ retry: false });
    await admin.configSet('busy-reply-threshold', '10');
    const other = make(patient);
    await other.ping();
    const running = errorOf(make({ retry: false }).eval('while true do end', 0));
    await eventually(async () => (await errorOf(admin.get('k'))).message.startsWith('BUSY'));
    const written = other.incr('n');
    await admin.call('SCRIPT', 'KILL');
    expect(await written).toBe(1);
    expect((await running).message).toMatch(/Script killed|script/i);
    expect((await received(admin, 'incr')).calls).toBe(1);
  });

  it('CLUSTERDOWN: refused while no slot is served, and done when they are', async () => {
    await using cluster = await startServer({ kind, args: ['--cluster-enabled', 'yes'] });
    const admin = make({ url: cluster.url, retry: false });
    expect(await errorOf(admin.incr('n'))).toMatchObject({ code: 'CLUSTERDOWN' });
    const written = make({ url: cluster.url, ...patient }).incr('n');
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    expect(await written).toBe(1);
    expect((await received(admin, 'incr')).calls).toBe(1);
  });

  it('what does not pass is received once: WRONGTYPE, syntax, OOM, NOPERM, NOSCRIPT', async () => {
    const admin = make();
    await admin.rpush('list', 'x');
    await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '+@all', '-append');
    const client = make({ username: 'limited', password: 'pw', retry: { attempts: 5, backoff: 0 } });
    const safe = client.with({ idempotent: true });
    expect(await errorOf(client.get('list'))).toMatchObject({ code: 'WRONGTYPE' });
    expect(await received(admin, 'get')).toEqual({ calls: 1, rejected: 0 });
    expect(await errorOf(safe.call('SET', 'k', 'v', 'EX', 'soon'))).toMatchObject({ code: 'ERR' });
    expect(await received(admin, 'set')).toEqual({ calls: 1, rejected: 0 });
    expect(await errorOf(safe.append('k', 'v'))).toMatchObject({ code: 'NOPERM' });
    expect(await received(admin, 'append')).toEqual({ calls: 0, rejected: 1 });
    expect(await errorOf(safe.evalsha('0'.repeat(40), 0))).toMatchObject({ code: 'NOSCRIPT' });
    expect((await received(admin, 'evalsha')).calls).toBe(1);
    await admin.configSet('maxmemory', '1');
    expect(await errorOf(safe.setex('k', 10, 'v'))).toMatchObject({ code: 'OOM' });
    await admin.configSet('maxmemory', '0');
    expect(await received(admin, 'setex')).toEqual({ calls: 0, rejected: 1 });
  });

  it('a connection killed with a write on its way: received once at the most; a read until it is answered', async () => {
    const admin = make();
    const client = make();
    await client.connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'ALL');
    const write = errorOf(client.incr('n'));
    const read = client.get('n');
    await eventually(() => client.inFlight === 2);
    await server.kill();
    expect(await write).toMatchObject({ code: 'CONNECTION_LOST', command: 'INCR' });
    await server.restart();
    expect(await read).toBeNull();
    expect((await received(admin, 'incr')).calls).toBe(0);
    expect((await received(admin, 'get')).calls).toBe(1);
  });

  it.each([2, 3] as const)(
    'a blocking command: null after its own time, an error and a new connection when the server stops (RESP%d)',
    async (protocol) => {
      const client = make({ protocol, clientName: 'popper', blockingTimeoutBuffer: 300 });
      const admin = make();
      const poppers = async (): Promise<number[]> =>
        (await admin.clientList())
          .filter(({ name, cmd }) => name === 'popper' && cmd === 'blpop')
          .map(({ id }) => id);
      expect(await client.blpop('jobs', 0.02)).toBeNull();
      const [before] = await poppers();
      await server.pause();
      const error = await errorOf(client.blpop('jobs', 0.02));
      expect(error).toMatchObject({ name: 'RedisTimeoutError', kind: 'blocking', command: 'BLPOP' });
      await server.resume();
      await eventually(async () => expect(await poppers()).toEqual([]));
      // nobody is left over there who would take it
      await admin.rpush('jobs', 'kept');
      expect(await client.blpop('jobs', 5)).toEqual(['jobs', 'kept']);
      const [after] = await poppers();
      expect(before).toEqual(expect.any(Number));
      expect(after).not.toBe(before);
    },
  );

  it('a blocking command that is killed is not sent again: what it popped may be lost', async () => {
    const client = make();
    const admin = make();
    const popped = errorOf(client.blpop('jobs', 0));
    await eventually(async () =>
      expect(await admin.clientList()).toContainEqual(expect.objectContaining({ cmd: 'blpop' })),
    );
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await popped).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
    await admin.rpush('jobs', 'kept');
    expect(await admin.lpop('jobs')).toBe('kept');
    const reading = client.xread('BLOCK', 5_000, 'STREAMS', 'stream', '$');
    await eventually(async () =>
      expect(await admin.clientList()).toContainEqual(expect.objectContaining({ cmd: 'xread' })),
    );
    await admin.xadd('stream', '*', 'f', 'v');
    expect(await reading).not.toBeNull();
  });
});
