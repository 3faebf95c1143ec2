import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { ClientInfo, RedisClient, RedisCredentials } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, cutAndReturn, errorOf, FakeServer, shows } from './support/index.js';

describe.each(SERVER_KINDS)('who the client is: %s', (kind) => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));
  const plain = (): string => `redis://127.0.0.1:${server.port}`;
  const who = (client: RedisClient): Promise<unknown> => client.aclWhoami();
  /** A field of CLIENT INFO, which says what the server knows of the connection. */
  const fieldOf = async (client: RedisClient, name: string): Promise<string> =>
    String((await client.clientInfo())[name]);

  beforeAll(async () => {
    server = await startServer({ kind, requirepass: 'main' });
    const admin = make();
    await admin.call('ACL', 'SETUSER', 'ada', 'on', '>first', '>second', '~*', '&*', '+@all');
    await admin.call('ACL', 'SETUSER', 'bob', 'on', '>p@ss:w/rd', '~*', '&*', '+@all');
  });
  afterAll(() => server.stop());

  for (const protocol of [2, 3, 'auto'] as const) {
    shows(
      'username',
      `and password say who is connected, again after a reconnect (${protocol})`,
      async () => {
        const client = make({ url: plain(), protocol, username: 'ada', password: 'first' });
        expect(await who(client)).toBe('ada');
        await cutAndReturn(client, make());
        expect(await who(client)).toBe('ada');
      },
    );

    shows('password', `alone is that of the user default (${protocol})`, async () => {
      expect(await who(make({ url: plain(), protocol, password: 'main' }))).toBe('default');
      const wrong = make({ url: plain(), protocol, password: 'other' });
      expect(await errorOf(wrong.connect())).toMatchObject({ code: 'WRONGPASS' });
    });

    shows('credentials', `are asked at each connect, and may change (${protocol})`, async () => {
      const answers: (() => RedisCredentials | Promise<RedisCredentials>)[] = [
        () => Promise.resolve({ username: 'ada', password: 'first' }),
        () => ({ username: 'bob', password: 'p@ss:w/rd' }),
        async () => ({ password: 'main' }),
        () => Promise.reject(new Error('away')),
        () => Promise.resolve({ username: 'ada', password: 'second' }),
      ];
      let asked = 0;
      const client = make({ url: plain(), protocol, credentials: () => answers[asked++]!() });
      const admin = make();
      const users = [await who(client)];
      for (let round = 0; round < 3; round++) {
        await cutAndReturn(client, admin);
        users.push(await who(client));
      }
      expect(users).toEqual(['ada', 'bob', 'default', 'ada']);
      expect(asked).toBe(5);
    });

    shows('database', `is selected at each connect (${protocol})`, async () => {
      const client = make({ protocol, database: 3 });
      expect(await fieldOf(client, 'db')).toBe('3');
      await cutAndReturn(client, make());
      expect(await fieldOf(client, 'db')).toBe('3');
      await client.set(`only:${protocol}`, 'here');
      expect(await make({ database: 3 }).get(`only:${protocol}`)).toBe('here');
      expect(await make({ database: 0 }).get(`only:${protocol}`)).toBeNull();
      // blocking commands and subscriptions have connections of their own
      await client.rpush(`list:${protocol}`, 'x');
      expect(await client.blpop(`list:${protocol}`, 5)).toEqual([`list:${protocol}`, 'x']);
    });

    shows(
      'clientName',
      `is told at each connect, with the library and its version (${protocol})`,
      async () => {
        const name = `orders-${protocol}`;
        const client = make({ protocol, clientName: name });
        const admin = make();
        const known = async (): Promise<ClientInfo[]> =>
          (await admin.clientList()).filter((info) => info.name === name);
        await client.connect();
        for (let round = 0; round < 2; round++) {
          const [info] = await known();
          expect(info).toBeDefined();
          // Redis knows CLIENT SETINFO since 7.2
          if (kind !== 'redis-7.0') {
            expect(info).toMatchObject({
              'lib-name': 'nestjs-redwire',
              'lib-ver': expect.stringMatching(/^\d+\.\d+\.\d+/),
            });
          }
          if (round === 0) await cutAndReturn(client, admin);
        }
        await client.subscribe('news');
        expect(await known()).toHaveLength(2);
      },
    );

    shows('protocol', `is what the connection speaks, again after a reconnect (${protocol})`, async () => {
      const client = make({ protocol });
      const expected = protocol === 2 ? '2' : '3';
      expect(await fieldOf(client, 'resp')).toBe(expected);
      await cutAndReturn(client, make());
      expect(await fieldOf(client, 'resp')).toBe(expected);
    });
  }

  shows('url', 'holds user, password and database, and what stands beside it wins', async () => {
    const url = `redis://bob:${encodeURIComponent('p@ss:w/rd')}@127.0.0.1:${server.port}/5`;
    const client = make({ url });
    expect(await who(client)).toBe('bob');
    expect(await fieldOf(client, 'db')).toBe('5');
    const beside = make({ url, username: 'ada', password: 'second', database: 6 });
    expect(await who(beside)).toBe('ada');
    expect(await fieldOf(beside, 'db')).toBe('6');
  });

  shows('keyPrefix', 'stands before every key on the server, and before none that comes back', async () => {
    const client = make({ database: 9, keyPrefix: 'app:' });
    const all = make({ database: 9 });
    await client.mset({ a: 1, b: 2 });
    await client.rename('b', 'c');
    await client.zadd('z', 1, 'member');
    await client.zunionstore('union', 1, 'z');
    await client.eval("redis.call('set', KEYS[1], ARGV[1])", 1, 'scripted', 'plain');
    await client.rpush('list', 'x');
    expect(await client.blpop('list', 5)).not.toBeNull();
    await client.rpush('list', 'x');
    expect((await all.keys('*')).toSorted()).toEqual(
      ['a', 'c', 'list', 'scripted', 'union', 'z'].map((key) => `app:${key}`),
    );
    expect(await all.get('app:scripted')).toBe('plain');
    expect((await client.keys('[ac]')).toSorted()).toEqual(['a', 'c']);
    await client.flushdb();
  });
});

describe('who the client is: what is told in a handshake', () => {
  const make = clientMaker(() => ({}));

  shows(
    'protocol',
    "'auto' takes RESP2 from a server that refuses HELLO, 3 does not, 2 never asks",
    async () => {
      await using old = await FakeServer.start(({ name, args }) => {
        if (name === 'HELLO') return "-ERR unknown command 'HELLO'\r\n";
        return name === 'CLIENT' && args[0] === 'ID' ? ':7\r\n' : undefined;
      });
      const at = { host: '127.0.0.1', port: old.port };
      expect(await make({ ...at, protocol: 'auto' }).ping()).toBe('PONG');
      await errorOf(make({ ...at, protocol: 3, reconnect: false }).connect());
      const asked = (): number => old.greetings.filter(({ name }) => name === 'HELLO').length;
      expect(asked()).toBe(2);
      expect(await make({ ...at, protocol: 2 }).ping()).toBe('PONG');
      expect(asked()).toBe(2);
    },
  );
});
