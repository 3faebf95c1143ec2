import { execFileSync, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisConnectionError, type RedisClientOptions } from 'nestjs-redwire/core';
import { startServer, type TestServer } from '../../support/index.js';

describe('connecting', () => {
  let open: TestServer;
  let closed: TestServer;
  let strict: TestServer;

  beforeAll(async () => {
    [open, closed, strict] = await Promise.all([
      startServer({ kind: 'redis-7.0', tls: true }),
      startServer({ kind: 'redis-7.0', requirepass: 'right' }),
      startServer({ kind: 'redis-7.0', tls: { clientCertificate: 'required' } }),
    ]);
  });

  afterAll(() => Promise.all([open, closed, strict].map((server) => server.stop())));

  const faults: [string, () => RedisClientOptions, string, RegExp][] = [
    [
      'a wrong port',
      () => ({ host: '127.0.0.1', port: 1 }),
      'CONNECT_FAILED',
      /ECONNREFUSED.*Is the server running, and are `host` and `port` right\?/,
    ],
    [
      'an unknown host',
      () => ({ host: 'no-such-host.invalid' }),
      'CONNECT_FAILED',
      /(ENOTFOUND|EAI_AGAIN).*host/,
    ],
    [
      'a socket that is not there',
      () => ({ path: '/no/such.sock' }),
      'CONNECT_FAILED',
      /ENOENT.*`unixsocket`/,
    ],
    ['no password', () => ({ url: `redis://127.0.0.1:${closed.port}` }), 'NOAUTH', /NOAUTH.*set `password`/],
    [
      'no password, RESP2',
      () => ({ url: `redis://127.0.0.1:${closed.port}`, protocol: 2 }),
      'NOAUTH',
      /NOAUTH.*set `password`/,
    ],
    [
      'a wrong password',
      () => ({ url: `redis://:hunter2@127.0.0.1:${closed.port}` }),
      'WRONGPASS',
      /WRONGPASS.*Check `username` and `password`/,
    ],
    [
      'a password that nobody set',
      () => ({ url: `redis://:right@127.0.0.1:${open.port}`, protocol: 2 }),
      'CONNECT_FAILED',
      /leave `password` out/,
    ],
    [
      'a database that does not exist',
      () => ({ url: `redis://127.0.0.1:${open.port}/99` }),
      'CONNECT_FAILED',
      /no such `database`/,
    ],
    [
      'plain on a TLS port',
      () => ({ url: `redis://localhost:${open.tlsPort}` }),
      'CONNECT_FAILED',
      /expect TLS/,
    ],
    [
      'an unknown authority',
      () => ({ url: open.tlsUrl! }),
      'CONNECT_FAILED',
      /SELF_SIGNED_CERT_IN_CHAIN.*`tls\.ca`/,
    ],
    [
      'a certificate for another name',
      () => ({ url: open.tlsUrl!, tls: { ca: open.ca!, servername: 'other.example' } }),
      'CONNECT_FAILED',
      /`tls\.servername`/,
    ],
    [
      'no client certificate',
      () => ({ url: strict.tlsUrl!, tls: { ca: strict.ca! } }),
      'CONNECT_FAILED',
      /`tls\.cert` and `tls\.key`/,
    ],
    [
      'a credentials provider that throws',
      () => ({ url: open.url, credentials: () => Promise.reject(new Error('vault is down')) }),
      'CREDENTIALS',
      /`credentials` threw/,
    ],
    [
      'a credentials provider without a password: it would be let in as somebody else',
      () => ({ url: open.url, credentials: () => ({ username: 'app' }) }),
      'CREDENTIALS',
      /`credentials` must give .*no user name without a password/,
    ],
  ];

  it.each(faults)('%s: says what happened and what to do', async (_, options, code, message) => {
    const client = new RedisClient(options());
    const error = await client.connect().catch((reason: unknown) => reason);
    client.destroy();
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect((error as RedisConnectionError).message).toMatch(message);
    expect((error as RedisConnectionError).code).toBe(code);
    expect((error as RedisConnectionError).message).not.toMatch(/hunter2/);
  });

  it('TLS on a plain port: the server never answers, and the timeout says what to look at', async () => {
    const client = new RedisClient({ url: `rediss://localhost:${open.port}`, connectTimeout: 300 });
    await expect(client.connect()).rejects.toThrow(
      /not ready within 300 ms.*does the server speak TLS on that port\?/,
    );
    client.destroy();
  });

  it('a client certificate that the server trusts opens it', async () => {
    await using client = new RedisClient({
      url: strict.tlsUrl!,
      tls: { ca: strict.ca!, cert: strict.cert!, key: strict.key! },
    });
    expect(await client.ping()).toBe('PONG');
  });

  it('asks the credentials provider anew at every connect', async () => {
    let asked = 0;
    await using client = new RedisClient({
      url: `redis://127.0.0.1:${closed.port}`,
      reconnect: { delay: 10 },
      credentials: async () => ({ password: asked++ === 0 ? 'right' : 'right' }),
    });
    await client.ping();
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(() => undefined);
    expect(await client.ping()).toBe('PONG');
    expect(asked).toBe(2);
  });

  it('with a deadline, connect() outlasts a server that is late', async () => {
    const { port } = open;
    await open.kill();
    await using client = new RedisClient({ host: '127.0.0.1', port, reconnect: { delay: 20, maxDelay: 50 } });
    await expect(client.connect({ deadline: 150 })).rejects.toThrow(
      /could not be reached within 150 ms: .*ECONNREFUSED/,
    );
    const connected = client.connect({ deadline: 10_000 });
    await open.restart();
    await connected;
    expect(client.status).toBe('ready');
  });

  it('concurrent first uses share one attempt', async () => {
    await using client = new RedisClient(open.url);
    await Promise.all([client.ping(), client.connect(), client.ping(), client.connect()]);
    expect(await client.clientList()).toHaveLength(1);
  });

  it('tells the server who it is', async () => {
    await using modern = await startServer({ kind: 'redis-8.0' });
    await using client = new RedisClient({ url: modern.url, clientName: 'orders' });
    expect(await client.clientInfo()).toMatchObject({
      name: 'orders',
      'lib-name': 'nestjs-redwire',
      'lib-ver': expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it('lets the process end after close(), and after a failed connect()', async () => {
    // the scripts import the package by its name: what is built
    execFileSync(process.execPath, ['scripts/build.mjs']);
    for (const script of [
      `const c = new RedisClient('${open.url}'); await c.ping(); await c.close();`,
      `const c = new RedisClient({ host: '127.0.0.1', port: 1 }); await c.connect().catch(() => {});`,
      `const c = new RedisClient({ host: '127.0.0.1', port: 1, commandTimeout: 100 }); await c.get('k').catch(() => {});`,
      `new RedisClient('${open.url}');`,
      `const c = new RedisClient('${open.url}'); c.unref(); await c.subscribe('x'); if (await c.ping() !== 'PONG') process.exit(2);`,
      `const c = new RedisClient('${open.url}'); c.unref(); await c.blpop('none', 0.01); if (await c.ping() !== 'PONG') process.exit(2);`,
      `const p = new RedisPool({ url: '${open.url}' }); p.unref(); await p.connect(); if (await p.use((c) => c.ping()) !== 'PONG') process.exit(2);`,
    ]) {
      const code = `import { RedisClient, RedisPool } from 'nestjs-redwire/core'; ${script}`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: 'inherit',
        cwd: process.cwd(),
      });
      expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
    }
  });
});
