import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type RetryFunction } from 'nestjs-redwire/core';
import {
  eventually,
  type FaultPlan,
  FaultProxy,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../../support/index.js';
import { clientMaker, errorOf } from './support/index.js';

describe.each(SERVER_KINDS)('%s: probes', (kind) => {
  let server: TestServer;
  let proxy: FaultProxy | undefined;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10 } }));

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
  });
  afterAll(() => server.stop());

  const throughProxy = async (plan?: FaultPlan): Promise<FaultProxy> =>
    (proxy = await FaultProxy.start({
      target: { host: '127.0.0.1', port: server.port },
      ...(plan && { plan }),
    }));

  it('a probe that the server refuses for now is not tried again: how things stand now is the answer', async () => {
    let asked = 0;
    const retry: RetryFunction = () => (asked++, 10);
    const client = make({ retry });
    const admin = make({ commandTimeout: 0 });
    await client.connect();
    await admin.call('CONFIG', 'SET', 'busy-reply-threshold', '1');
    const running = errorOf(admin.eval('while true do end', 0));
    const refused = await eventually(async () => {
      const error = await errorOf(client.probe(1_000));
      expect(error).toMatchObject({ name: 'RedisServerError', code: 'BUSY' });
      return error;
    });
    expect(refused.message).toMatch(/BUSY/);
    await client.call('SCRIPT', 'KILL');
    await running;
    await admin.call('CONFIG', 'SET', 'busy-reply-threshold', '5000');
    expect(asked).toBe(0);
    expect(client.queued).toBe(0);
    expect(await client.probe(1_000)).toBeGreaterThan(0);
  });

  it('a probe whose connection ends fails with it, and is not sent by the next', async () => {
    const { url } = await throughProxy();
    for (const end of ['cut', 'reset'] as const) {
      const client = make({ url });
      await client.connect();
      proxy!.latest.freeze(Infinity);
      const probed = errorOf(client.probe(0));
      await eventually(() => expect(client.inFlight).toBe(1));
      proxy!.latest[end]();
      expect(await probed).toMatchObject({ name: 'RedisConnectionError' });
      expect(client.queued).toBe(0);
      await client.close();
    }
  });

  it('a stalled server is sent one PING, however many ask, each of whom waits for their own time', async () => {
    const client = make();
    await client.connect();
    const stalled = performance.now();
    await server.pause();
    const patient = client.probe(0);
    for (let nth = 0; nth < 3; nth++) {
      const errors = await Promise.all(Array.from({ length: 200 }, () => errorOf(client.probe(30))));
      expect(new Set(errors).size).toBe(200);
      for (const error of errors) expect(error).toMatchObject({ name: 'RedisTimeoutError', code: 'TIMEOUT' });
      expect(errors[0]!.message).toMatch(/^PING timed out: Redis at .* did not answer in time\.$/);
      expect(client.inFlight).toBe(1);
    }
    const joined = client.probe(60_000);
    const told = performance.now() - stalled;
    await server.resume();
    // how long the PING took, not how long they waited for it
    expect(Math.min(await patient, await joined)).toBeGreaterThan(told - 40);
    expect(client.inFlight).toBe(0);
    expect(await client.probe(5_000)).toBeGreaterThan(0);
  });

  it('a client whose probes have given up closes without their answer', async () => {
    const { url } = await throughProxy();
    const client = make({ url });
    await client.connect();
    proxy!.latest.freeze(Infinity);
    await errorOf(client.probe(30));
    expect(client.inFlight).toBe(1);
    await client.close({ timeout: 600_000 });
    expect(client.status).toBe('closed');
  });

  it('those who share a PING all learn that its connection ended, and the next asks anew', async () => {
    const { url } = await throughProxy();
    const client = make({ url });
    await client.connect();
    proxy!.latest.freeze(Infinity);
    const probes = Array.from({ length: 50 }, () => errorOf(client.probe(0)));
    proxy!.latest.reset();
    for (const error of await Promise.all(probes)) expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
    await eventually(async () => expect(await client.probe(1_000)).toBeGreaterThan(0));
  });

  describe.each([
    [2, 'own'],
    [3, 'own'],
    [3, 'shared'],
  ] as const)('the subscriber in RESP%d, connection: %s', (protocol, subscriberConnection) => {
    const options = { protocol, subscriberConnection, commandTimeout: 2_000 };

    it('is probed where it listens, beside messages', async () => {
      const client = make(options);
      expect(client.subscriberStatus).toBeUndefined();
      expect(await errorOf(client.probeSubscriber(1_000))).toMatchObject({ code: 'DISCONNECTED' });
      const subscription = await client.subscribe('channel');
      expect(client.subscriberStatus).toEqual({ state: 'ready', subscriptions: 1, deafFor: undefined });
      const admin = make();
      const [times] = await Promise.all([
        Promise.all(Array.from({ length: 50 }, () => client.probeSubscriber(2_000))),
        ...Array.from({ length: 50 }, (_, index) => admin.publish('channel', String(index))),
      ]);
      expect(times.every((time) => time > 0)).toBe(true);
      const heard: string[] = [];
      for await (const { data } of subscription) if (heard.push(data) === 50) break;
      expect(heard).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
      expect(client.subscriberStatus).toBeUndefined();
    });

    it('which is deaf says since when, until all is subscribed anew', async () => {
      const { url } = await throughProxy((nth) => ({ refuse: nth > 0 }));
      const client = make({ ...options, url });
      const subscription = await client.subscribe('channel');
      proxy!.latest.reset();
      await eventually(() => expect(client.subscriberStatus!.state).toBe('reconnecting'));
      expect(client.subscriberStatus).toMatchObject({ subscriptions: 1 });
      const { deafFor } = client.subscriberStatus!;
      expect(await errorOf(client.probeSubscriber(1_000))).toMatchObject({ code: 'DISCONNECTED' });
      await eventually(() => expect(client.subscriberStatus!.deafFor).toBeGreaterThan(deafFor!));
      proxy!.heal();
      await eventually(() => expect(client.subscriberStatus!.state).toBe('ready'));
      expect(client.subscriberStatus!.deafFor).toBeUndefined();
      expect(await make().publish('channel', 'heard again')).toBe(1);
      await subscription.unsubscribe();
    });

    it('which does not answer is late, and nothing of the probe is left behind', async () => {
      const { url } = await throughProxy();
      const client = make({ ...options, url });
      await client.subscribe('channel');
      proxy!.latest.freeze(Infinity);
      expect(await errorOf(client.probeSubscriber(60))).toMatchObject({ name: 'RedisTimeoutError' });
      expect(client.queued).toBe(0);
      proxy!.latest.reset();
      await eventually(async () => expect(await client.probeSubscriber(1_000)).toBeGreaterThan(0));
    });
  });
});

describe('connections that a client lends', () => {
  it('are counted', async () => {
    await using server = await startServer({ kind: SERVER_KINDS[0]! });
    await using client = new RedisClient({ url: server.url, maxDedicated: 3 });
    expect(client.connectionStats().lending).toEqual({
      active: 0,
      idle: 0,
      waiting: 0,
      total: 0,
      min: 0,
      max: 3,
    });
    await client.dedicated((session) => {
      expect(client.connectionStats().lending).toEqual({
        active: 1,
        idle: 0,
        waiting: 0,
        total: 1,
        min: 0,
        max: 3,
      });
      expect(session.connectionStats().lending).toEqual(client.connectionStats().lending);
    });
  });
});
