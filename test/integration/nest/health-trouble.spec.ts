import 'reflect-metadata';
import {
  Controller,
  Get,
  Injectable,
  ServiceUnavailableException,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { afterEach, describe, expect, test } from '@jest/globals';
import { getRedisToken, RedisClient, type RedisModuleOptions } from 'nestjs-redwire';
import { RedisHealthIndicator } from 'nestjs-redwire/terminus';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { startChecked, timed, type CheckedApp } from './support/health.js';

const SECRET = 'correct-horse-battery-staple';
/** Far above what a check takes that does not wait, far below the timeout of those that must not. ms */
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

async function start(options: RedisModuleOptions = {}, kind = SERVER_KINDS[0]!): Promise<CheckedApp> {
  server ??= await startServer({ kind, requirepass: SECRET });
  return (app = await startChecked({ default: { url: server.url, ...options } }));
}

/** As HTTP would see it: the body of a 503, and not any other error. */
async function unavailable(check: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await check.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ServiceUnavailableException);
  const body = (error as ServiceUnavailableException).getResponse() as Record<string, unknown>;
  expect(JSON.stringify(body)).not.toContain(SECRET);
  return body;
}

describe.each(SERVER_KINDS)('%s: down, and never a 500', (kind) => {
  test('stopped, stalled, and back', async () => {
    const { indicator, module } = await start({}, kind);
    const health = module.get(HealthCheckService);
    const check = (): Promise<unknown> =>
      health.check([
        () => indicator.pingCheck('one', { timeout: 5_000 }),
        () => indicator.pingAll('all', { timeout: 5_000 }),
      ]);
    await server!.kill();
    await eventually(() => expect(module.get(RedisClient).status).toBe('reconnecting'));
    const gone = await timed(unavailable(check()));
    expect(gone.result['error']).toMatchObject({
      one: {
        status: 'down',
        state: 'reconnecting',
        message: expect.stringMatching(/no connection to Redis at/),
      },
      all: { status: 'down', connections: { default: { status: 'down' } } },
    });
    expect(gone.took).toBeLessThan(AT_ONCE);
    await server!.restart();
    await eventually(async () => expect(await check()).toMatchObject({ status: 'ok' }));

    await server!.pause();
    const probes = Array.from({ length: 100 }, () => indicator.pingCheck('redis', { timeout: 250 }));
    const hung = await timed(Promise.all(probes));
    await server!.resume();
    for (const { redis } of hung.result)
      expect(redis).toMatchObject({ status: 'down', message: expect.stringMatching(/within 250 ms$/) });
    expect(hung.took).toBeLessThan(AT_ONCE);
    expect(module.get(RedisClient).queued).toBe(0);
    await eventually(async () => expect(await check()).toMatchObject({ status: 'ok' }));
  });

  test('LOADING: says so, and is up once it has loaded', async () => {
    // 500 keys at 2 ms each
    const slow = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    server = await startServer({ kind, requirepass: SECRET, args: ['--save', '3600 1', ...slow] });
    const { indicator, module } = await start();
    await using admin = new RedisClient({ url: server.url, commandTimeout: 0 });
    await admin.call('DEBUG', 'POPULATE', 500, 'key', 64);
    const reloading = admin.call('DEBUG', 'RELOAD');
    await eventually(
      async () =>
        expect(await indicator.pingCheck('redis', { timeout: 2_000 })).toMatchObject({
          redis: { status: 'down', state: 'ready', message: expect.stringMatching(/LOADING/) },
        }),
      { interval: 1 },
    );
    expect(module.get(RedisClient).queued).toBe(0);
    await reloading;
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });

  test('BUSY: says so at once', async () => {
    const { indicator, module } = await start({}, kind);
    const client = module.get(RedisClient);
    await client.call('CONFIG', 'SET', 'busy-reply-threshold', '1');
    const admin = new RedisClient({ url: server!.url, commandTimeout: 0 });
    const script = admin.eval('while true do end', 0).catch((error: unknown) => error);
    await eventually(async () =>
      expect(await indicator.pingCheck('redis', { timeout: 30_000 })).toMatchObject({
        redis: { status: 'down', state: 'ready', message: expect.stringMatching(/BUSY/) },
      }),
    );
    const busy = await timed(indicator.pingCheck('redis', { timeout: 30_000 }));
    expect(busy.took).toBeLessThan(AT_ONCE);
    expect(client.queued).toBe(0);
    await client.call('SCRIPT', 'KILL');
    await script;
    await admin.close();
    expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
  });

  test('users: one that may not PING, one that is gone', async () => {
    server = await startServer({ kind, requirepass: SECRET });
    await using admin = new RedisClient(server.url);
    const setUser = (...rules: string[]): Promise<unknown> =>
      admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', `>${SECRET}-2`, '~*', ...rules);
    await setUser('+@all');
    const { indicator } = await start({ username: 'app', password: `${SECRET}-2`, database: 0 }, kind);
    expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
    await admin.call('ACL', 'SETUSER', 'app', '-ping');
    const refused = await indicator.pingCheck('redis');
    expect(refused).toMatchObject({
      redis: {
        status: 'down',
        state: 'ready',
        message: expect.stringMatching(/NOPERM.*allow it with "\+ping"/),
      },
    });
    await setUser('+@all');
    expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
    await admin.call('ACL', 'DELUSER', 'app');
    const gone = await eventually(async () => {
      const result = await indicator.pingCheck('redis');
      expect(result.redis.message).toMatch(/WRONGPASS|no connection to Redis/);
      return result;
    });
    expect(JSON.stringify([refused, gone])).not.toContain(SECRET);
    await setUser('+@all');
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });
});

