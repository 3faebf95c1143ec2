import 'reflect-metadata';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RedisClient, type RedisModuleOptions } from 'nestjs-redwire';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { DEGRADED, startChecked, timed, type CheckedApp } from './support/health.js';

/** Far above what a check takes that does not wait. ms */
const AT_ONCE = 1_500;

let server: TestServer | undefined;
let proxy: FaultProxy | undefined;
let app: CheckedApp | undefined;

afterEach(async () => {
  await app?.module.close();
  app = undefined;
  await proxy?.stop();
  proxy = undefined;
  await server?.stop();
  server = undefined;
});

describe.each(SERVER_KINDS)('%s: health of a lazy connection', (kind) => {
  async function start(options: RedisModuleOptions = {}): Promise<RedisClient> {
    server = await startServer({ kind });
    proxy = await FaultProxy.start({
      target: { host: '127.0.0.1', port: server.port },
      plan: () => ({ refuse: true }),
    });
    app = await startChecked({ default: { url: proxy.url, connect: 'lazy', ...options } });
    return app.module.get(RedisClient);
  }
  const check = async (): Promise<unknown> => (await app!.indicator.pingCheck('redis')).redis;

  test('whose first use failed is down while it is tried, and not for ever: nobody would use it again to find Redis back', async () => {
    const client = await start({ commandTimeout: 400 });
    const used = client.get('key').catch((error: unknown) => error);
    await eventually(async () =>
      expect(await check()).toMatchObject({
        status: 'down',
        message: expect.stringMatching(/there is no connection to Redis at .*\. \S.*Redis at/),
      }),
    );
    expect(await used).toMatchObject({ code: 'TIMEOUT' });
    await eventually(() => expect(client.status).toBe('idle'));
    expect(await check()).toMatchObject({
      status: DEGRADED,
      state: 'idle',
      message: expect.stringMatching(
        /^not open: nothing uses it now \(connect: 'lazy'\), and the last attempt failed: \S/,
      ),
    });
    proxy!.heal();
    await client.get('key');
    expect(await check()).toMatchObject({ status: 'up', state: 'ready' });
  });

  test('that is lost with `reconnect: false` is down: nothing opens it by itself', async () => {
    const client = await start({ reconnect: false });
    proxy!.heal();
    await client.get('key');
    proxy!.latest.reset();
    await eventually(() => expect(client.status).toBe('idle'));
    expect(await check()).toMatchObject({ status: 'down', state: 'idle' });
  });

  test('whose first use waits for a server that is stalled is down at once, and not called unused', async () => {
    server = await startServer({ kind });
    app = await startChecked({ default: { url: server.url, connect: 'lazy' } });
    await server.pause();
    const used = app.module.get(RedisClient).get('key');
    const { result, took } = await timed(check());
    expect(result).toMatchObject({
      status: 'down',
      state: 'connecting',
      message: expect.stringMatching(/there is no connection to Redis at/),
    });
    expect(took).toBeLessThan(AT_ONCE);
    await server.resume();
    expect(await used).toBeNull();
    expect(await check()).toMatchObject({ status: 'up' });
  });
});
