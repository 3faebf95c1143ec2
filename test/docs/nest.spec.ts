import 'reflect-metadata';
import { Injectable, type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { context, SpanKind, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  getRedisPoolToken,
  getRedisToken,
  InjectRedis,
  RedisClient,
  RedisModule,
  RedisPool,
} from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
import { createNestApp } from '../support/nest-app.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';
import { all, check, HealthModule, result as shown } from './examples/health.js';
import * as handlers from './examples/message-handlers.js';
import * as nest from './examples/nest.js';
import * as streamHandlers from './examples/stream-handlers.js';
import * as telemetry from './examples/telemetry.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: TestServer;
let publisher: RedisClient;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
  process.env.REDIS_URL = server.url;
  process.env.CACHE_URL = `${server.url}/1`;
  publisher = new RedisClient(server.url);
});

beforeEach(() => publisher.flushall());

afterEach(async () => {
  await module?.close();
  module = undefined;
});

afterAll(async () => {
  await publisher.close();
  await server.stop();
});

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  module = await Test.createTestingModule(metadata).setLogger(silent).compile();
  return module.init();
}

describe('README.md', () => {
  let app: INestApplication;

  afterEach(() => app.close());

  it('the quick start: an order is stored, told of, and the check is up', async () => {
    const { AppModule } = await import('./examples/quick-start/app.module.js');
    const { OrdersService } = await import('./examples/quick-start/orders.service.js');
    const { OrderMails } = await import('./examples/quick-start/order-mails.js');
    const { HealthController } = await import('./examples/quick-start/health.controller.js');
    app = await createNestApp(AppModule);
    await app.init();
    const orders = app.get(OrdersService);
    await orders.place({ id: '7', customer: 'Ada', total: 42 });
    await orders.place({ id: '8', customer: 'Grace', total: 50 });
    expect(await orders.largest(1)).toEqual(['8']);
    expect(await publisher.hgetall('order:7')).toEqual({ customer: 'Ada', total: '42' });
    const mails = app.get(OrderMails);
    await eventually(() => expect(mails.sent).toEqual(['Thank you, Ada.', 'Thank you, Grace.']));
    expect(await app.get(HealthController).check()).toMatchObject({
      status: 'ok',
      details: { redis: { status: 'up', latency: expect.any(Number) } },
    });
  });
});

