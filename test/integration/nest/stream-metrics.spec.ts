import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { metrics, type Attributes } from '@opentelemetry/api';
import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { OnRedisMessage, OnRedisStream, RedisClient, RedisModule, RedisPublisher } from 'nestjs-redwire';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { gate } from '../core/support/streams.js';
import { Reader } from './support/metrics.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let held = gate();
let server: TestServer;
let admin: RedisClient;
let reader: Reader;
/** Shows only what was observed since it was read last. */
let news: Reader;
let provider: MeterProvider;
let module: TestingModule;

@Injectable()
class Handlers {
  @OnRedisStream('metered', {
    group: 'g',
    block: 50,
    claimIdle: 100,
    deadLetter: 'metered:dead',
    maxDeliveries: 20,
  })
  async onEntry({ n }: { n: string }): Promise<void> {
    if (n === '2') throw new RangeError('secret');
    if (n === '3') await held.opened;
  }

  @OnRedisStream('metered', { group: 'silent', connection: 'plain', block: 50 })
  onPlain(): void {}

  @OnRedisMessage('metered.channel')
  onMessage(): void {}
}

/** What all points of the handler have. */
const labels = (): Attributes => ({
  'messaging.system': 'redis',
  'server.address': '127.0.0.1',
  'server.port': server.port,
  'messaging.operation.name': 'process',
  'messaging.operation.type': 'process',
  'messaging.destination.name': 'metered',
  'messaging.consumer.group.name': 'g',
  'code.function.name': 'Handlers.onEntry',
});

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS.at(-1)! });
  admin = new RedisClient(server.url);
});

beforeEach(async () => {
  await admin.flushall();
  held = gate();
  reader = new Reader();
  news = new Reader({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA });
  provider = new MeterProvider({ readers: [reader, news] });
  metrics.setGlobalMeterProvider(provider);
  module = await Test.createTestingModule({
    imports: [
      RedisModule.forRoot({ url: server.url, telemetry: { metrics: true } }),
      RedisModule.forRoot({ name: 'plain', url: server.url }),
    ],
    providers: [Handlers],
  })
    .setLogger(silent)
    .compile();
  await module.init();
});

afterEach(async () => {
  held.open();
  await module.close();
  metrics.disable();
  await provider.shutdown();
});

afterAll(async () => {
  await admin.close();
  await server.stop();
});

test('handlers of streams are measured as those of messages, beside them: every delivery, its time, what waits', async () => {
  await module.get(RedisPublisher).publish('metered.channel', {});
  // at once, so that one read gets them all
  await admin.multi((tx) => {
    for (const n of [1, 2, 3, 4]) tx.xadd('metered', '*', { n });
  });
  // the first two are done, the third is in work, the fourth waits for it
  await eventually(async () => {
    expect(await reader.points('redis.messages.in_flight', { 'messaging.consumer.group.name': 'g' })).toEqual(
      [expect.objectContaining({ attributes: labels(), value: 1 })],
    );
    expect(await reader.points('messaging.client.consumed.messages')).toHaveLength(2);
  });
  expect(await reader.points('redis.messages.waiting', { 'messaging.consumer.group.name': 'g' })).toEqual([
    expect.objectContaining({ attributes: labels(), value: 1 }),
  ]);
  held.open();
  await eventually(async () =>
    expect(await reader.points('messaging.process.duration', labels())).toEqual([
      expect.objectContaining({ attributes: labels(), value: expect.objectContaining({ count: 3 }) }),
      expect.objectContaining({ attributes: { ...labels(), 'error.type': 'RangeError' } }),
    ]),
  );
  // each delivery of the one that fails
  const [failed] = await reader.points('messaging.process.duration', { 'error.type': 'RangeError' });
  const [consumed] = await reader.points('messaging.client.consumed.messages', labels());
  expect(consumed!.attributes).toEqual(labels());
  expect(consumed!.value).toBeGreaterThanOrEqual(3 + (failed!.value as { count: number }).count);
  for (const name of ['redis.messages.dropped', 'redis.messages.waiting', 'redis.messages.in_flight']) {
    // of the connection that asked for metrics, and no other
    const points = await reader.points(name);
    expect(points.map(({ attributes }) => attributes['code.function.name']).toSorted()).toEqual([
      'Handlers.onEntry',
      'Handlers.onMessage',
    ]);
  }
});

test('what was trimmed from a stream before it was handled counts as dropped', async () => {
  const id = await admin.xadd('metered', '*', { n: 2 });
  await eventually(async () =>
    expect(await reader.points('messaging.process.duration', { 'error.type': 'RangeError' })).toHaveLength(1),
  );
  await admin.xdel('metered', id);
  await eventually(async () => {
    const [dropped] = await reader.points('redis.messages.dropped', labels());
    expect(dropped?.value).toBeGreaterThanOrEqual(1);
  });
});

test('an entry that is given up counts as a dead letter', async () => {
  expect(await reader.points('redis.messages.dead_lettered')).toEqual([
    expect.objectContaining({ attributes: labels(), value: 0 }),
  ]);
  await admin.xadd('metered', '*', { n: 2 });
  await eventually(
    async () =>
      expect(await reader.points('redis.messages.dead_lettered')).toEqual([
        expect.objectContaining({ attributes: labels(), value: 1 }),
      ]),
    // twenty deliveries
    { timeout: 20_000 },
  );
  expect(await admin.xlen('metered:dead')).toBe(1);
});

test('a module that is closed reports its handlers no longer', async () => {
  expect(await news.points('redis.messages.waiting')).toHaveLength(2);
  await module.close();
  expect(await news.points('redis.messages.waiting')).toEqual([]);
});
