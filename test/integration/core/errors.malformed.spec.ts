import { afterEach, describe, expect, it } from '@jest/globals';
import {
  RedisClient,
  RedisClientError,
  RedisProtocolError,
  RedisTimeoutError,
  type RedisClientOptions,
  type RedisError,
} from 'nestjs-redwire/core';
import { errorOf, expectNoSecret, FakeServer, SECRET } from './support/index.js';

const KEY = `${SECRET}-key`;
const VALUE = `${SECRET}-value`;

describe('answers that no real server gives', () => {
  const open: RedisClient[] = [];
  const make = (fake: FakeServer, options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({
      host: '127.0.0.1',
      port: fake.port,
      reconnect: { delay: 10 },
      ...options,
    });
    open.push(client);
    return client;
  };
  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  it.each([
    ['bytes that are no reply', `?${VALUE}\r\n`],
    ['a length that is none', `$${VALUE}\r\n`],
    ['an integer that is none', `:${VALUE}\r\n`],
    ['a double that is none', `,${VALUE}\r\n`],
    ['a big number that is none', `(${VALUE}\r\n`],
    ['a boolean that is none', `#${VALUE}\r\n`],
    ['text of a wrong length', `$3\r\n${VALUE}\r\n`],
    ['a reply too many', `+OK\r\n+${VALUE}\r\n`],
    ['an error too many', `+OK\r\n-ERR unknown command 'X', with args beginning with: '${VALUE}'\r\n`],
    ['an error too many, with an argument in quotes', `+OK\r\n-ERR No such key '${VALUE}'\r\n`],
  ])('%s: a RedisProtocolError, without the bytes', async (_, answer) => {
    await using fake = await FakeServer.start(({ name, connection }) =>
      name === 'SET' && connection === 1 ? answer : undefined,
    );
    const client = make(fake);
    const disconnected = new Promise<{ reason: string; error: RedisError }>((resolve) => {
      client.once('disconnect', resolve);
    });
    const outcome = await client.set(KEY, VALUE).catch((error: unknown) => error);
    const { reason, error } = await disconnected;
    expect(reason).toBe('protocol_error');
    expect(error).toBeInstanceOf(RedisProtocolError);
    expect(error).toBeInstanceOf(RedisClientError);
    expect(error.code).toBe('PROTOCOL');
    expectNoSecret([error, outcome]);
    expect(await client.set(KEY, VALUE)).toBe('OK');
  });

  it.each<[string, string, (client: RedisClient) => Promise<unknown>]>([
    ['ZSCORE', `$12\r\n${VALUE}\r\n`, (client) => client.zscore(KEY, VALUE)],
    ['ZRANGE', `*2\r\n+${VALUE}\r\n+${VALUE}\r\n`, (client) => client.zrange(KEY, 0, -1, 'WITHSCORES')],
    ['HGETALL', `+${VALUE}\r\n`, (client) => client.hgetall(KEY)],
    ['XRANGE', `+${VALUE}\r\n`, (client) => client.xrange(KEY, '-', '+')],
    ['TIME', `+${VALUE}\r\n`, (client) => client.time()],
    ['GEOPOS', `*1\r\n*2\r\n+${VALUE}\r\n+${VALUE}\r\n`, (client) => client.geopos(KEY, VALUE)],
  ])(
    '%s answered in a wrong shape: a RedisProtocolError of that command, without the reply',
    async (name, answer, issue) => {
      await using fake = await FakeServer.start((call) => (call.name === name ? answer : undefined));
      const client = make(fake);
      const error = await errorOf(issue(client));
      expect(error).toBeInstanceOf(RedisProtocolError);
      expect(error).toMatchObject({ code: 'PROTOCOL', command: name });
      expect(error.cause).toBeDefined();
      expectNoSecret(error);
      expect(await client.ping()).toBe('PONG');
    },
  );

  it('a server that takes the connection and says nothing: kind connect', async () => {
    await using fake = await FakeServer.start(() => null);
    const client = make(fake, { connectTimeout: 50, password: `${SECRET}-password` });
    const error = await errorOf(client.connect());
    expect(error).toBeInstanceOf(RedisTimeoutError);
    expect(error).toMatchObject({ code: 'TIMEOUT', kind: 'connect' });
    expectNoSecret(error);
  });
});
