import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest } from '@jest/globals';
import type { RedisClient, RedisClientOptions } from 'nestjs-redwire/core';
import { startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, FakeServer, shows } from './support/index.js';

describe('how the server is reached', () => {
  let server: TestServer;
  let strict: TestServer;
  const make = clientMaker(() => ({ reconnect: false }));
  const addressOf = async (client: RedisClient): Promise<string> => (await client.clientInfo()).laddr;

  beforeAll(async () => {
    [server, strict] = await Promise.all([
      startServer({ kind: 'redis-8.0', tls: true, unix: true }),
      startServer({ kind: 'redis-8.0', tls: { clientCertificate: 'required' } }),
    ]);
  });
  afterAll(() => Promise.all([server.stop(), strict.stop()]));

  shows('url', 'names the address', async () => {
    expect(await addressOf(make({ url: server.url }))).toBe(`127.0.0.1:${server.port}`);
    expect(await addressOf(make({ url: `unix:${server.unixPath!}` }))).toBe(`${server.unixPath!}:0`);
    const tls = make({ url: server.tlsUrl!, tls: { ca: server.ca! } });
    expect(await addressOf(tls)).toMatch(new RegExp(`:${server.tlsPort}$`));
  });

  shows('host', 'is where to go, beside a url too', async () => {
    const { port } = server;
    expect(await addressOf(make({ host: '127.0.0.1', port }))).toBe(`127.0.0.1:${port}`);
    const elsewhere = make({ url: server.url, host: 'no-such-host.invalid' });
    expect((await errorOf(elsewhere.connect())).message).toMatch(
      /no-such-host\.invalid:\d+ \((ENOTFOUND|EAI_AGAIN)\)/,
    );
  });

  shows('port', 'is where to go, beside a url too', async () => {
    await using fake = await FakeServer.start();
    expect(await make({ url: server.url, port: fake.port }).set('k', 'v')).toBe('OK');
    expect(fake.count('SET')).toBe(1);
  });

  shows('path', 'is a Unix socket', async () => {
    const client = make({ path: server.unixPath! });
    expect(await addressOf(client)).toBe(`${server.unixPath!}:0`);
    expect(client.address).toBe(server.unixPath);
  });

  /** A handle of Node's, behind each TCP socket, the one under TLS too: what it is told, the system is told. */
  interface Handle {
    setKeepAlive(on: boolean, seconds: number): number;
    setNoDelay(on: boolean): number;
  }
  let handles: Handle;

  beforeAll(async () => {
    const socket = connect(server.port, server.host);
    await new Promise((resolve) => socket.once('connect', resolve));
    handles = Object.getPrototypeOf((socket as unknown as { _handle: Handle })._handle) as Handle;
    socket.destroy();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** The calls that a connection's set-up makes of one method, with what the system answered: 0, or an error's number. */
  async function tuned(
    method: keyof Handle,
    options: RedisClientOptions,
  ): Promise<{ args: unknown[]; answer: unknown }[]> {
    const spy = jest.spyOn(handles, method);
    await make(options).connect();
    const calls = spy.mock.calls.map((args, index) => ({
      args: args as unknown[],
      answer: spy.mock.results[index]!.value as unknown,
    }));
    jest.restoreAllMocks();
    return calls;
  }

  const roads: [string, () => RedisClientOptions][] = [
    ['TCP', () => ({ url: server.url })],
    ['TLS', () => ({ url: server.tlsUrl!, tls: { ca: server.ca! } })],
  ];
  for (const [road, options] of roads) {
    shows(
      'keepAlive',
      `sets the idle time before the first probe, in whole seconds, rounded up (${road})`,
      async () => {
        for (const [keepAlive, seconds] of [
          [undefined, 30],
          [5_000, 5],
          [1_500, 2],
          [1, 1],
          // more than Linux takes
          [100_000_000, 32_767],
        ] as const) {
          const calls = await tuned('setKeepAlive', { ...options(), keepAlive });
          expect(calls.length).toBeGreaterThan(0);
          for (const call of calls) expect(call).toEqual({ args: [true, seconds], answer: 0 });
        }
      },
    );

    shows('keepAlive', `false, 0 and Infinity send no probes (${road})`, async () => {
      for (const keepAlive of [false, 0, Infinity] as const) {
        const calls = await tuned('setKeepAlive', { ...options(), keepAlive });
        expect(calls.filter(({ args: [on] }) => on === true)).toEqual([]);
      }
    });

    shows('noDelay', `sets TCP_NODELAY, or leaves it (${road})`, async () => {
      const calls = await tuned('setNoDelay', options());
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) expect(call).toEqual({ args: [true], answer: 0 });
      const off = await tuned('setNoDelay', { ...options(), noDelay: false });
      expect(off.filter(({ args: [on] }) => on === true)).toEqual([]);
    });
  }
});
