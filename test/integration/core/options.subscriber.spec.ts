import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, shows } from './support/index.js';

describe('where subscriptions listen', () => {
  let server: TestServer;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 }, clientName: 'listening' }));

  /** Connections of the clients under test, by how many subscriptions they have. */
  async function connections(admin: RedisClient): Promise<number[]> {
    const mine = (await admin.clientList()).filter(({ name }) => name === 'listening');
    return mine.map(({ sub }) => Number(sub)).toSorted();
  }

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterAll(() => server.stop());

  shows(
    'subscriberConnection',
    "'shared' listens beside the commands, 'own' on a connection apart",
    async () => {
      await using admin = new RedisClient(server.url);
      const own = make();
      await own.ping();
      const apart = await own.subscribe('apart');
      expect(await connections(admin)).toEqual([0, 1]);
      own.destroy();
      await eventually(async () => (await connections(admin)).length === 0);
      const client = make({ subscriberConnection: 'shared' });
      const [one, two] = await Promise.all([client.subscribe('a'), client.psubscribe('b*')]);
      expect(await connections(admin)).toEqual([1]);
      const answers = Array.from({ length: 500 }, (_, index) => client.echo(String(index)));
      for (let index = 0; index < 500; index++)
        void admin.publish(index % 2 === 0 ? 'a' : 'bee', String(index));
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
      for (let index = 0; index < 500; index++) {
        const { value } = await (index % 2 === 0 ? one! : two!).next();
        expect(value).toMatchObject({ data: String(index) });
      }
      expect(apart.closed).toBe(true);
    },
  );

  it('a connection that is lost is subscribed anew, its commands beside it', async () => {
    await using admin = new RedisClient(server.url);
    const client = make({ subscriberConnection: 'shared' });
    const subscription = await client.subscribe('a');
    const gaps: number[] = [];
    subscription.on('resubscribed', ({ gap }) => gaps.push(gap));
    await admin.call('CLIENT', 'KILL', 'ID', await client.clientId());
    expect(await client.ping()).toBe('PONG');
    await eventually(() => gaps.length === 1);
    expect(await admin.publish('a', 'heard')).toBe(1);
    expect(await subscription.next()).toMatchObject({ value: { data: 'heard' } });
  });

  it('a server without RESP3 gives them a connection of their own', async () => {
    await using old = await startServer({ kind: 'redis-7.0', args: ['--rename-command', 'HELLO', ''] });
    await using admin = new RedisClient(old.url);
    const client = make({ url: old.url, subscriberConnection: 'shared' });
    const subscription = await client.subscribe('a');
    expect(await client.get('k')).toBeNull();
    expect(await connections(admin)).toEqual([0, 1]);
    await admin.publish('a', 'x');
    expect(await subscription.next()).toMatchObject({ value: { data: 'x' } });
  });

  it('a server that speaks RESP2 only after a reconnect ends them with the reason', async () => {
    const changing = await startServer({ kind: 'redis-7.0' });
    const client = make({ url: changing.url, subscriberConnection: 'shared' });
    const subscription = await client.subscribe('a');
    const heard = subscription.next();
    const { port } = changing;
    await changing.stop();
    await using old = await startServer({ kind: 'redis-7.0', port, args: ['--rename-command', 'HELLO', ''] });
    await expect(heard).rejects.toMatchObject({ code: 'NO_RESP3' });
    expect(await client.ping()).toBe('PONG');
    // and to subscribe anew is to have a connection of their own
    const anew = await client.subscribe('a');
    expect(await client.publish('a', 'x')).toBe(1);
    expect(await anew.next()).toMatchObject({ value: { data: 'x' } });
    expect(await client.ping()).toBe('PONG');
    expect(old.port).toBe(port);
  });

  it('close() and destroy() before there is a connection settle what was asked for', async () => {
    for (const end of ['close', 'destroy'] as const) {
      const client = make({ subscriberConnection: 'shared' });
      const subscribed = client.subscribe('a').then(
        (subscription) => subscription.closed,
        (error: { code: string }) => error.code,
      );
      await client[end]();
      expect(['CLOSED', true]).toContain(await subscribed);
    }
    const aborted = make({ subscriberConnection: 'shared' }).subscribe(['a'], {
      signal: AbortSignal.timeout(0),
    });
    await aborted.then(
      (subscription) => eventually(() => subscription.closed),
      (error: unknown) => expect(error).toMatchObject({ code: 'ABORTED' }),
    );
  });

  it('over RESP2 it is refused at once', () => {
    expect(() => new RedisClient({ subscriberConnection: 'shared', protocol: 2 })).toThrow(
      /exclude each other/,
    );
    expect(() => new RedisClient({ subscriberConnection: 'inline' as never })).toThrow(
      /must be 'own' or 'shared'/,
    );
  });
});
