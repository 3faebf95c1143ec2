import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  getRedisToken,
  OnRedisMessage,
  OnRedisStream,
  RedisClient,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import {
  eventually,
  type FaultPlan,
  FaultProxy,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../../support/index.js';
import { DEGRADED, startChecked, timed, type CheckedApp } from './support/health.js';

const NEVER_AGAIN: FaultPlan = (nth) => ({ refuse: nth > 1 });

@Injectable()
class Orders {
  heard = 0;

  @OnRedisMessage('health.orders')
  onOrder(): void {
    this.heard++;
  }
}

@Injectable()
class Billing {
  readonly seen: string[] = [];

  @OnRedisStream('health.bills', { group: 'g', block: 50 })
  onBill({ n }: { n: string }): void {
    this.seen.push(n);
  }
}

let server: TestServer;
let admin: RedisClient;
let proxy: FaultProxy | undefined;
let app: CheckedApp | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS.at(-1)! });
  admin = new RedisClient(server.url);
});

afterEach(async () => {
  await app?.module.close();
  app = undefined;
  await proxy?.stop();
  proxy = undefined;
});

afterAll(async () => {
  await admin.close();
  await server.stop();
});

/** The first connection is that of commands, the second that of the subscriptions. */
async function start(
  plan: FaultPlan = NEVER_AGAIN,
  options: RedisModuleOptions = {},
  providers: Type[] = [Orders],
): Promise<CheckedApp> {
  proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: server.port }, plan });
  return (app = await startChecked({ default: { url: proxy.url, ...options } }, providers));
}

describe.each([2, 3] as const)('what listens, over RESP%d', (protocol) => {
  test('up: with a PING of its own', async () => {
    const { indicator } = await start(undefined, { protocol });
    expect(await indicator.pingCheck('redis')).toMatchObject({
      redis: { status: 'up', subscriber: { state: 'ready', subscriptions: 1, latency: expect.any(Number) } },
    });
  });

  test('lost and not yet back: degraded, or as its user says, and since when', async () => {
    const before = Date.now();
    const { indicator, module } = await start(undefined, { protocol });
    proxy!.latest.reset();
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: DEGRADED } }),
    );
    const degraded = await indicator.pingCheck('redis', { whenDeaf: 'degraded' });
    expect(degraded).toMatchObject({
      redis: {
        status: DEGRADED,
        state: 'ready',
        latency: expect.any(Number),
        subscriber: { state: 'reconnecting', subscriptions: 1, deafSince: expect.any(String) },
        message: expect.stringMatching(/^subscriptions hear nothing since 20\d\d-.*Z \(reconnecting\)$/),
      },
    });
    const { deafSince } = degraded.redis['subscriber'] as { deafSince: string };
    expect(Date.parse(deafSince)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(deafSince)).toBeLessThanOrEqual(Date.now());
    expect(await indicator.pingCheck('redis', { whenDeaf: 'down' })).toMatchObject({
      redis: { status: 'down', state: 'ready' },
    });
    expect(await indicator.pingAll('all', { whenDeaf: 'ignore' })).toMatchObject({
      all: { status: 'up', connections: { default: { subscriber: { state: 'reconnecting' } } } },
    });
    proxy!.heal();
    await eventually(async () => {
      const { redis } = await indicator.pingCheck('redis');
      expect(redis).toMatchObject({ status: 'up', subscriber: { state: 'ready' } });
      expect(redis).not.toHaveProperty('message');
    });
    // up is not said before it hears again
    await admin.publish('health.orders', '{}');
    await eventually(() => expect(module.get(Orders).heard).toBe(1));
  });

  test('half-open: seen by its own PING, within one timeout', async () => {
    const { indicator } = await start(undefined, { protocol });
    proxy!.latest.freeze(Infinity);
    const { result, took } = await timed(indicator.pingCheck('redis', { timeout: 200, whenDeaf: 'down' }));
    expect(result).toMatchObject({
      redis: {
        status: 'down',
        latency: expect.any(Number),
        subscriber: { state: 'ready', subscriptions: 1 },
        message: 'the connection of the subscriptions did not answer PING within 200 ms',
      },
    });
    expect(took).toBeLessThan(1_500);
  });

  test('shared with commands: what is lost is lost for both', async () => {
    const { indicator } = await start((nth) => ({ refuse: nth > 0 }), {
      protocol: 3,
      subscriberConnection: 'shared',
    });
    expect(await indicator.pingCheck('redis')).toMatchObject({
      redis: { status: 'up', subscriber: { state: 'ready' } },
    });
    proxy!.latest.reset();
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({
        redis: { status: 'down', subscriber: { state: 'reconnecting', deafSince: expect.any(String) } },
      }),
    );
  });
});