describe('nest.md', () => {
  it('forRoot(), by name, and what is injected', async () => {
    await start({ imports: nest.forRoot(), providers: [nest.Reports, nest.Audit] });
    expect(module!.get(nest.Reports).all).toEqual([
      module!.get(RedisClient),
      module!.get(RedisPool),
      module!.get(getRedisToken('cache')),
      module!.get(getRedisPoolToken('cache')),
    ]);
    const cache = module!.get(getRedisToken('cache'));
    expect(cache.options).toMatchObject({ database: 1, keyPrefix: 'cache:' });
    expect(module!.get(RedisPool).stats().total).toBe(2); // `min`, opened at boot
    expect(module!.get(getRedisPoolToken('cache')).stats().total).toBe(0); // no settings: opened when asked
    expect(module!.get(nest.Audit).client).toBeUndefined();
  });

  it('forRootAsync(): useFactory and useClass', async () => {
    await start({ imports: [nest.useFactory(), nest.useClass()] });
    expect(await module!.get(RedisClient).ping()).toBe('PONG');
    expect(await module!.get(getRedisToken('queue')).ping()).toBe('PONG');
  });

  it('a name that does not exist fails the boot', async () => {
    @Injectable()
    class Misspelt {
      constructor(@InjectRedis('defualt') readonly redis: RedisClient) {}
    }
    const module = Test.createTestingModule({ imports: [nest.useFactory()], providers: [Misspelt] });
    await expect(module.setLogger(silent).compile()).rejects.toThrow(
      /Misspelt asks for the Redis connection "defualt".*Registered are: "default": did you mean "default"/,
    );
  });

  it('one name with different options fails the boot', async () => {
    const url = process.env.REDIS_URL;
    const module = Test.createTestingModule({
      imports: [RedisModule.forRoot({ url }), RedisModule.forRoot({ url, database: 1 })],
    });
    await expect(module.setLogger(silent).compile()).rejects.toThrow(/with different options \(database\)/);
  });

  it('boot policies', async () => {
    await start({
      imports: [
        RedisModule.forRoot({ url: process.env.REDIS_URL, connect: 'lazy' }),
        RedisModule.forRoot({ name: 'away', port: 1, connect: 'background' }),
      ],
    });
    expect(module!.get(RedisClient).status).toBe('idle');
    expect(module!.get(getRedisToken('away')).status).toMatch(/connecting/);
    const eager = Test.createTestingModule({
      imports: [RedisModule.forRoot({ port: 1, connectDeadline: 100 })],
    }).setLogger(silent);
    await expect((await eager.compile()).init()).rejects.toThrow(
      /Redis connection "default".*ECONNREFUSED.*connect: 'background' or 'lazy'/,
    );
  });

  it('overriding in a test', async () => {
    @Module({ imports: [RedisModule.forRoot({ name: 'queue', port: 1, pool: { min: 1 } })] })
    class AppModule {}
    module = await nest.override(AppModule);
    expect(await module.get(getRedisToken('queue')).get('key')).toBe('from the test');
    await expect(module.get(getRedisPoolToken('queue')).acquire()).rejects.toThrow(
      /is overridden and its pool is not.*getRedisPoolToken\('queue'\)/,
    );
  });

  it('async providers, and the hooks of a service', async () => {
    await publisher.set('greeting', 'hello');
    await start({ imports: nest.forRoot(), providers: [nest.Greeting.provider, nest.Greeting] });
    expect(module!.get(nest.Greeting).text).toBe('hello');
    expect(await publisher.exists('started')).toBe(1);
    await module!.close();
    module = undefined; // Nest 11 would run its hooks once more
    expect(await publisher.exists('started')).toBe(0);
  });

  it('a module that is loaded lazily', async () => {
    await start({ imports: nest.forRoot(), providers: [nest.Exports] });
    await module!.get(nest.Exports).run();
    expect(await publisher.get('exported')).toBe('1');
  });
});

describe('message-handlers.md', () => {
  it('handlers, parameters, codecs, errors', async () => {
    const { log, Tally, Shipping, Sensors, Billing, TooLarge } = handlers;
    await start({
      imports: [handlers.module()],
      providers: [Tally, Sensors, Billing, TooLarge],
      controllers: [Shipping],
    });
    await publisher.publish('orders.placed', JSON.stringify({ id: '7', total: 12 }));
    await eventually(() => expect(log).toHaveLength(2));
    expect(log).toEqual(expect.arrayContaining(['orders.placed: 7', [12, 'orders.placed', 'orders.*']]));
    expect(module!.get(Tally).orders).toBe(1);

    log.length = 0;
    await publisher.publish('orders.placed', JSON.stringify({ id: '8', total: 2_000 }));
    await publisher.publish('orders.placed', JSON.stringify({ id: '9', total: -1 }));
    await eventually(() => expect(log).toHaveLength(6));
    expect(log).toEqual(
      expect.arrayContaining([
        'order 8 left out: too large',
        'Billing.onOrder failed on orders.placed: Error: negative',
      ]),
    );

    log.length = 0;
    await publisher.publish('sensor.raw', Buffer.from([1, 2]));
    await publisher.publish('sensor.log', 'a line');
    await publisher.publish('sensor.csv', '1,2');
    await publisher.publish('returns.new', 'no JSON');
    await eventually(() => expect(log).toHaveLength(4));
    expect(log).toEqual(
      expect.arrayContaining([
        258,
        'a line',
        ['1', '2'],
        expect.stringMatching(
          /^Shipping\.onAny failed on returns\.new: SyntaxError: the message is not JSON/,
        ),
      ]),
    );
  });
});

