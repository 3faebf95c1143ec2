import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { RedisTimeoutError, type RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, FakeServer, Relay, shows, watch } from './support/index.js';

/**
 * Each timeout is shown beside a client that has a longer one, in the same trouble at the same time: the one has given up
 * while the other waits. No clock is read.
 */
describe('timeouts', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));
  const at = ({ port }: { port: number }): RedisClientOptions => ({ url: `redis://127.0.0.1:${port}` });

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
  });
  afterAll(() => server.stop());

  async function connectsInVain(options: RedisClientOptions): Promise<Error> {
    const patient = watch(make({ ...options, connectTimeout: 600_000 }).connect());
    const error = await errorOf(make({ ...options, connectTimeout: 50 }).connect());
    expect(patient.settled).toBe(false);
    expect(error).toMatchObject({ name: 'RedisTimeoutError', code: 'TIMEOUT', kind: 'connect' });
    expect(error.message).toMatch(/not ready within 50 ms \(`connectTimeout`\)/);
    return error;
  }

  shows('connectTimeout', 'ends an attempt at a server that takes it and never answers', async () => {
    await using fake = await FakeServer.start(() => null);
    const error = await connectsInVain(at(fake));
    expect(error.message).toMatch(/It took the connection and did not answer/);
  });

  shows('connectTimeout', 'ends an attempt whose TLS is never set up', async () => {
    await using fake = await FakeServer.start(() => null);
    const error = await connectsInVain({ ...at(fake), tls: true });
    expect(error.message).toMatch(/TLS was not set up: does the server speak TLS on that port\?/);
  });

  shows('connectTimeout', 'ends an attempt at a host that drops the packets', async () => {
    await using deaf = await startServer({ kind: 'redis-8.0', args: ['--tcp-backlog', '1'] });
    await deaf.pause();
    // a full backlog: the system answers no further SYN
    const fillers = Array.from({ length: 8 }, () =>
      connect(deaf.port, deaf.host).on('error', () => undefined),
    );
    await eventually(() => fillers.filter(({ connecting }) => !connecting).length >= 2);
    const error = await connectsInVain(at(deaf));
    for (const filler of fillers) filler.destroy();
    expect(error.message).toMatch(/No connection was set up: does a firewall drop the packets\?/);
  });

  shows('connectTimeout', 'is of each attempt: a server that answers the third time is reached', async () => {
    await using fake = await FakeServer.start(({ connection }) => (connection < 3 ? null : undefined));
    const client = make({ ...at(fake), connectTimeout: 50, commandTimeout: 0 });
    expect(await client.ping()).toBe('PONG');
    expect(fake.connections).toBe(3);
  });

  async function isGivenUp(options: RedisClientOptions, ready: boolean): Promise<Error> {
    const patient = make({ ...options, commandTimeout: 0 });
    const hasty = make({ ...options, commandTimeout: 50 });
    if (ready) {
      await Promise.all([patient.connect(), hasty.connect()]);
      await server.pause();
    }
    const waits = watch(patient.incr('n'));
    const error = await errorOf(hasty.incr('n'));
    expect(waits.settled).toBe(false);
    expect(error).toBeInstanceOf(RedisTimeoutError);
    expect(error).toMatchObject({ kind: 'command', command: 'INCR' });
    return error;
  }

  shows('commandTimeout', 'ends the wait for a reply; 0 waits for as long as it takes', async () => {
    const error = await isGivenUp({}, true);
    await server.resume();
    expect(error.message).toMatch(/the command was sent and may have taken effect/);
  });

  shows('commandTimeout', 'ends the wait in the queue while there is no server', async () => {
    const error = await isGivenUp({ url: 'redis://127.0.0.1:1' }, false);
    expect(error.message).toMatch(/never sent: .*ECONNREFUSED/);
  });

  shows('commandTimeout', 'ends the wait in the queue while the connection is being made', async () => {
    await using fake = await FakeServer.start(() => null);
    const error = await isGivenUp(at(fake), false);
    expect(error.message).toMatch(/never sent: not yet connected/);
    expect(fake.count('INCR')).toBe(0);
  });

  shows('commandTimeout', 'ends the wait for room on the connection', async () => {
    await using fake = await FakeServer.start(({ name }) => (name === 'INCR' ? null : undefined));
    const client = make({ ...at(fake), commandTimeout: 50, maxInFlight: 1 });
    await client.connect();
    const errors = await Promise.all([errorOf(client.incr('sent')), errorOf(client.incr('held'))]);
    expect(errors[0].message).toMatch(/was sent and may have taken effect/);
    expect(errors[1].message).toMatch(/never sent: the connection had no room for it/);
    expect(fake.count('INCR')).toBe(1);
  });

  shows(
    'socketTimeout',
    'recycles a half-open connection, and later commands succeed; 0 never does',
    async () => {
      await using relay = await Relay.start(server);
      const client = make({ url: relay.url, commandTimeout: 0, socketTimeout: 100 });
      const patient = make({ url: relay.url, commandTimeout: 0, socketTimeout: 0 });
      const reasons: string[] = [];
      client.on('disconnect', ({ reason }) => reasons.push(reason));
      await Promise.all([client.connect(), patient.connect()]);
      expect(relay.connections).toBe(2);
      relay.freeze();
      const waits = watch(patient.incr('n'));
      const error = await errorOf(client.incr('n'));
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', reason: 'timeout', cause: { kind: 'socket' } });
      expect(await client.ping()).toBe('PONG');
      expect(waits.settled).toBe(false);
      expect(reasons).toEqual(['timeout']);
      expect(relay.connections).toBe(3);
    },
  );

  shows(
    'blockingTimeoutBuffer',
    'is how much longer than its own timeout a blocking command may take',
    async () => {
      const hasty = make({ blockingTimeoutBuffer: 50 });
      const patient = make({ blockingTimeoutBuffer: 600_000 });
      const pop = (client: RedisClient, timeout: number): Promise<unknown> => client.blpop('jobs', timeout);
      await make().rpush('jobs', 'one', 'two');
      // both have a connection for blocking commands from now on
      await Promise.all([pop(hasty, 5), pop(patient, 5)]);
      await server.pause();
      const waits = pop(patient, 0.05);
      const settled = watch(waits);
      expect(await errorOf(pop(hasty, 0.05))).toMatchObject({ name: 'RedisTimeoutError', kind: 'blocking' });
      expect(settled.settled).toBe(false);
      await server.resume();
      expect(await waits).toBeNull();
    },
  );

  shows(
    'maxDedicated',
    'one more transaction waits for its turn; one that waits too long says why',
    async () => {
      const narrow = make({ maxDedicated: 1, commandTimeout: 200 });
      const ids = await Promise.all([1, 2, 3].map(() => narrow.dedicated((session) => session.clientId())));
      expect(new Set(ids).size).toBe(1);
      let release = (): void => undefined;
      const held = narrow.dedicated(() => new Promise<void>((resolve) => (release = resolve)));
      await expect(narrow.multi((tx) => tx.get('k'))).rejects.toMatchObject({
        code: 'TIMEOUT',
        kind: 'pool',
        message: expect.stringContaining('is `maxDedicated` too small?'),
      });
      await expect(narrow.blpop('list', 1)).rejects.toMatchObject({ kind: 'pool', command: 'BLPOP' });
      release();
      await held;
      expect(await narrow.multi((tx) => tx.get('k'))).toEqual([null]);
    },
  );
});
