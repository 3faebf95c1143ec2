import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, UseInterceptors, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  OnRedisMessage,
  RedisClient,
  RedisHandlers,
  RedisModule,
  RedisPublisher,
  RedisTracingInterceptor,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

const ns = `messaging-${randomUUID()}`;
const exporter = new InMemorySpanExporter();
const tracer = trace.getTracer('test');
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: ObtainedServer;
let module: TestingModule | undefined;
/** What handlers found in the baggage. */
let baggage: unknown[] = [];

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  server = await obtainServer();
});

afterAll(async () => {
  trace.disable();
  context.disable();
  await server.stop();
});

beforeEach(() => {
  exporter.reset();
  baggage = [];
});

afterEach(async () => {
  await module?.close();
  module = undefined;
  propagation.disable();
  metrics.disable();
});

@Injectable()
class Handlers {
  constructor(private readonly redis: RedisClient) {}

  @OnRedisMessage(`${ns}.traced`)
  async onTraced(payload: { fail?: boolean }): Promise<void> {
    baggage.push(propagation.getActiveBaggage()?.getEntry('tenant')?.value);
    await this.redis.get(`${ns}:key`);
    if (payload?.fail === true) throw new RangeError('secret');
  }

  @OnRedisMessage(`${ns}.traced`)
  onSecond(): void {}

  @UseInterceptors(RedisTracingInterceptor)
  @OnRedisMessage(`${ns}.intercepted`, { connection: 'plain' })
  onIntercepted(): void {}
}

@Injectable()
class Inventive {
  @OnRedisMessage(`${ns}.inventive`)
  onInventive(payload: { error: string }): void {
    throw Object.assign(new Error('secret'), { name: payload.error });
  }
}

async function start(options: RedisModuleOptions, providers: Type[] = [Handlers]): Promise<RedisPublisher> {
  module = await Test.createTestingModule({
    imports: [
      RedisModule.forRoot({ url: server.url, envelope: true, ...options }),
      RedisModule.forRoot({ name: 'plain', url: server.url, envelope: true }),
    ],
    providers,
  })
    .setLogger(silent)
    .compile();
  await module.init();
  exporter.reset();
  return module.get(RedisPublisher);
}

const spansNamed = (name: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === name);

async function spansOf(name: string, count: number): Promise<ReadableSpan[]> {
  await eventually(() => expect(spansNamed(name)).toHaveLength(count));
  return spansNamed(name);
}

/** Publishes inside of a span, as a request does. */
const request = <T>(work: () => Promise<T>): Promise<T> =>
  tracer.startActiveSpan('REQUEST', async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });

const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

