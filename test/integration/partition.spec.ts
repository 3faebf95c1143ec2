import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisConnectionError, RedisTimeoutError } from 'nestjs-redwire/core';
import { ping } from '../../scripts/servers/index.mjs';
import { eventually, Partition, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

/** What a proxy does to a connection does not depend on the server. */
describe('a partition', () => {
  let near: TestServer;
  let far: TestServer;
  let partition: Partition;
  const clients: RedisClient[] = [];

  const connectTo = async (server: TestServer): Promise<RedisClient> => {
    const client = new RedisClient({
      ...partition.addressOf(server),
      commandTimeout: 0,
      socketTimeout: 0,
      reconnect: { delay: 1, maxDelay: 20 },
    });
    clients.push(client);
    await client.connect();
    return client;
  };

  beforeAll(async () => {
    const [kind] = SERVER_KINDS;
    [near, far] = await Promise.all([startServer({ kind }), startServer({ kind })]);
  });

  afterAll(async () => {
    await Promise.all([near?.stop(), far?.stop()]);
  });

  beforeEach(async () => {
    partition = await Partition.start([near, far]);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await partition.stop();
  });

  it('maps each address to one of its own, through which the node answers', async () => {
    expect(Object.keys(partition.natMap)).toEqual([`${near.host}:${near.port}`, `${far.host}:${far.port}`]);
    expect(Object.values(partition.natMap)).toEqual(partition.addresses);
    expect(new Set(partition.addresses.map(({ port }) => port)).size).toBe(2);
    const [a, b] = [await connectTo(near), await connectTo(far)];
    await a.set('who', 'near');
    await b.set('who', 'far');
    expect(await near.ask('GET', 'who')).toBe('near');
    expect(await far.ask('GET', 'who')).toBe('far');
  });

  it('severs and refuses one node and leaves the other alone', async () => {
    const [a, b] = [await connectTo(near), await connectTo(far)];
    const blocked = b.blpop('nothing', 0);
    await eventually(async () => (await far.ask('CLIENT', 'LIST')).includes('cmd=blpop'));
    partition.cutOff([far], { existing: 'sever' });
    await expect(blocked).rejects.toThrow(RedisConnectionError);
    await expect(ping(partition.addressOf(far))).rejects.toThrow();
    expect(await a.ping()).toBe('PONG');
    await eventually(() => partition.standing(far) === 0);

    const waiting = b.ping();
    const before = partition.attempts(far);
    await eventually(() => partition.attempts(far) >= before + 3);
    expect(await far.ask('PING')).toBe('PONG');
    partition.heal([far]);
    expect(await waiting).toBe('PONG');
  });

  it('black-holes: nothing arrives and nobody is told, until it is healed', async () => {
    const client = await connectTo(far);
    partition.cutOff();
    const silent = client.with({ timeout: 50 }).set('k', 'never');
    await expect(silent).rejects.toThrow(RedisTimeoutError);
    await expect(ping(partition.addressOf(near), { timeout: 50 })).rejects.toThrow('no answer to PING');
    expect(partition.standing()).toBeGreaterThan(0);
    const waiting = client.echo('after');
    partition.heal();
    // its connection is reset, and it reads again by another
    expect(await waiting).toBe('after');
    expect(await far.ask('EXISTS', 'k')).toBe(0);
  });

  it('delivers late what was underway, where told to', async () => {
    const client = await connectTo(far);
    partition.cutOff([far]);
    const late = client.set('late', 'v');
    await expect(client.with({ timeout: 50 }).ping()).rejects.toThrow(RedisTimeoutError);
    expect(await far.ask('EXISTS', 'late')).toBe(0);
    partition.heal([far], { late: 'deliver' });
    expect(await late).toBe('OK');
    expect(await far.ask('GET', 'late')).toBe('v');
    expect(partition.attempts(far)).toBe(1);
  });

  it('resets what stands and black-holes what is new, as a firewall does that drops', async () => {
    await connectTo(near);
    partition.cutOff([near], { existing: 'sever', incoming: 'blackhole' });
    // the client was told that it is over, and tries again in vain
    await eventually(() => partition.attempts(near) === 2);
    await expect(ping(partition.addressOf(near), { timeout: 50 })).rejects.toThrow('no answer to PING');
  });

  it('counts attempts to connect, of a node and of all, from a time on', async () => {
    await ping(partition.addressOf(near));
    await ping(partition.addressOf(near));
    const between = performance.now();
    partition.cutOff([far], { existing: 'sever' });
    await expect(ping(partition.addressOf(far))).rejects.toThrow();
    expect(partition.attempts(near)).toBe(2);
    expect(partition.attempts(far)).toBe(1);
    expect(partition.attempts()).toBe(3);
    expect(partition.attempts(undefined, between)).toBe(1);
    expect(partition.attempts(near, between)).toBe(0);
  });

  it('takes a node that comes later, and knows no other', async () => {
    const later = { host: far.host, port: 1 };
    expect(() => partition.cutOff([later])).toThrow(`There is no proxy for ${later.host}:${later.port}.`);
    await partition.add(later);
    expect(Object.keys(partition.natMap)).toHaveLength(3);
    await expect(partition.add(later)).rejects.toThrow('There is a proxy');
  });
});
