import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisClient,
  type RedisClientOptions,
  type RedisError,
  RedisTimeoutError,
} from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  const open: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, reconnect: { delay: 20, maxDelay: 100 }, ...options });
    open.push(client);
    return client;
  };

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  afterAll(() => server.stop());

  it('a policy sends an idempotent command again that was not answered in time; its late replies are nobody’s', async () => {
    const client = make({ commandTimeout: 100, retry: { attempts: 20, backoff: 0 } });
    await client.set('r:k', 'value');
    await client.set('r:n', 1);
    await server.pause();
    const read = client.get('r:k');
    const write = client.incr('r:n');
    await expect(write).rejects.toMatchObject({ code: 'TIMEOUT', command: 'INCR' });
    // the first attempt and at least two further ones wait for the server, the write's place between them
    await eventually(() => client.inFlight >= 4);
    await server.resume();
    expect(await read).toBe('value');
    await eventually(() => client.inFlight === 0);
    expect(await client.get('r:n')).toBe('2');
    expect(await client.echo('paired')).toBe('paired');
  });

  it('a policy gives up after its attempts, each with the whole time', async () => {
    const client = make({ commandTimeout: 100, retry: { attempts: 2, backoff: 0 } });
    await client.connect();
    await server.pause();
    const started = performance.now();
    const read = client.get('r:k');
    await expect(read).rejects.toBeInstanceOf(RedisTimeoutError);
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(client.inFlight).toBe(3);
    await server.resume();
  });

  it('the built-in rule ends the wait: commandTimeout holds from call to reply', async () => {
    const client = make({ commandTimeout: 100 });
    await client.connect();
    await server.pause();
    await expect(client.get('r:k')).rejects.toMatchObject({ kind: 'command' });
    expect(client.inFlight).toBe(1);
    await server.resume();
  });

  it('a function is asked about timeouts, writes too, and may be overruled by a call', async () => {
    const asked: [number, string, string, boolean][] = [];
    const client = make({
      commandTimeout: 100,
      retry: (attempt, error: RedisError, command) => {
        asked.push([attempt, error.code, command.name, command.idempotent]);
        return attempt < 2 ? 10 : false;
      },
    });
    await client.connect();
    await server.pause();
    const [write, single] = await Promise.allSettled([
      client.set('r:k', 'w'),
      client.with({ retry: false }).get('r:k'),
    ]);
    expect(write).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT', command: 'SET' } });
    expect(single).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT', command: 'GET' } });
    expect(asked).toEqual([
      [1, 'TIMEOUT', 'SET', false],
      [2, 'TIMEOUT', 'SET', false],
    ]);
    await server.resume();
  });

  it('a signal ends it between two attempts', async () => {
    const client = make({ commandTimeout: 100, retry: { backoff: 60_000 } });
    await client.connect();
    const controller = new AbortController();
    await server.pause();
    const read = client.with({ signal: controller.signal }).get('r:k');
    await eventually(() => client.queued === 1);
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' });
    await server.resume();
    await eventually(() => client.queued === 0 && client.inFlight === 0);
  });

  it('the delay of a rule counts after a lost connection too', async () => {
    const client = make({ retry: () => 400 });
    await client.connect();
    await server.pause();
    const read = client.get('r:k');
    await eventually(() => client.inFlight === 1);
    const lost = new Promise<number>((resolve) =>
      client.once('disconnect', () => resolve(performance.now())),
    );
    await server.kill();
    const since = await lost;
    await server.restart();
    await client.connect({ deadline: 5_000 });
    await read;
    expect(performance.now() - since).toBeGreaterThan(399);
  });
});