describe('one trace', () => {
  test('holds the request, the publishing, every handler and the commands inside', async () => {
    const publisher = await start({ telemetry: { traces: true } });
    await request(() => publisher.publish(`${ns}.traced`, { n: 1 }, { id: 'a-7' }));
    const [parent] = await spansOf('REQUEST', 1);
    const [producer] = await spansOf(`publish ${ns}.traced`, 1);
    const consumers = await spansOf(`process ${ns}.traced`, 2);
    const [command] = await spansOf('PUBLISH', 1);
    const [inside] = await spansOf('GET', 1);
    expect(parentOf(producer!)).toBe(idOf(parent!));
    expect(parentOf(command!)).toBe(idOf(producer!));
    for (const consumer of consumers) expect(parentOf(consumer)).toBe(idOf(producer!));
    const first = consumers.find(
      ({ attributes }) => attributes['code.function.name'] === 'Handlers.onTraced',
    )!;
    expect(parentOf(inside!)).toBe(idOf(first));
    expect(new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(exporter.getFinishedSpans()).toHaveLength(6);

    expect(producer!.kind).toBe(SpanKind.PRODUCER);
    expect(producer!.attributes).toEqual({
      'messaging.system': 'redis',
      'server.address': server.host,
      'server.port': server.port,
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': `${ns}.traced`,
      'messaging.message.id': 'a-7',
      'messaging.message.body.size': 7,
    });
    expect(first.kind).toBe(SpanKind.CONSUMER);
    expect(first.attributes).toEqual({
      'messaging.system': 'redis',
      'server.address': server.host,
      'server.port': server.port,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': `${ns}.traced`,
      'messaging.message.id': 'a-7',
      'messaging.message.envelope.size': expect.any(Number),
      'code.function.name': 'Handlers.onTraced',
    });
  });

  test('also by RedisTracingInterceptor, on a connection without traces', async () => {
    const publisher = await start({ telemetry: { traces: true } });
    await request(() => publisher.publish(`${ns}.intercepted`, 1));
    const [producer] = await spansOf(`publish ${ns}.intercepted`, 1);
    const [consumer] = await spansOf(`process ${ns}.intercepted`, 1);
    expect(parentOf(consumer!)).toBe(idOf(producer!));
    expect(consumer!.attributes['messaging.message.id']).toEqual(expect.any(String));
  });

  test('is carried by the propagator of the application, with its baggage', async () => {
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
    const publisher = await start({ telemetry: { traces: true } });
    const subscription = await module!.get(RedisClient).subscribe(`${ns}.traced`);
    const tenant = propagation.createBaggage({ tenant: { value: 'a b' } });
    await context.with(propagation.setBaggage(context.active(), tenant), () =>
      publisher.publish(`${ns}.traced`, {}),
    );
    const [producer] = await spansOf(`publish ${ns}.traced`, 1);
    const consumers = await spansOf(`process ${ns}.traced`, 2);
    for (const consumer of consumers) expect(parentOf(consumer)).toBe(idOf(producer!));
    expect(baggage).toEqual(['a b']);
    const { value } = await subscription.next();
    const { traceId, spanId } = producer!.spanContext();
    expect(JSON.parse(value!.data)).toMatchObject({
      traceparent: `00-${traceId}-${spanId}-01`,
      baggage: 'tenant=a%20b',
    });
    await subscription.unsubscribe();
  });

  test('baggage comes without a trace, too: the handler begins one', async () => {
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
    await start({ telemetry: { traces: true } });
    const event = { specversion: '1.0', id: '1', source: 'shop', type: 'orders', baggage: 'tenant=a%20b' };
    const zeros = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`;
    for (const fields of [event, { ...event, traceparent: zeros }])
      await module!.get(RedisClient).publish(`${ns}.traced`, JSON.stringify(fields));
    const consumers = await spansOf(`process ${ns}.traced`, 4);
    for (const consumer of consumers) expect(parentOf(consumer)).toBeUndefined();
    expect(baggage).toEqual(['a b', 'a b']);
  });

  test('as far as a propagator of another kind goes: traceparent is there in any case', async () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    propagation.setGlobalPropagator({ inject: broken, extract: broken, fields: () => [] });
    const publisher = await start({ telemetry: { traces: true } });
    await publisher.publish(`${ns}.traced`, {});
    const [producer] = await spansOf(`publish ${ns}.traced`, 1);
    for (const consumer of await spansOf(`process ${ns}.traced`, 2))
      expect(parentOf(consumer)).toBe(idOf(producer!));
  });

  test('ends where there is no envelope', async () => {
    const publisher = await start({ telemetry: { traces: true }, envelope: false });
    await request(() => publisher.publish(`${ns}.traced`, {}));
    for (const consumer of await spansOf(`process ${ns}.traced`, 2)) {
      expect(consumer.parentSpanContext).toBeUndefined();
      expect(consumer.attributes['messaging.message.body.size']).toBe(2);
    }
    const [producer] = await spansOf(`publish ${ns}.traced`, 1);
    expect(producer!.attributes).not.toHaveProperty(['messaging.message.id']);
  });
});

describe('strangers', () => {
  const valid = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

  test.each<[string, boolean]>([
    [valid, false],
    [valid, true],
  ])('join by their traceparent %s; with a propagator: %s', async (traceparent, configured) => {
    if (configured) propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    await start({ telemetry: { traces: true } });
    await send({ traceparent, tracestate: 'vendor=1' });
    for (const consumer of await spansOf(`process ${ns}.traced`, 2)) {
      expect(consumer.parentSpanContext).toMatchObject({ spanId: 'b'.repeat(16), isRemote: true });
      expect(consumer.spanContext().traceId).toBe('a'.repeat(32));
      expect(consumer.spanContext().traceState?.serialize()).toBe('vendor=1');
    }
  });

  test.each<[string, object]>([
    ['no hexadecimal', { traceparent: `00-${'z'.repeat(32)}-${'b'.repeat(16)}-01` }],
    ['zeros', { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` }],
    ['a number', { traceparent: 7 }],
    ['an object', { traceparent: { a: 1 } }],
    ['a megabyte', { traceparent: valid.padEnd(1_000_000, '0'), tracestate: 'x'.repeat(1_000_000) }],
    ['a state alone', { tracestate: 'vendor=1' }],
  ])('%s begins a trace of its own, and is handled', async (_, fields) => {
    await start({ telemetry: { traces: true } });
    await send(fields);
    for (const consumer of await spansOf(`process ${ns}.traced`, 2)) {
      expect(consumer.parentSpanContext).toBeUndefined();
      expect(consumer.status.code).toBe(SpanStatusCode.UNSET);
    }
  });

  async function send(fields: object): Promise<void> {
    const event = { specversion: '1.0', id: 'x', source: 's', type: 't', data: {}, ...fields };
    await module!.get(RedisClient).publish(`${ns}.traced`, JSON.stringify(event));
  }
});

