import 'reflect-metadata';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  OnRedisMessage,
  RedisClient,
  RedisConnectionError,
  RedisModule,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

/** What a boot says that fails: which connection, where, why, and what to do. Read at night, by who did not write it. */

const silentLogger = { log: () => undefined, error: () => undefined, warn: () => undefined };
const SECRET = 'hunter2';
const host = '127.0.0.1';
let open: TestServer;
let guarded: TestServer;
let full: TestServer;
let slow: TestServer;
let silent: Server;
const held = new Set<Socket>();
let holder: RedisClient;
let refused: number;

beforeAll(async () => {
  [open, guarded, full] = await Promise.all([
    startServer({ kind: SERVER_KINDS[0]!, tls: true }),
    startServer({ kind: SERVER_KINDS[0]!, requirepass: SECRET }),
    startServer({ kind: SERVER_KINDS[0]! }),
  ]);
  holder = new RedisClient({ url: full.url });
  await holder.configSet('maxclients', 1);
  silent = createServer((socket) => void held.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, host, resolve));
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, host, resolve));
  refused = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  // reads 1,000 keys at 2 ms each when it starts again
  slow = await startServer({
    kind: SERVER_KINDS[0]!,
    args: ['--save', '3600 1', '--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'],
  });
  await using filler = new RedisClient({ url: slow.url });
  await filler.call('DEBUG', 'POPULATE', 1_000, 'key', 64);
}, 60_000);

afterAll(async () => {
  for (const socket of held) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  holder.destroy();
  await Promise.all([open, guarded, full, slow].map((server) => server.stop()));
});

interface Failure {
  what: string;
  options: () => RedisModuleOptions;
  address: () => string;
  /** Also the fix. */
  reason: RegExp;
  /** Known at once: another attempt would not mend it. */
  final?: boolean;
}

const at = (port: number | undefined): string => `127.0.0.1:${port}`;

const FAILURES: Failure[] = [
  {
    what: 'a port where nothing listens',
    options: () => ({ host, port: refused }),
    address: () => at(refused),
    reason:
      /ECONNREFUSED\): nothing listens there\. Is the server running, and are `host` and `port` right\?/,
  },
  {
    what: 'a host that does not exist',
    options: () => ({ host: 'redis.invalid' }),
    address: () => 'redis.invalid:6379',
    reason:
      /ENOTFOUND.*the host name is not known\. Is `host` right\?|EAI_AGAIN.*does name resolution work here\?/,
  },
  {
    what: 'a wrong password',
    options: () => ({ host, port: guarded.port, password: 'hunter3' }),
    address: () => at(guarded.port),
    reason: /WRONGPASS.*Check `username` and `password`/,
    final: true,
  },
  {
    what: 'no password',
    options: () => ({ host, port: guarded.port }),
    address: () => at(guarded.port),
    reason: /NOAUTH.*The server asks for a password: set `password`/,
    final: true,
  },
  {
    what: 'a plain connection to a TLS port',
    options: () => ({ host, port: open.tlsPort }),
    address: () => at(open.tlsPort),
    reason: /Does it expect TLS \(`rediss:\/\/`\)|does the server expect TLS \(`rediss:\/\/`\)/,
  },
  {
    what: 'TLS to a plain port',
    options: () => ({ url: `rediss://127.0.0.1:${open.port}` }),
    address: () => at(open.port),
    reason:
      /does not speak TLS there\. Use `redis:\/\/` or its TLS port|TLS was not set up: does the server speak TLS/,
  },
  {
    what: 'an authority that is not known',
    options: () => ({ url: open.tlsUrl }),
    address: () => `localhost:${open.tlsPort}`,
    reason: /SELF_SIGNED_CERT_IN_CHAIN\).*of an authority unknown here\. Give its certificate as `tls\.ca`/,
    final: true,
  },
  {
    what: 'a database that does not exist',
    options: () => ({ host, port: open.port, database: 99 }),
    address: () => at(open.port),
    reason: /DB index is out of range.*The server has no such `database`/,
    final: true,
  },
  {
    what: 'a server that is full',
    options: () => ({ host, port: full.port }),
    address: () => at(full.port),
    reason: /max number of clients reached.*Raise the server's `maxclients`, or open fewer connections/,
  },
  {
    what: 'a port that takes connections and says nothing',
    options: () => ({ host, port: (silent.address() as AddressInfo).port, connectTimeout: 100 }),
    address: () => at((silent.address() as AddressInfo).port),
    reason: /took the connection and did not answer: is it stalled\?/,
  },
];

async function failedBoot(
  options: RedisModuleOptions,
): Promise<{ error: Error & { code?: string }; ms: number }> {
  const module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ name: 'orders', ...options })],
  })
    .setLogger(silentLogger)
    .compile();
  const started = performance.now();
  const error = await module.init().then(
    async () => {
      await module.close();
      throw new Error('it booted');
    },
    (reason: Error) => reason,
  );
  return { error, ms: performance.now() - started };
}

describe('a boot that fails says which connection, where, why, and what to do', () => {
  test.each(FAILURES)('$what', async ({ options, address, reason, final = false }) => {
    // what is final is told long before the deadline; all else must be tried until then
    const { error, ms } = await failedBoot({ connectDeadline: final ? 20_000 : 300, ...options() });
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error.message).toMatch(/^Redis connection "orders": /);
    expect(error.message).toContain(address());
    expect(error.message).toMatch(reason);
    expect(error.message).toMatch(
      /The application does not start without it \(connect: 'eager'\)\. Mend .*connect: 'background' or 'lazy'\.$/,
    );
    expect(error.message.includes('give it longer (`connectDeadline`)')).toBe(!final);
    expect(error.message).not.toMatch(/hunter|undefined|\[object|\.\.|\?\.|: :/);
    if (final) expect(ms).toBeLessThan(10_000);
    else expect(error.message).toContain('within 300 ms');
  });

  test('a server that is reading its data', async () => {
    const restarted = slow.restart();
    const { error } = await eventually(
      async () => {
        const failure = await failedBoot({ host, port: slow.port, connectDeadline: 300 });
        return failure.error.code === 'LOADING' && failure;
      },
      { timeout: 20_000 },
    );
    expect(error.message).toMatch(/^Redis connection "orders": .*within 300 ms.*LOADING/);
    expect(error.message).toContain(at(slow.port));
    expect(error.message).toMatch(
      /takes commands once it has read its data.*give it longer \(`connectDeadline`\)/,
    );
    await restarted;
  });

  test('a channel that the user may not hear: which handler, which channels', async () => {
    await using admin = new RedisClient({ url: open.url });
    await admin.call('ACL', 'SETUSER', 'deaf', 'on', `>${SECRET}`, '~*', '+@all', 'resetchannels');
    class Orders {
      @OnRedisMessage(['orders.created', 'orders.paid'])
      onOrder(): void {}
    }
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: open.url, username: 'deaf', password: SECRET })],
      providers: [Orders],
    })
      .setLogger(silentLogger)
      .compile();
    await expect(module.init()).rejects.toThrow(
      /^@OnRedisMessage\(\) on Orders\.onOrder could not subscribe to "orders\.created", "orders\.paid": NOPERM .* The application does not start without it \(connect: 'eager'\)\.$/,
    );
    // closed already: Nest 11 closes nothing whose boot has failed
  });
});
