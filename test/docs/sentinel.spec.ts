import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisClient, RedisPool } from 'nestjs-redwire/core';
import { eventually, startSentinel, type TestSentinel } from '../support/index.js';
import * as sentinel from './examples/sentinel.js';

describe('sentinel.md', () => {
  let setup: TestSentinel;
  const open: (RedisClient | RedisPool)[] = [];
  const passwords = { password: 'of the servers', sentinelPassword: 'of-the-sentinels' };

  beforeAll(async () => {
    setup = await startSentinel({
      kind: 'redis-7.0',
      replicas: 1,
      sentinels: 1,
      requirepass: 'servers-secret',
      sentinelPassword: passwords.sentinelPassword,
      tls: true,
    });
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });
  afterAll(() => setup?.stop());

  function keep<One extends RedisClient | RedisPool>(one: One): One {
    open.push(one);
    return one;
  }
  const nodes = (): string[] => setup.addresses.map(({ host, port }) => `${host}:${port}`);
  const secured = (): RedisClient =>
    keep(sentinel.secured({ ...passwords, password: 'servers-secret', ca: setup.ca! }, nodes()));

  it('setting up', async () => {
    const client = keep(sentinel.basic());
    expect(client.address).toBe(
      'mymaster (by Sentinels sentinel-1.internal:26379, sentinel-2.internal:26379, 10.0.0.3:26379)',
    );
    expect(client.status).toBe('idle');
    expect(keep(sentinel.pool(nodes())).stats()).toMatchObject({ min: 2, max: 10, total: 0 });
  });

  it('passwords, TLS and replicas', async () => {
    const client = secured();
    // a replica that was just started may take longer to acknowledge than the example waits
    await eventually(async () => expect(await sentinel.certain(client)).toBe(1));
    await eventually(async () => expect(await sentinel.replicas(client)).toBe('hello'));
  });

  it('NAT', () => {
    const { nat } = keep(sentinel.mapped(nodes())).options.sentinel!;
    expect(nat({ host: '10.0.0.12', port: 6379 })).toEqual({ host: 'redis.example.com', port: 26379 });
    expect(nat({ host: '10.0.0.13', port: 6379 })).toEqual({ host: '10.0.0.13', port: 6379 });
  });
});
