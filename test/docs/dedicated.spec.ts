import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import * as blocking from './examples/blocking.js';
import * as dedicated from './examples/dedicated.js';

describe.each(SERVER_KINDS)('on %s', (kind) => {
  let server: TestServer;
  let client: RedisClient;
  let admin: RedisClient;

  /** The numbers of the connections that wait in a blocking command. */
  const waiting = async (name: string): Promise<unknown[]> =>
    (await admin.clientList()).filter(({ cmd, flags }) => cmd === name && String(flags).includes('b'));

  beforeAll(async () => {
    server = await startServer({ kind });
    client = new RedisClient({ url: server.url, reconnect: { delay: 10 } });
    admin = new RedisClient(server.url);
  });

  beforeEach(() => client.flushall());

  afterAll(async () => {
    await client.close();
    await admin.close();
    await server.stop();
  });

  describe('dedicated.md', () => {
    it('state of a connection', async () => {
      expect(await dedicated.lend(client)).toBe(0);
      await client.set('a', 1);
      expect(await dedicated.lend(client)).toBe(0);
      expect(await client.dedicated((session) => session.dbsize())).toBe(1);
    });

    it('work that others need not wait for', async () => {
      const bulk = Array.from({ length: 20 }, () => Buffer.alloc(100_000));
      expect(await dedicated.apart(client, bulk)).toBe('PONG');
      expect(await client.strlen('image:19')).toBe(100_000);
    });

    it('use after the end', async () => {
      expect(await dedicated.kept(client)).toMatch(
        /^RedisClientError: PING: nothing was sent, for this client was given back already/,
      );
    });
  });

  describe('blocking.md', () => {
    it('waiting', async () => {
      await client.set('name', 'Ada');
      expect(await blocking.wait(client)).toEqual({ name: 'Ada', taken: ['jobs', 'first'], nothing: null });
    });

    it('giving up: by a signal, by a time limit', async () => {
      const control = new AbortController();
      const given = blocking.cancel(client, control.signal);
      await eventually(async () => (await waiting('blpop')).length === 1);
      control.abort();
      expect(await given).toBeNull();
      await eventually(async () => expect(await waiting('blpop')).toEqual([]));
      expect(await blocking.limit(client)).toBe('blocking');
      await client.rpush('jobs', 'kept');
      expect(await client.lrange('jobs', 0, -1)).toEqual(['kept']);
      expect(await blocking.cancel(client, new AbortController().signal)).toBe('kept');
    });

    it('an element that came before the wait was ended goes to the caller', async () => {
      for (let turn = 0; turn < 50; turn++) {
        const control = new AbortController();
        const given = blocking.cancel(client, control.signal);
        await eventually(async () => (await waiting('blpop')).length === 1, { interval: 1 });
        const pushed = admin.rpush('jobs', turn);
        control.abort();
        const job = await given;
        await pushed;
        // taken or left, never neither
        expect([job, await client.lpop('jobs')].filter((value) => value !== null)).toEqual([String(turn)]);
      }
    });

    it('close() answers those that wait with null', async () => {
      const closing = new RedisClient(server.url);
      const popped = closing.blpop('jobs', 0);
      await eventually(async () => (await waiting('blpop')).length === 1);
      await closing.close();
      expect(await popped).toBeNull();
    });

    it('a queue that loses nothing: after a lost connection, and after a death', async () => {
      const control = new AbortController();
      const done: string[] = [];
      let fails = true;
      const handle = async (job: string): Promise<void> => {
        if (job === 'poison' && fails) throw new Error('died');
        done.push(job);
      };
      const first = blocking.work(client, 'jobs:1', handle, control.signal);
      await client.rpush('jobs', 'a');
      await eventually(() => expect(done).toEqual(['a']));
      await eventually(async () => (await waiting('blmove')).length === 1);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await admin.rpush('jobs', 'b', 'poison', 'c');
      await expect(first).rejects.toThrow('died');
      expect(done).toEqual(['a', 'b']);
      fails = false;
      const second = blocking.work(client, 'jobs:1', handle, control.signal);
      await eventually(() => expect(done).toEqual(['a', 'b', 'poison', 'c']));
      control.abort();
      await second;
      expect(await client.exists('jobs', 'jobs:1')).toBe(0);
    });
  });
});
