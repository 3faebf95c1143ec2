import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, ping, Server } from '../../scripts/servers/index.mjs';
import { isAlive } from '../../scripts/lib/lock.mjs';
import {
  MISSING_SERVERS,
  obtainServer,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../support/index.js';

const host = '127.0.0.1';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, tls: true, unix: true });
  });

  afterAll(async () => {
    await server?.stop();
  });

  test('is the server it is called', () => {
    const [product, series] = kind.split('-') as [string, string];
    expect(server).toMatchObject({ kind, product, state: 'running', host });
    expect(server.version.split('.')[0]).toBe(series.split('.')[0]);
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
  });

  test('answers on its port', async () => {
    expect(await ping({ host, port: server.port })).toBe('+PONG');
  });

  test('answers on its unix socket', async () => {
    expect(await ping({ path: server.unixPath ?? '' })).toBe('+PONG');
  });

  test('answers over TLS to who trusts its authority, and to nobody else', async () => {
    const port = server.tlsPort ?? 0;
    for (const servername of ['localhost', '']) {
      expect(await ping({ host, port, tls: { ca: server.ca, servername } })).toBe('+PONG');
    }
    await expect(ping({ host, port, tls: { servername: 'localhost' } })).rejects.toThrow(/self.signed/i);
    await expect(ping({ host, port, tls: { ca: server.ca, servername: 'example.org' } })).rejects.toThrow(
      /altnames/i,
    );
  });

  test('comes back on the same ports after SIGKILL', async () => {
    const { pid, port, tlsPort } = server;
    await server.kill();
    expect(server.state).toBe('stopped');
    expect(isAlive(pid ?? 0)).toBe(false);
    await expect(ping({ host, port })).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect(server).toMatchObject({ port, tlsPort, state: 'running' });
    expect(server.pid).not.toBe(pid);
    expect(await ping({ host, port })).toBe('+PONG');
  });

  test('hangs while paused, and answers again', async () => {
    await server.pause();
    await expect(ping({ host, port: server.port }, { timeout: 100 })).rejects.toThrow(/no answer/);
    await server.resume();
    expect(await ping({ host, port: server.port })).toBe('+PONG');
  });

  test('asks for a client certificate when told to', async () => {
    const strict = await startServer({
      kind,
      tls: { clientCertificate: 'required', certificates: server.certificates },
    });
    try {
      const target = { host, port: strict.tlsPort ?? 0 };
      const trust = { ca: strict.ca, servername: 'localhost' };
      await expect(ping({ ...target, tls: trust })).rejects.toThrow(/certificate required/i);
      expect(await ping({ ...target, tls: { ...trust, cert: strict.cert, key: strict.key } })).toBe('+PONG');
    } finally {
      await strict.stop();
    }
  });

  test('takes a password, ACL users and options', async () => {
    const acl = ['user default on >se/cret ~* &* +@all', 'user app on >pw ~app:* +get'];
    const args = ['--maxclients', '77'];
    const guarded = await startServer({ kind, requirepass: 'se/cret', acl, args });
    try {
      expect(guarded.url).toBe(`redis://:se%2Fcret@127.0.0.1:${guarded.port}`);
      expect(await ping({ host, port: guarded.port })).toMatch(/^-NOAUTH/);
    } finally {
      await guarded.stop();
    }
  });

  test('leaves neither process nor folder behind', async () => {
    const own = await startServer({ kind, unix: true });
    const { pid, unixPath } = own;
    await own.pause(); // a stopped process ends too
    await Promise.all([own.stop(), own.stop()]);
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(existsSync(unixPath ?? '/')).toBe(false);
  });
});

describe('servers', () => {
  test('a taken port and a wrong option say so', async () => {
    const [kind] = SERVER_KINDS;
    const first = await startServer({ kind: kind! });
    try {
      await expect(startServer({ kind: kind!, port: first.port })).rejects.toThrow(/Address already in use/);
      await expect(startServer({ kind: kind!, args: ['--no-such-option', '1'] })).rejects.toThrow(
        /no-such-option/,
      );
    } finally {
      await first.stop();
    }
  });

  test('a program that is no server is refused', async () => {
    await expect(Server.start({ binary: process.execPath })).rejects.toThrow(/is no server program/);
  });

  test('an unknown kind is refused, and the known ones named', async () => {
    await expect(startServer({ kind: 'redis-1.0' as 'redis-7.0' })).rejects.toThrow(
      /redis-7\.0, redis-8\.0, valkey-9\.1/,
    );
  });

  test('every missing server has a reason', () => {
    for (const reason of Object.values(MISSING_SERVERS)) expect(reason).not.toBe('');
  });

  test('free ports lie below those of outgoing connections', async () => {
    const port = await freePort();
    expect(port).toBeGreaterThanOrEqual(12_000);
    expect(port).toBeLessThan(22_000);
  });
});

describe('obtainServer', () => {
  test('hands out a server that answers', async () => {
    const server = await obtainServer();
    try {
      expect(await ping({ host: server.host, port: server.port })).toMatch(/^(\+PONG|-NOAUTH)/);
    } finally {
      await server.stop();
    }
  });

  test('prefers REDIS_URL, and does not end what it did not start', async () => {
    const own = await obtainServer();
    const before = process.env.REDIS_URL;
    const url = `redis://${own.host}:${own.port}/3`;
    process.env.REDIS_URL = url;
    try {
      const server = await obtainServer();
      expect(server).toMatchObject({ url, from: 'REDIS_URL', host: own.host, port: own.port });
      await server.stop();
      expect(await ping({ host: own.host, port: own.port })).toMatch(/^(\+PONG|-NOAUTH)/);
    } finally {
      if (before === undefined) delete process.env.REDIS_URL;
      else process.env.REDIS_URL = before;
      await own.stop();
    }
  });
});