describe('the network', () => {
  test.each(['cut', 'reset', 'freeze'] as const)('%s while probes are under way', async (fault) => {
    server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: SECRET });
    proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: server.port } });
    const { indicator, module } = await start({
      url: undefined,
      host: '127.0.0.1',
      port: proxy.port,
      password: SECRET,
    });
    proxy.latest.requests.hold(Infinity);
    const probes = Array.from({ length: 20 }, () => indicator.pingCheck('redis', { timeout: 400 }));
    if (fault === 'freeze') proxy.latest.freeze(Infinity);
    else proxy.latest[fault]();
    const { result, took } = await timed(Promise.all(probes));
    for (const { redis } of result) {
      expect(redis).toMatchObject({ status: 'down' });
      expect(redis.message).toMatch(
        fault === 'freeze' ? /within 400 ms$/ : /^Redis at \S+ did not answer PING: \S/,
      );
      // a PING changes nothing
      expect(redis.message).not.toMatch(/taken effect/);
    }
    expect(took).toBeLessThan(AT_ONCE);
    expect(module.get(RedisClient).queued).toBe(0);
    proxy.heal();
    await eventually(async () =>
      expect(await indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } }),
    );
  });
});

describe('at both ends of life', () => {
  test('before boot, and while nothing can be reached: down at once, opens nothing', async () => {
    server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: SECRET });
    app = await startChecked({ default: { url: server.url } }, [], { init: false });
    const before = await timed(app.indicator.pingCheck('redis', { timeout: 30_000 }));
    expect(before.result).toMatchObject({ redis: { status: 'down', state: 'idle' } });
    expect(before.took).toBeLessThan(AT_ONCE);
    await app.module.init();
    expect(await app.indicator.pingCheck('redis')).toMatchObject({ redis: { status: 'up' } });
    await app.module.close();

    await server.kill();
    app = await startChecked({ default: { url: server.url, connect: 'background' } });
    const away = await timed(app.indicator.pingAll('redis', { timeout: 30_000 }));
    expect(away.result).toMatchObject({ redis: { status: 'down' } });
    expect(away.took).toBeLessThan(AT_ONCE);
    expect(JSON.stringify(away.result)).not.toContain(SECRET);
  });

  test('while it shuts down', async () => {
    server = await startServer({ kind: SERVER_KINDS[0]!, requirepass: SECRET });
    const seen: unknown[] = [];
    @Injectable()
    class Last implements OnModuleDestroy {
      constructor(private readonly redis: RedisHealthIndicator) {}
      async onModuleDestroy(): Promise<void> {
        seen.push(await this.redis.pingCheck('redis'));
        await server!.pause(); // so that closing takes a while
      }
    }
    app = await startChecked({ default: { url: server.url } }, [Last]);
    const { module, indicator } = app;
    const client = module.get<RedisClient>(getRedisToken());
    const blocked = client.blpop('nothing', 0);
    await eventually(async () =>
      expect((await client.clientList()).map(({ cmd }) => cmd)).toContain('blpop'),
    );
    const closing = module.close();
    await eventually(() => expect(client.status).toBe('closing'));
    const { result, took } = await timed(indicator.pingCheck('redis', { timeout: 30_000 }));
    expect(result).toMatchObject({
      redis: { status: 'down', state: 'closing', message: 'the client is being closed, or is closed' },
    });
    expect(took).toBeLessThan(AT_ONCE);
    await server.resume();
    expect(await blocked).toBeNull();
    await closing;
    // other modules' hooks still have Redis
    expect(seen).toMatchObject([{ redis: { status: 'up' } }]);
  });
});

test('hundreds of checks, one by one and at once, open no connection', async () => {
  @Controller('health')
  class Health {
    constructor(
      private readonly health: HealthCheckService,
      private readonly redis: RedisHealthIndicator,
    ) {}
    @Get()
    check(): Promise<unknown> {
      return this.health.check([() => this.redis.pingCheck('one'), () => this.redis.pingAll('all')]);
    }
  }
  const { indicator, module } = await start({ pool: { min: 1, max: 2 } });
  const controller = new Health(module.get(HealthCheckService), indicator);
  const client = module.get(RedisClient);
  await using subscription = await client.subscribe('channel');
  const received = async (): Promise<string> =>
    (await client.info('stats'))['stats']!['total_connections_received']!;
  const [connections, list] = [await received(), await client.clientList()];
  for (let nth = 0; nth < 200; nth++) expect(await controller.check()).toMatchObject({ status: 'ok' });
  const many = await Promise.all(Array.from({ length: 300 }, () => controller.check()));
  expect(many).toHaveLength(300);
  expect(await received()).toBe(connections);
  expect((await client.clientList()).map(({ id }) => id)).toEqual(list.map(({ id }) => id));
  expect(subscription.closed).toBe(false);
});
