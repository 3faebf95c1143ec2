import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisConnectionError,
  RedisDisconnectedError,
  RedisProtocolError,
  RedisTimeoutError,
  type RedisClient,
} from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, cutAndReturn, FakeServer, Relay } from './support/index.js';

describe('events', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 5 } }));

  beforeAll(async () => {
    server = await startServer({ kind: 'valkey-9.1' });
  });
  afterAll(() => server.stop());

  /** What happens to a client, in order; `disconnect` with its reason. */
  function record(client: RedisClient): { names: string[]; errors: Error[] } {
    const seen = { names: [] as string[], errors: [] as Error[] };
    for (const name of ['connect', 'ready'] as const) client.on(name, () => seen.names.push(name));
    client.on('reconnecting', ({ attempt }) => seen.names.push(`reconnecting ${attempt}`));
    client.on('disconnect', ({ reason, error }) => {
      seen.names.push(`disconnect: ${reason}`);
      seen.errors.push(error);
    });
    client.on('error', (error) => {
      seen.names.push('error');
      seen.errors.push(error);
    });
    return seen;
  }
  const around = (reason: string): string[] => [
    'connect',
    'ready',
    `disconnect: ${reason}`,
    'reconnecting 1',
    'connect',
    'ready',
  ];

  it.each([
    ['connection_lost', 'reset', /was lost: .*ECONNRESET/],
    ['server_closed', 'end', /closed the connection/],
  ] as const)('%s: the network or the server ended it (%s)', async (reason, how, message) => {
    await using relay = await Relay.start(server);
    const client = make({ url: relay.url });
    const seen = record(client);
    await client.connect();
    relay[how]();
    await eventually(() => expect(seen.names).toEqual(around(reason)));
    expect(seen.errors[0]).toBeInstanceOf(RedisConnectionError);
    expect(seen.errors[0]).toMatchObject({ code: 'CONNECTION_LOST', reason });
    expect(seen.errors[0]!.message).toMatch(message);
  });

  it('server_closed: CLIENT KILL, and a server that is shut down; attempts that fail are errors in between', async () => {
    await using own = await startServer({ kind: 'valkey-9.1' });
    const client = make({ url: own.url });
    const seen = record(client);
    await client.connect();
    await own.kill();
    await eventually(() => expect(seen.names.filter((name) => name === 'error').length).toBeGreaterThan(1));
    await own.restart();
    await eventually(() => expect(seen.names.at(-1)).toBe('ready'));
    const failures = seen.names.filter((name) => name === 'error').length;
    const between = Array.from({ length: failures }, (_, index) => [
      'error',
      `reconnecting ${index + 1}`,
    ]).flat();
    expect(seen.names.slice(0, 2)).toEqual(['connect', 'ready']);
    expect(seen.names[2]).toMatch(/^disconnect: (server_closed|connection_lost)$/);
    expect(seen.names[3]).toBe('reconnecting 1');
    expect(seen.names.slice(4)).toEqual([...between, 'connect', 'ready']);
  });

  it('timeout: commands in flight and no sign of life', async () => {
    await using relay = await Relay.start(server);
    const client = make({ url: relay.url, socketTimeout: 60 });
    const seen = record(client);
    await client.connect();
    relay.freeze();
    await client.incr('n').catch(() => undefined);
    await eventually(() => expect(seen.names).toEqual(around('timeout')));
    expect(seen.errors[0]).toBeInstanceOf(RedisTimeoutError);
    expect(seen.errors[0]).toMatchObject({ kind: 'socket' });
  });

  it('protocol_error: bytes that are no reply', async () => {
    await using fake = await FakeServer.start(({ name, connection }) =>
      name === 'INCR' && connection === 1 ? '?\r\n' : undefined,
    );
    const client = make({ url: `redis://127.0.0.1:${fake.port}` });
    const seen = record(client);
    await client.connect();
    await client.incr('n').catch(() => undefined);
    await eventually(() => expect(seen.names).toEqual(around('protocol_error')));
    expect(seen.errors[0]).toBeInstanceOf(RedisProtocolError);
  });

  it.each(['close', 'destroy'] as const)('closed: %s(), once, and nothing after it', async (how) => {
    const client = make();
    const seen = record(client);
    await client.connect();
    await client[how]();
    await client[how]();
    client.destroy();
    expect(seen.names).toEqual(['connect', 'ready', 'disconnect: closed']);
    expect(seen.errors[0]).toBeInstanceOf(RedisDisconnectedError);
    expect(seen.errors[0]).toMatchObject({ code: 'CLOSED' });
  });

  it('an attempt that comes to nothing is an error and no disconnect', async () => {
    const client = make({ url: 'redis://127.0.0.1:1', reconnect: false });
    const seen = record(client);
    await client.connect().catch(() => undefined);
    expect(seen.names).toEqual(['error']);
    client.destroy();
    expect(seen.names).toEqual(['error']);
    const refused = make({ username: 'nobody', password: 'x', reconnect: false });
    const events = record(refused);
    await refused.connect().catch(() => undefined);
    expect(events.names).toEqual(['connect', 'error']);
  });

  it('commands go out with ready: those of a listener are answered', async () => {
    const client = make();
    const replies: Promise<string>[] = [];
    client.on('ready', () => replies.push(client.echo('from the listener')));
    const first = client.echo('first');
    expect(await first).toBe('first');
    expect(await Promise.all(replies)).toEqual(['from the listener']);
  });

  it('once() and off() are kept', async () => {
    const client = make();
    const seen: string[] = [];
    const listener = (): number => seen.push('off');
    client
      .once('ready', () => seen.push('once'))
      .on('ready', listener)
      .off('ready', listener);
    await client.connect();
    await cutAndReturn(client, make());
    expect(seen).toEqual(['once']);
  });
});