describe('message-handlers.md, further', () => {
  it('a schema, and the counters', async () => {
    const { log, Ledger, Backlog } = handlers;
    log.length = 0;
    await start({ imports: [handlers.module()], providers: [Ledger, Backlog] });
    const order = { id: '7', total: 12, at: '2024-05-01T12:00:00Z' };
    await publisher.publish('orders.checked', JSON.stringify(order));
    // one after the other: a handler takes several messages at once
    await eventually(() => expect(log).toHaveLength(1));
    await publisher.publish('orders.checked', JSON.stringify({ ...order, total: 'hunter2' }));
    await eventually(() => expect(log).toHaveLength(2));
    expect(log).toEqual([
      '7 of 2024',
      'Ledger.onOrder failed on orders.checked: RedisPayloadError: the payload does not match the schema: 1 issue(s), at total (invalid_type).',
    ]);
    expect(module!.get(Backlog).lines()).toEqual(['Ledger.onOrder: 0, 0']);
  });
});

describe('stream-handlers.md', () => {
  it('handlers, schemas, guards, failures, counters, and adding', async () => {
    const { log, module: redis, ...classes } = streamHandlers;
    const { Billing, Shipping, OnlyShop, Guarded, Shop, Mails, Backlog } = classes;
    await start({
      imports: [redis()],
      providers: [Billing, OnlyShop, Guarded, Shop, Mails, Backlog],
      controllers: [Shipping],
    });
    const id = await module!.get(Shop).place('Ada', { id: 'p1', weight: 2.5 });
    await publisher.xadd('parcels', '*', { data: '{"id":"p2","weight":1}', tenant: 'shop' });
    await eventually(() => expect(log).toHaveLength(3));
    const [order] = await publisher.xrange('orders', '-', '+');
    expect(log).toEqual(
      expect.arrayContaining([
        `charged Ada, ${order!.id}`,
        ['p1', 2.5, 'shipping', undefined],
        ['p2', 1, 'shipping', 'shop'],
      ]),
    );
    expect((await publisher.xrange('parcels', '-', '+'))[0]).toMatchObject({
      id,
      fields: { data: '{"id":"p1","weight":2.5}' },
    });

    log.length = 0;
    await publisher.xadd('returns', '*', { id: 'r1', tenant: 'shop' });
    await publisher.xadd('returns', '*', { id: 'r2' });
    await publisher.xadd('mails', '*', { to: 'Ada' });
    await publisher.xadd('mails', '*', { to: 'nobody' });
    await eventually(() => expect(log).toHaveLength(4));
    expect(log).toEqual(
      expect.arrayContaining([
        'returned r1',
        'onReturn failed (1): ForbiddenException: Forbidden resource',
        'mailed Ada',
        'onMail failed (1): Error: no such address',
      ]),
    );
    expect(module!.get(Backlog).failed()).toEqual({ onOrder: 0, onParcel: 0, onReturn: 1, onMail: 1 });
  });
});

describe('health.md', () => {
  const occupancy = {
    active: 0,
    idle: 0,
    waiting: 0,
    total: 0,
    min: expect.any(Number),
    max: expect.any(Number),
    usage: 0,
  };

  it('pingCheck(), pingAll()', async () => {
    await start({
      imports: [RedisModule.forRoot({ name: 'queue', url: process.env.REDIS_URL }), RedisHealthModule],
    });
    const details = {
      address: `127.0.0.1:${server.port}`,
      state: 'ready',
      latency: expect.any(Number),
      pool: occupancy,
      dedicated: occupancy,
    };
    const indicator = module!.get(RedisHealthIndicator);
    expect(await check(indicator)).toEqual({ queue: { status: 'up', connection: 'queue', ...details } });
    expect(await all(indicator)).toEqual({
      redis: { status: 'up', connections: { queue: { status: 'up', ...details } } },
    });
  });

  it('the result has the shape that the page shows', async () => {
    await start({ imports: [RedisModule.forRoot({ url: process.env.REDIS_URL }), RedisHealthModule] });
    await module!.get(RedisClient).subscribe('channel');
    const real = await module!.get(RedisHealthIndicator).pingCheck('redis');
    const shapeOf = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
        : typeof value;
    expect(shapeOf(real)).toEqual(shapeOf(shown));
    expect(real.redis['dedicated']).toMatchObject({ max: shown.redis.dedicated.max });
    expect(real.redis['pool']).toMatchObject({ max: shown.redis.pool.max });
  });

  it('beside a TerminusModule of the application', async () => {
    await start({ imports: [RedisModule.forRoot({ url: process.env.REDIS_URL }), HealthModule] });
    const result = await module!.get(RedisHealthIndicator).pingCheck('redis');
    expect(result.redis.status).toBe('up');
  });
});