test.each(['onStart', 'onEnd'] as const)(
  'a span processor whose %s throws keeps no message from being sent, handled and counted',
  async (broken) => {
    const fail = (): never => {
      throw new Error('broken');
    };
    trace.disable();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({
        spanProcessors: [
          {
            onStart: (span) => (broken === 'onStart' && span.name.startsWith('p') ? fail() : undefined),
            onEnd: (span) => (broken === 'onEnd' && span.name.startsWith('p') ? fail() : undefined),
            forceFlush: async () => undefined,
            shutdown: async () => undefined,
          },
        ],
      }),
    );
    try {
      const publisher = await start({ telemetry: { traces: true } });
      expect(await publisher.publish(`${ns}.traced`, { n: 1 })).toBe(1);
      expect(await publisher.publish(`${ns}.intercepted`, 1)).toBe(1);
      await eventually(() =>
        expect(module!.get(RedisHandlers).messageStats()).toMatchObject(
          Array.from({ length: 3 }, () => ({ received: 1, handled: 1, failed: 0 })),
        ),
      );
    } finally {
      trace.disable();
      trace.setGlobalTracerProvider(
        new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
      );
    }
  },
);

test('a publish that fails fails its span, by its code', async () => {
  const publisher = await start({ telemetry: { traces: true } });
  module!.get(RedisClient).destroy();
  await expect(publisher.publish(`${ns}.nobody`, 'hunter2')).rejects.toThrow();
  const [producer] = await spansOf(`publish ${ns}.nobody`, 1);
  expect(producer!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'CLOSED' });
  expect(producer!.attributes['error.type']).toBe('CLOSED');
  expect(producer!.events).toEqual([]);
});

test('metrics of handlers: consumed, duration, dropped, waiting, in flight', async () => {
  const readerOf = (temporality: AggregationTemporality): PeriodicExportingMetricReader =>
    new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(temporality),
      exportIntervalMillis: 2 ** 30,
    });
  const reader = readerOf(AggregationTemporality.CUMULATIVE);
  /** Shows only what was observed since it was read last. */
  const news = readerOf(AggregationTemporality.DELTA);
  const provider = new MeterProvider({ readers: [reader, news] });
  metrics.setGlobalMeterProvider(provider);
  const collect = async (from = reader): Promise<Map<string, Map<string, unknown>>> => {
    const { resourceMetrics } = await from.collect();
    return new Map(
      resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .map(({ descriptor, dataPoints }) => [
          descriptor.name,
          new Map(dataPoints.map(({ attributes, value }) => [JSON.stringify(attributes), value])),
        ]),
    );
  };
  const common = {
    'messaging.system': 'redis',
    'server.address': server.host,
    'server.port': server.port,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
  };
  const key = (handler: string, rest: object = {}, channel = `${ns}.traced`): string =>
    JSON.stringify({
      ...common,
      'messaging.destination.name': channel,
      'code.function.name': `Handlers.${handler}`,
      ...rest,
    });

  const publisher = await start({ telemetry: { metrics: true } });
  await publisher.publish(`${ns}.traced`, {});
  await publisher.publish(`${ns}.traced`, { fail: true });
  await eventually(async () =>
    expect((await collect()).get('messaging.client.consumed.messages')).toEqual(
      new Map([
        [key('onTraced'), 2],
        [key('onSecond'), 2],
      ]),
    ),
  );
  const collected = await collect();
  expect(collected.get('messaging.process.duration')).toEqual(
    new Map([
      [key('onTraced'), expect.objectContaining({ count: 1 })],
      [key('onTraced', { 'error.type': 'RangeError' }), expect.objectContaining({ count: 1 })],
      [key('onSecond'), expect.objectContaining({ count: 2 })],
    ]),
  );
  for (const name of ['redis.messages.dropped', 'redis.messages.waiting', 'redis.messages.in_flight']) {
    // the handlers of the connection that asked for metrics, and no other
    expect([name, collected.get(name)]).toEqual([
      name,
      new Map([
        [key('onTraced'), 0],
        [key('onSecond'), 0],
      ]),
    ]);
  }
  expect((await collect(news)).get('redis.messages.waiting')?.size).toBe(2);
  await module!.close();
  module = undefined;
  expect((await collect(news)).get('redis.messages.waiting')?.size ?? 0).toBe(0);
  await provider.shutdown();
});

test('errors of handlers with as many names as there are messages are no endless series', async () => {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 2 ** 30,
  });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  const publisher = await start({ telemetry: { metrics: true } }, [Inventive]);
  for (let nth = 0; nth < 120; nth++) await publisher.publish(`${ns}.inventive`, { error: `Error${nth}` });
  await eventually(() => expect(module!.get(RedisHandlers).messageStats()).toMatchObject([{ failed: 120 }]));
  const { resourceMetrics } = await reader.collect();
  const durations = resourceMetrics.scopeMetrics
    .flatMap((scope) => scope.metrics)
    .find(({ descriptor }) => descriptor.name === 'messaging.process.duration')!;
  const types = durations.dataPoints.map(({ attributes }) => attributes['error.type']);
  expect(types).toHaveLength(101);
  expect(types).toContain('_OTHER');
  await module!.close();
  module = undefined;
  await provider.shutdown();
});