describe('handlers that do not listen', () => {
  test('refused after a reconnect: named, until the application starts again', async () => {
    await admin.call('ACL', 'SETUSER', 'worker', 'reset', 'on', '>pw', '+@all', '~*', '&*');
    const { indicator } = await start(() => ({}), { username: 'worker', password: 'pw' });
    expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
    await admin.call('ACL', 'SETUSER', 'worker', 'resetchannels');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const refused = {
      deafHandlers: ['Orders.onOrder'],
      message: expect.stringMatching(/handlers that do not listen: Orders\.onOrder/),
    };
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({
        redis: { status: DEGRADED, state: 'ready', ...refused },
      }),
    );
    expect(await indicator.pingCheck('redis', { whenDeaf: 'down' })).toMatchObject({
      redis: { status: 'down', ...refused },
    });
    await admin.call('ACL', 'DELUSER', 'worker');
  });

  test('not yet subscribed, of a lazy connection that cannot be made: down, for nothing says that Redis is there', async () => {
    const { indicator } = await start(() => ({ refuse: true }), { connect: 'lazy' });
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({
        redis: { status: 'down', state: 'idle', deafHandlers: ['Orders.onOrder'] },
      }),
    );
    proxy!.heal();
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({
        redis: { status: 'up', state: 'idle', subscriber: { state: 'ready', latency: expect.any(Number) } },
      }),
    );
  });

  test('of streams, not yet at work: named until the server has answered a read', async () => {
    await admin.set('health.bills', 'no stream');
    const { indicator, module } = await start(() => ({}), { connect: 'background' }, [Billing]);
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({
        redis: {
          status: DEGRADED,
          state: 'ready',
          deafHandlers: ['Billing.onBill'],
          message: 'handlers that do not listen: Billing.onBill',
        },
      }),
    );
    await admin.del('health.bills');
    await eventually(async () => {
      const { redis } = await indicator.pingCheck('redis');
      expect(redis).toMatchObject({ status: 'up' });
      expect(redis).not.toHaveProperty('deafHandlers');
    });
    // up is not said before it reads
    await admin.xadd('health.bills', '*', { n: 1 });
    await eventually(() => expect(module.get(Billing).seen).toEqual(['1']));
  });

  test('of streams, refused while they run: named until another attempt succeeds', async () => {
    await admin.call('ACL', 'SETUSER', 'clerk', 'reset', 'on', '>pw', '+@all', '~*', '&*');
    const { indicator } = await start(() => ({}), { username: 'clerk', password: 'pw' }, [Billing]);
    const { redis: before } = await indicator.pingCheck('redis');
    expect(before).toMatchObject({ status: 'up' });
    expect(before).not.toHaveProperty('deafHandlers');
    await admin.call('ACL', 'SETUSER', 'clerk', '-xreadgroup');
    await eventually(async () =>
      expect(await indicator.pingCheck('redis', { whenDeaf: 'down' })).toMatchObject({
        redis: { status: 'down', state: 'ready', deafHandlers: ['Billing.onBill'] },
      }),
    );
    await admin.call('ACL', 'SETUSER', 'clerk', '+xreadgroup');
    await eventually(async () =>
      expect((await indicator.pingCheck('redis')).redis).not.toHaveProperty('deafHandlers'),
    );
    await admin.call('ACL', 'DELUSER', 'clerk');
  });

  test('an application that goes down does not report its handlers', async () => {
    const { module } = await start(() => ({}));
    const client = module.get<RedisClient>(getRedisToken());
    await module.close();
    expect(client.status).toBe('closed');
    expect(await app!.indicator.pingCheck('redis')).toMatchObject({
      redis: { status: 'down', message: 'the client is being closed, or is closed' },
    });
  });
});
