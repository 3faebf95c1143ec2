import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { inspect } from 'node:util';
import { RedisPool, type SentinelOptions } from 'nestjs-redwire/core';
import { startSentinel, type TestSentinel } from '../../support/index.js';
import { clientMaker, errorOf, shows } from './support/index.js';

const SERVERS = 'secret of the servers';
const SENTINELS = 'secret-of-the-sentinels';

describe('options of Sentinels', () => {
  let setup: TestSentinel;
  const make = clientMaker(() => ({}));

  beforeAll(async () => {
    setup = await startSentinel({
      kind: 'valkey-9.1',
      replicas: 1,
      sentinels: 1,
      masterName: 'orders',
      requirepass: 'servers-secret',
      sentinelPassword: SENTINELS,
      tls: true,
    });
  });
  afterAll(() => setup?.stop());

  const options = (sentinel: Partial<SentinelOptions>) => ({
    password: 'servers-secret',
    tls: { ca: setup.ca! },
    sentinel: {
      nodes: setup.addresses.map(({ host, port }) => `${host}:${port}`),
      masterName: 'orders',
      password: SENTINELS,
      tls: { ca: setup.ca! },
      ...sentinel,
    },
  });

  shows('sentinel', 'leads to the master, with credentials and TLS of their own', async () => {
    const redis = make(options({}));
    expect(await redis.set('k', 'v')).toBe('OK');
    expect(redis.address).toBe(`127.0.0.1:${(await setup.master()).tlsPort}`);
    expect(await redis.replicas.role()).toMatchObject({ 0: 'slave' });
    expect(
      await make(options({ password: undefined, credentials: () => ({ password: SENTINELS }) })).ping(),
    ).toBe('PONG');
    await using pool = new RedisPool({ ...options({}), max: 2 });
    expect(await pool.use((session) => session.get('k'))).toBe('v');
    expect(inspect(redis, { depth: 9, showHidden: true })).not.toContain(SENTINELS);
  });

  shows('sentinel', 'has no secrets but its own, and says which are missing', async () => {
    const none = await errorOf(make(options({ password: undefined })).connect());
    expect(none).toMatchObject({ code: 'NOAUTH', message: expect.stringContaining('`sentinel.password`') });
    const wrong = await errorOf(make(options({ password: SERVERS })).connect({ deadline: 60_000 }));
    expect(wrong.message).toContain('WRONGPASS');
    expect(inspect(wrong, { depth: 9 })).not.toContain(SERVERS);
    const plain = await errorOf(make(options({ tls: undefined })).connect());
    expect(plain.message).toContain('expect TLS');
    // no further attempt mends that: nobody waits for `commandTimeout`
    const untrusted = await errorOf(make({ ...options({ tls: true }), commandTimeout: 60_000 }).ping());
    expect(untrusted).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining('tls.ca') });
  });
});