describe('telemetry.md', () => {
  const exporter = new InMemorySpanExporter();

  beforeAll(() => {
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  });

  beforeEach(() => exporter.reset());

  afterAll(() => {
    trace.disable();
    context.disable();
  });

  it('a CLIENT span for a command, without its arguments', async () => {
    await start({ imports: [telemetry.traced()] });
    await module!.get(RedisClient).set('key', 'secret', 'EX', 5);
    const span = exporter.getFinishedSpans().find(({ name }) => name === 'SET')!;
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '0',
      'db.query.text': 'SET ? ? ? ?',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    });
  });

  it('a CONSUMER span for a message', async () => {
    await start({
      imports: [RedisModule.forRoot({ url: process.env.REDIS_URL })],
      providers: [telemetry.Invoices],
    });
    await publisher.publish('invoices.created', '{}');
    await eventually(() => expect(exporter.getFinishedSpans()).toHaveLength(1));
    const [span] = exporter.getFinishedSpans();
    expect([span!.name, span!.kind]).toEqual(['process invoices.created', SpanKind.CONSUMER]);
    expect(module!.get(telemetry.Invoices).handled).toBe(1);
  });

  it('a debug log of what is slow, and of what befalls the connection', async () => {
    const lines: string[] = [];
    await start({ imports: [telemetry.debugged((line) => lines.push(line))] });
    const redis = module!.get(RedisClient);
    await redis.get('key');
    await redis.blpop('nothing', 0.2);
    expect(lines.filter((line) => !line.startsWith('BLPOP'))).toEqual(['connected', 'ready']);
    expect(lines.at(-1)).toMatch(/^BLPOP: null in \d+\.\d\d ms$/);
  });

  it('an observer of connections', async () => {
    const lines: string[] = [];
    const client = new RedisClient({ url: server.url, maxDedicated: 1, commandTimeout: 50 });
    const stop = telemetry.watchConnections(client, (line) => lines.push(line));
    await client.dedicated(() => client.dedicated(() => undefined).catch(() => undefined));
    await client.close();
    stop();
    expect(lines).toEqual([
      '0 shared, 0 of 1 lent',
      expect.stringMatching(/^pooled: open after \d+ ms$/),
      expect.stringMatching(/^nothing to lend within \d+ ms$/),
      'pooled: ended (closed)',
    ]);
  });

  it('a subscriber of the diagnostics channels', async () => {
    const lines: string[] = [];
    const stop = telemetry.listenToErrors((line) => lines.push(line));
    await publisher.call('NOSUCHCOMMAND', 'secret').catch(() => undefined);
    stop();
    await publisher.call('NOSUCHCOMMAND', 'secret').catch(() => undefined);
    expect(lines).toEqual(['NOSUCHCOMMAND failed: RedisServerError']);
  });

  it('an observer of the core', async () => {
    const lines: string[] = [];
    const stop = telemetry.observe(publisher, (line) => lines.push(line));
    await publisher.ping();
    await publisher.call('NOSUCHCOMMAND').catch(() => undefined);
    stop();
    await publisher.call('NOSUCHCOMMAND').catch(() => undefined);
    expect(lines).toEqual(['NOSUCHCOMMAND: RedisServerError']);
  });
});
