import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { refusal, Users } from './support/users.js';

/** What the shared client tells of one lost connection. */
const ONCE = ['disconnect:server_closed', 'connect', 'ready'];

/** The server ends connections, or takes no further ones. */
describe.each(SERVER_KINDS)('%s: ended connections', (kind) => {
  let server: TestServer;
  let admin: RedisClient;
  let users: Users;
  const others: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, reconnect: { delay: 20, maxDelay: 100 }, ...options });
    others.push(client);
    return client;
  };
  const begin = async (args: string[] = []): Promise<void> => {
    server = await startServer({ kind, args });
    admin = make({ clientName: 'admin' });
    await admin.connect();
    users = await Users.start({ url: server.url, clientName: 'users' });
  };
  /** The server's numbers of the users' connections whose last command was this one. */
  const idsAfter = async (command: string): Promise<number[]> =>
    (await admin.clientList())
      .filter(({ name, cmd }) => name === 'users' && cmd === command)
      .map(({ id }) => id);

  afterEach(async () => {
    for (const client of others.splice(0)) client.destroy();
    users.destroy();
    await server.stop();
  });

  it('CLIENT KILL ID, of each in turn: the others hear nothing of it', async () => {
    await begin();
    const { client, events, gaps } = users;
    const own = Number(await client.clientId());
    expect(await admin.call('CLIENT', 'KILL', 'ID', own)).toBe(1);
    await eventually(() => expect(events).toEqual(ONCE));
    expect(gaps).toEqual([]);

    const popped = refusal(client.blpop('nothing', 0));
    const [blocked] = await eventually(async () => {
      const ids = await idsAfter('blpop');
      return ids.length === 1 ? ids : false;
    });
    await admin.call('CLIENT', 'KILL', 'ID', blocked!);
    expect(await popped).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECTION_LOST',
      reason: 'server_closed',
      command: 'BLPOP',
      message: expect.stringMatching(/the server closed it\. The server's log tells more: .*CLIENT KILL/),
    });

    const [subscriber] = await idsAfter('subscribe');
    await admin.call('CLIENT', 'KILL', 'ID', subscriber!);
    await eventually(() => gaps.length === 1);
    expect(gaps).toEqual([expect.any(Number)]);
    await users.recover();
    expect(events).toEqual(ONCE);
  });

  it('CLIENT KILL of the own connection: the answer comes, then a new connection', async () => {
    await begin();
    const { client, events } = users;
    const own = Number(await client.clientId());
    expect(await client.call('CLIENT', 'KILL', 'ID', own, 'SKIPME', 'no')).toBe(1);
    await eventually(() => expect(events).toEqual(ONCE));
    expect(Number(await client.clientId())).toBeGreaterThan(own);
    await users.recover();
  });

  it('CLIENT KILL TYPE normal, then pubsub: who is of the type comes back', async () => {
    await begin();
    const { client, events, gaps } = users;
    const popped = refusal(client.blpop('nothing', 0));
    await eventually(async () => (await idsAfter('blpop')).length === 1);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await popped).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
    await eventually(() => expect(events).toEqual(ONCE));
    expect(gaps).toEqual([]);
    await users.recover();
    expect(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
    await eventually(() => gaps.length === 1);
    await users.recover();
    expect(events).toEqual(ONCE);
  });

  it("the server's `timeout` for idle connections: listeners are spared, all others come back", async () => {
    await begin();
    await admin.configSet('timeout', 1);
    await eventually(() => users.events.includes('disconnect:server_closed'), { timeout: 20_000 });
    await admin.configSet('timeout', 0);
    await users.recover();
    expect(users.events.slice(0, 3)).toEqual(ONCE);
    expect(users.gaps).toEqual([]);
  });

  it('maxclients: refused with advice, and let in when there is room', async () => {
    await begin();
    const { client } = users;
    const taken = (await admin.clientList()).length;
    await admin.configSet('maxclients', taken);
    const full = /max number of clients reached.*Raise the server's `maxclients`, or open fewer/;
    expect(await refusal(make().connect())).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECT_FAILED',
      reason: 'connect_failed',
      message: expect.stringMatching(full),
    });
    const waiter = make();
    const errors: string[] = [];
    waiter.on('error', ({ message }) => errors.push(message));
    const held = waiter.set('k', 'v');
    // the connection of earlier ones is taken again; further ones are not to be had
    const blocked = [1, 2, 3].map((number) =>
      client.blpop(`list:${number}`, 1).catch((error: Error) => error),
    );
    await eventually(() => errors.length > 2);
    for (const error of errors) expect(error).toMatch(full);
    expect(waiter.status).toBe('connecting');
    await admin.configSet('maxclients', 1_000);
    expect(await held).toBe('OK');
    expect(await Promise.all(blocked)).toEqual([null, null, null]);
    await users.recover();
    expect(users.events).toEqual([]);
  });

  it('client-output-buffer-limit normal: a reply too large ends the connection, and the error says where to look', async () => {
    await begin(['--client-output-buffer-limit', 'normal 1mb 0 0']);
    const { client, events } = users;
    // many small elements: a server may send large ones without a copy, which do not count
    await client.eval(
      "for i = 1, 8000 do redis.call('rpush', KEYS[1], string.rep('x', 1000)) end",
      1,
      'long',
    );
    const error = await refusal(client.lrange('long', 0, -1));
    expect(error).toMatchObject({ name: 'RedisConnectionError', code: 'CONNECTION_LOST', command: 'LRANGE' });
    expect(error.message).toMatch(/^LRANGE: .*`client-output-buffer-limit`\? It was tried 4 times\.$/);
    await users.recover();
    const lost = events.filter((event) => /^disconnect:(server_closed|connection_lost)$/.test(event));
    expect(lost).toHaveLength(4);
    expect(events.at(-1)).toBe('ready');
  });

  it('client-output-buffer-limit pubsub: the subscription tells that it was deaf', async () => {
    await begin(['--client-output-buffer-limit', 'pubsub 1mb 0 0']);
    // in one command, so that the server sends none of it before the limit is reached
    const flood = "for i = 1, 8000 do redis.call('publish', ARGV[1], string.rep('x', 1000)) end";
    await users.client.eval(flood, 0, 'users');
    await eventually(() => users.gaps.length === 1);
    await users.recover();
    expect(users.gaps).toEqual([expect.any(Number)]);
    expect(users.events).toEqual([]);
  });
});
