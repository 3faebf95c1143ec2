import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import { makeCertificates } from '../../../scripts/servers/index.mjs';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { refusal, Users, withoutRepeats } from './support/users.js';

/** Passwords and certificates that were good yesterday. */
describe.each(SERVER_KINDS)('%s: access', (kind) => {
  let server: TestServer;
  let users: Users | undefined;
  let folder: string | undefined;
  const others: RedisClient[] = [];
  const make = (options: RedisClientOptions): RedisClient => {
    const client = new RedisClient({ reconnect: { delay: 20, maxDelay: 100 }, ...options });
    others.push(client);
    return client;
  };

  afterEach(async () => {
    for (const client of others.splice(0)) client.destroy();
    users?.destroy();
    users = undefined;
    await server.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
    folder = undefined;
  });

  it('a password changed under open connections: WRONGPASS while the old one is given, then all by itself', async () => {
    server = await startServer({ kind, requirepass: 'yesterday' });
    let password = 'yesterday';
    users = await Users.start({
      url: `redis://127.0.0.1:${server.port}`,
      credentials: async () => ({ password }),
    });
    const { client, pool, events, gaps } = users;
    const admin = make({ url: server.url });
    await admin.configSet('requirepass', 'today');
    // who is in stays in
    await users.roundtrip();
    expect(events).toEqual([]);

    for (const type of ['normal', 'pubsub'])
      await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await eventually(() => events.includes('error:WRONGPASS'));
    const told = /WRONGPASS.*Check `username` and `password`, or what `credentials` gives\./;
    for (const [command, call] of [
      ['SET', () => client.set('k', 'v')],
      ['BLPOP', () => client.blpop('list', 1)],
      ['SUBSCRIBE', () => client.subscribe('another')],
    ] as const) {
      const error = await refusal(call());
      expect(error).toMatchObject({
        name: 'RedisConnectionError',
        code: 'WRONGPASS',
        reason: 'connect_failed',
        command,
      });
      expect(error.message).toMatch(told);
      expect(error.message).toMatch(new RegExp(`^${command} was not sent: `));
      expect(error.message).not.toMatch(/yesterday|today/);
    }
    const lent = await refusal(pool.use((borrowed) => borrowed.ping()));
    expect(lent).toMatchObject({ name: 'RedisConnectionError', code: 'WRONGPASS' });
    expect(gaps).toEqual([]);

    password = 'today';
    await users.recover();
    expect(gaps).toEqual([expect.any(Number)]);
    const seen = withoutRepeats(events.filter((event) => event !== 'connect'));
    expect(seen).toEqual(['disconnect:server_closed', 'error:WRONGPASS', 'ready']);
  });

  it('an ACL user that is taken away, and made again', async () => {
    server = await startServer({ kind });
    const admin = make({ url: server.url });
    const allow = ['ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all'] as const;
    await admin.call(...allow);
    users = await Users.start({ url: server.url, username: 'app', password: 'secret' });
    await admin.call('ACL', 'DELUSER', 'app');
    await eventually(() => users!.events.includes('error:WRONGPASS'));
    expect(await refusal(users.client.get('k'))).toMatchObject({ code: 'WRONGPASS', command: 'GET' });
    await admin.call(...allow);
    await users.recover();
    expect(users.gaps).toEqual([expect.any(Number)]);
  });

  it('an ACL user who may not PING is let in, to database 3 too', async () => {
    server = await startServer({
      kind,
      acl: ['user default on nopass ~* +@all', 'user few on >pw ~* +get +select'],
    });
    for (const database of [0, 3]) {
      const client = make({ url: server.url, username: 'few', password: 'pw', database });
      expect(await client.get('k')).toBeNull();
      expect(await refusal(client.set('k', 'v'))).toMatchObject({ code: 'NOPERM', command: 'SET' });
    }
  });

  it('a certificate that expires between two connects: told, waited for, and mended by a new one', async () => {
    server = await startServer({ kind, tls: true });
    folder = await mkdtemp(join(tmpdir(), 'redwire-expired-'));
    const { ca, server: expired } = await makeCertificates(folder, { server: -1 });
    const good = server.certificates!.server;
    users = await Users.start({ url: server.tlsUrl!, tls: { ca: [server.ca!, ca] } });
    const { client, pool, events, gaps } = users;
    const present = async ({ certificate, key }: typeof good): Promise<void> => {
      await writeFile(good.certificatePath, certificate);
      await writeFile(good.keyPath, key);
      await server.restart();
    };

    await present(expired);
    const told = /CERT_HAS_EXPIRED\): the server's certificate.* has expired\. Renew it there/;
    await eventually(() => events.includes('error:CONNECT_FAILED'));
    for (const call of [() => client.set('k', 'v'), () => client.blpop('list', 1), () => pool.acquire()]) {
      // the first attempts may meet a server that is not up yet
      await eventually(async () => {
        const error = await refusal(call());
        expect(error).toMatchObject({ name: 'RedisConnectionError', code: 'CONNECT_FAILED' });
        expect(error.message).toMatch(told);
      });
    }
    expect(await refusal(make({ url: server.tlsUrl!, tls: { ca } }).connect())).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(told),
    });

    await present(good);
    await users.recover();
    expect(gaps).toEqual([expect.any(Number)]);
    expect(events[0]).toMatch(/^disconnect:/);
    expect(events.at(-1)).toBe('ready');
    expect(events.filter((event) => event === 'ready')).toHaveLength(1);
  });

  it('a client certificate that has expired is told as such', async () => {
    folder = await mkdtemp(join(tmpdir(), 'redwire-expired-'));
    const certificates = await makeCertificates(folder, { client: -1 });
    server = await startServer({ kind, tls: { clientCertificate: 'required', certificates } });
    const tls = { ca: server.ca!, cert: server.cert!, key: server.key! };
    expect(await refusal(make({ url: server.tlsUrl!, tls }).connect())).toMatchObject({
      name: 'RedisConnectionError',
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /the server says that the client certificate \(`tls\.cert`\) has expired/,
      ),
    });
  });
});
