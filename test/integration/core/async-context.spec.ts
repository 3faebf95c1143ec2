import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisPool } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, cutAndReturn } from './support/index.js';

describe('the async context of whoever opens a connection', () => {
  const requests = new AsyncLocalStorage<string>();
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 5 } }));

  beforeAll(async () => {
    server = await startServer({ kind: SERVER_KINDS[0]! });
  });
  afterAll(() => server.stop());

  it('is kept for the caller, and not for what is called as long as the connection stands', async () => {
    const told: string[] = [];
    const tell = (what: string): void => void told.push(`${what}: ${requests.getStore()}`);
    const client = make({
      credentials: () => {
        tell('credentials');
        return {};
      },
      retry: (_, { code }) => {
        tell(`retry ${code}`);
        return false;
      },
    });
    for (const event of ['connect', 'ready', 'disconnect', 'reconnecting'] as const)
      client.on(event, () => tell(event));
    client.observeConnections({ opened: () => tell('opened'), closed: () => tell('closed') });
    await requests.run('first', async () => {
      await client.get('key');
      expect(requests.getStore()).toBe('first');
      await client.pipeline().get('a').get('b').exec();
      expect(requests.getStore()).toBe('first');
    });
    await requests.run('second', async () => {
      await client
        .with({ timeout: 1 })
        .blpop('nothing', 0)
        .catch(() => undefined);
      expect(requests.getStore()).toBe('second');
      await client.call('NOSUCH').catch(() => undefined);
      expect(requests.getStore()).toBe('second');
    });
    await cutAndReturn(client, make());
    expect(told).toEqual(
      expect.arrayContaining(['credentials: undefined', 'retry ERR: undefined', 'reconnecting: undefined']),
    );
    expect(told.filter((line) => !line.endsWith(': undefined'))).toEqual([]);
  });

  it('is not that of the next whom a pool lends it to', async () => {
    const told: unknown[] = [];
    await using pool = new RedisPool({ url: server.url, max: 1 });
    pool.observeConnections({ opened: () => told.push(requests.getStore()) });
    for (const name of ['first', 'second'])
      await requests.run(name, () =>
        pool.use(async (client) => {
          await client.ping();
          expect(requests.getStore()).toBe(name);
        }),
      );
    expect(told).toEqual([undefined]);
  });
});
