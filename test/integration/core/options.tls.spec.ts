import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { RedisConnectionError, type RedisTlsOptions } from 'nestjs-redwire/core';
import { startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, shows } from './support/index.js';

/** What a client's TLS showed to the other end; false is nothing. */
interface Seen {
  servername: string | false | undefined;
  alpnProtocol: string | false | null;
  version: string | null;
  cipher: string;
}

describe('TLS', () => {
  let server: TestServer;
  let strict: TestServer;
  const make = clientMaker(() => ({ reconnect: false }));

  beforeAll(async () => {
    [server, strict] = await Promise.all([
      startServer({ kind: 'valkey-9.1', tls: true }),
      startServer({ kind: 'valkey-9.1', tls: { clientCertificate: 'required' } }),
    ]);
  });
  afterAll(() => Promise.all([server.stop(), strict.stop()]));

  const reach = async (tls: RedisTlsOptions | boolean, target = server): Promise<unknown> =>
    make({ host: 'localhost', port: target.tlsPort!, tls }).ping();
  const refused = async (tls: RedisTlsOptions | boolean, target = server): Promise<Error> => {
    const error = await errorOf(reach(tls, target));
    expect(error).toBeInstanceOf(RedisConnectionError);
    return error;
  };

  /** The other end of one connection, as Node's own TLS server sees it; `host` is what the client asks for. */
  async function seenByServer(tls: RedisTlsOptions, host = 'localhost'): Promise<Seen> {
    const { certificate: cert, key } = server.certificates!.server;
    const seen = createServer({ cert, key, ALPNProtocols: ['redis', 'other'] });
    try {
      const port = await listen(seen);
      const socket = new Promise<TLSSocket>((resolve) => seen.once('secureConnection', resolve));
      make({ host, port, tls: { ca: server.ca!, ...tls } })
        .connect()
        .catch(() => undefined);
      const other = await socket;
      const { servername, alpnProtocol } = other as TLSSocket & Pick<Seen, 'servername'>;
      const about = {
        servername,
        alpnProtocol,
        version: other.getProtocol(),
        cipher: other.getCipher().name,
      };
      other.on('error', () => undefined).destroy();
      return about;
    } finally {
      seen.close();
    }
  }

  shows(
    'tls',
    'true trusts the authorities of the system, and so not this one; false speaks plain',
    async () => {
      expect((await refused(true)).message).toMatch(/SELF_SIGNED_CERT_IN_CHAIN.*`tls\.ca`/);
      expect((await refused(false)).message).toMatch(/expect TLS/);
      expect(await make({ host: 'localhost', port: server.port, tls: false }).ping()).toBe('PONG');
      // beside a url that says otherwise
      expect(await make({ url: `rediss://localhost:${server.port}`, tls: false }).ping()).toBe('PONG');
    },
  );

  shows('tls.ca', 'is the authority that is trusted, and the only one', async () => {
    expect(await reach({ ca: server.ca! })).toBe('PONG');
    expect((await refused({ ca: strict.ca! })).message).toMatch(/`tls\.ca`/);
  });

  shows('tls.rejectUnauthorized', 'false takes any certificate', async () => {
    expect(await reach({ rejectUnauthorized: false })).toBe('PONG');
  });

  shows('tls.servername', 'is the name that is asked for and checked, instead of the host', async () => {
    expect((await seenByServer({})).servername).toBe('localhost');
    expect((await seenByServer({ servername: 'localhost' }, '127.0.0.1')).servername).toBe('localhost');
    // an address is no name to ask for
    expect((await seenByServer({}, '127.0.0.1')).servername).toBe(false);
    const wrong = await refused({ ca: server.ca!, servername: 'other.example' });
    expect(wrong.message).toMatch(/`tls\.servername`/);
  });

  shows('tls.checkServerIdentity', 'decides about the name, and what it says is the cause', async () => {
    const checked: string[] = [];
    const ca = server.ca!;
    const servername = 'other.example';
    const checkServerIdentity = (name: string): undefined => {
      checked.push(name);
    };
    expect(await reach({ ca, servername, checkServerIdentity })).toBe('PONG');
    expect(checked).toEqual([servername]);
    const own = new Error('not this one');
    const error = await refused({ ca, checkServerIdentity: () => own });
    expect((error.cause as Error).cause).toBe(own);
    expect(error.message).toMatch(/not this one/);
  });

  const client = (): { cert: string; key: string } => ({ cert: strict.cert!, key: strict.key! });

  shows('tls.cert', 'is shown to a server that asks for one', async () => {
    expect(await reach({ ca: strict.ca!, ...client() }, strict)).toBe('PONG');
    expect((await refused({ ca: strict.ca! }, strict)).message).toMatch(/`tls\.cert` and `tls\.key`/);
    // of an authority that this server does not know
    const theirs = { cert: server.cert!, key: server.key! };
    expect((await refused({ ca: strict.ca!, ...theirs }, strict)).message).toMatch(
      /client certificate that it trusts/,
    );
  });

  shows('tls.key', 'must be that of the certificate', async () => {
    const error = await refused({ ca: strict.ca!, cert: client().cert, key: server.key! }, strict);
    expect(error.message).toMatch(/key values mismatch.*Check the `tls` options/);
  });

  shows('tls.passphrase', 'opens the key', async () => {
    const key = createPrivateKey(client().key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
      .toString();
    const tls = { ca: strict.ca!, cert: client().cert, key };
    expect(await reach({ ...tls, passphrase: 'open' }, strict)).toBe('PONG');
    expect((await refused({ ...tls, passphrase: 'shut' }, strict)).message).toMatch(
      /Check the `tls` options/,
    );
  });

  shows('tls.pfx', 'is certificate and key in one', async () => {
    const { certificatePath, keyPath } = strict.certificates!.client;
    const args = ['pkcs12', '-export', '-in', certificatePath, '-inkey', keyPath, '-passout', 'pass:open'];
    const pfx = execFileSync('openssl', args);
    expect(await reach({ ca: strict.ca!, pfx, passphrase: 'open' }, strict)).toBe('PONG');
  });

  shows('tls.minVersion', 'is the least that is taken', async () => {
    expect((await seenByServer({ minVersion: 'TLSv1.3' })).version).toBe('TLSv1.3');
    const error = await errorOf(seenByServerOf({ minVersion: 'TLSv1.3' }, 'TLSv1.2'));
    expect(error).toBeInstanceOf(RedisConnectionError);
  });

  shows('tls.maxVersion', 'is the most that is asked for', async () => {
    expect((await seenByServer({ maxVersion: 'TLSv1.2' })).version).toBe('TLSv1.2');
  });

  shows('tls.ciphers', 'are those that are offered', async () => {
    for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']) {
      const other = await seenByServer({ maxVersion: 'TLSv1.2', ciphers });
      expect(other.cipher).toBe(ciphers);
    }
  });

  shows('tls.ALPNProtocols', 'are those that are offered', async () => {
    expect((await seenByServer({ ALPNProtocols: ['other'] })).alpnProtocol).toBe('other');
    expect((await seenByServer({})).alpnProtocol).toBe(false);
  });

  /** Connects to a server that speaks nothing newer. */
  async function seenByServerOf(tls: RedisTlsOptions, maxVersion: 'TLSv1.2'): Promise<void> {
    const { certificate: cert, key } = server.certificates!.server;
    const old = createServer({ cert, key, maxVersion });
    try {
      const port = await listen(old);
      await make({ host: 'localhost', port, tls: { ca: server.ca!, ...tls } }).connect();
    } finally {
      old.close();
    }
  }
});

async function listen(server: Server): Promise<number> {
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
