import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Injectable, UseInterceptors } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  getRedisToken,
  OnRedisStream,
  RedisClient,
  RedisModule,
  RedisPublisher,
  RedisStreamContext,
  RedisTracingInterceptor,
  type RedisAddOptions,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

const exporter = new InMemorySpanExporter();
const logger = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: ObtainedServer;
let plain: RedisClient;
let module: TestingModule | undefined;
let stream: string;
let calls: unknown[] = [];

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  server = await obtainServer();
  plain = new RedisClient(server.url);
});

afterAll(async () => {
  trace.disable();
  context.disable();
  await plain.close();
  await server.stop();
});

beforeEach(() => {
  exporter.reset();
  calls = [];
  stream = `adding-${randomUUID()}`;
});

afterEach(async () => {
  await module?.close();
  module = undefined;
  await plain.del(stream);
});

async function start(
  options: RedisModuleOptions = {},
  providers: (new (...args: never[]) => object)[] = [],
): Promise<RedisPublisher> {
  module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ url: server.url, ...options })],
    providers,
  })
    .setLogger(logger)
    .compile();
  await module.init();
  return module.get(RedisPublisher);
}

const entries = async (): Promise<Record<string, string>[]> =>
  (await plain.xrange(stream, '-', '+')).map(({ fields }) => fields);

function spanNamed(name: string): Promise<ReadableSpan> {
  return eventually(() => {
    const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
    expect(spans).toHaveLength(1);
    return spans[0]!;
  });
}

describe('RedisPublisher.add()', () => {
  test('adds a record of fields, or one field by a codec, and gives the id', async () => {
    const publisher = await start();
    const id = await publisher.add(stream, { id: 'a', total: 3, big: 2n ** 60n, bytes: Buffer.from('b') });
    expect((await plain.xrange(stream, id, id))[0]!.fields).toEqual({
      id: 'a',
      total: '3',
      big: String(2n ** 60n),
      bytes: 'b',
    });
    await publisher.add(stream, { deep: [1] }, { field: 'data' });
    await publisher.add(stream, 'text', { field: 'data', codec: 'text' });
    await publisher.add(stream, [1, 2], {
      field: 'data',
      codec: { encode: (value) => `<${String(value)}>` },
    });
    expect(await publisher.add(stream, { n: 1 }, { id: '9999999999999-1' })).toBe('9999999999999-1');
    expect((await entries()).slice(1)).toEqual([
      { data: '{"deep":[1]}' },
      { data: 'text' },
      { data: '<1,2>' },
      { n: '1' },
    ]);
  });

  test('trims where it is told', async () => {
    const publisher = await start();
    for (let n = 0; n < 300; n++) await publisher.add(stream, { n }, { maxlen: 100 });
    // about as many: whole nodes of the server's own are cut off
    expect(await plain.xlen(stream)).toBeLessThan(300);
    expect((await entries()).at(-1)).toEqual({ n: '299' });
  });

  test.each<[unknown, unknown, RegExp]>([
    [{}, {}, /add\(\) to stream ".*": the payload must be a record of fields that is not empty/],
    [[1], {}, /name a field for it: \{ field: 'data' \}/],
    ['text', {}, /must be a record of fields/],
    [Buffer.from('a'), {}, /must be a record of fields/],
    [{ secret: { deep: 'hunter2' } }, {}, /the field 'secret' is no string, number, bigint or Buffer/],
    [{ a: undefined }, {}, /the field 'a' is no string/],
    [{ a: 1 }, { codec: 'json' }, /'codec' needs 'field'/],
    [{ a: 1 }, { feild: 'a' }, /did you mean 'field'/],
    [{ a: 1 }, { maxlen: -1 }, /'maxlen' must be a number of entries/],
    [{ a: 1n }, { field: 'data' }, /add\(\) to stream ".*": the payload cannot be written as JSON/],
    [{ baggage: 'two bags' }, { trace: true }, /the field 'baggage' belongs to the trace context/],
  ])('refuses %j with %j, and sends nothing', async (payload, options, message) => {
    const publisher = await start();
    const failure: unknown = await publisher
      .add(stream, payload, options as RedisAddOptions)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).not.toContain('hunter2');
    expect(await plain.exists(stream)).toBe(0);
  });

  test('refuses no stream, and a stand-in without xadd()', async () => {
    const publisher = await start();
    await expect(publisher.add('', { a: 1 })).rejects.toThrow(/its first argument is the stream/);
    await module!.close();
    module = await Test.createTestingModule({ imports: [RedisModule.forRoot({ url: server.url })] })
      .overrideProvider(getRedisToken())
      .useValue({})
      .setLogger(logger)
      .compile();
    await expect(module.get(RedisPublisher).add(stream, { a: 1 })).rejects.toThrow(
      /"default" has no xadd\(\)/,
    );
  });
});

describe('spans', () => {
  const tracer = trace.getTracer('test');

  function worker(): new (redis: RedisClient) => object {
    @Injectable()
    class Orders {
      constructor(private readonly redis: RedisClient) {}

      @OnRedisStream(stream, { group: 'g', consumer: 'me' })
      async onOrder(payload: Record<string, string>, { fields }: RedisStreamContext): Promise<void> {
        await this.redis.get('some:key');
        calls.push([payload, Object.keys(fields)]);
        if (payload['fail'] !== undefined) throw new RangeError('hunter2');
      }
    }
    return Orders;
  }

  test('join what adds, the handler and its commands in one trace', async () => {
    const publisher = await start({ telemetry: { traces: true } }, [worker()]);
    exporter.reset();
    const id = await tracer.startActiveSpan('request', async (span) => {
      const added = await publisher.add(stream, { n: 1 }, { trace: true });
      span.end();
      return added;
    });
    const producer = await spanNamed(`add ${stream}`);
    const consumer = await spanNamed(`process ${stream}`);
    expect(producer.kind).toBe(SpanKind.PRODUCER);
    expect(producer.attributes).toEqual({
      'messaging.system': 'redis',
      'server.address': server.host,
      'server.port': server.port,
      'messaging.operation.name': 'add',
      'messaging.operation.type': 'send',
      'messaging.destination.name': stream,
      'messaging.message.id': id,
    });
    expect(consumer.kind).toBe(SpanKind.CONSUMER);
    expect(consumer.attributes).toEqual({
      'messaging.system': 'redis',
      'server.address': server.host,
      'server.port': server.port,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': stream,
      'messaging.consumer.group.name': 'g',
      'messaging.client.id': 'me',
      'messaging.message.id': id,
      'messaging.redis.message.delivery_count': 1,
      'code.function.name': 'Orders.onOrder',
    });
    expect(consumer.parentSpanContext).toMatchObject({
      spanId: producer.spanContext().spanId,
      traceId: (await spanNamed('request')).spanContext().traceId,
      isRemote: true,
    });
    expect((await spanNamed('GET')).parentSpanContext?.spanId).toBe(consumer.spanContext().spanId);
    expect(calls).toEqual([[{ n: '1' }, ['n', 'traceparent']]]);
  });

  test.each([
    ['without a trace', {}],
    ['with one that is broken', { traceparent: 'hunter2' }],
    [
      'with one that is too long',
      { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01${' '.repeat(9_000)}` },
    ],
  ])('of an entry %s begin one, and a failure carries no words', async (_, fields) => {
    await start({ telemetry: { traces: true } }, [worker()]);
    exporter.reset();
    await plain.xadd(stream, '*', { fail: 'yes', ...fields });
    const span = await spanNamed(`process ${stream}`);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'RangeError' });
    expect(JSON.stringify([span.attributes, span.events])).not.toContain('hunter2');
  });

  test('and the stores of what was active at boot are not those of entries', async () => {
    const storage = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    @Injectable()
    class Orders {
      @OnRedisStream(stream, { group: 'g' })
      onOrder(): void {
        stores.push(storage.getStore());
      }
    }
    await storage.run('boot', () =>
      tracer.startActiveSpan('boot', async (span) => {
        await start({ telemetry: { traces: true } }, [Orders]);
        span.end();
      }),
    );
    await plain.xadd(stream, '*', { n: 1 });
    expect((await spanNamed(`process ${stream}`)).parentSpanContext).toBeUndefined();
    expect(stores).toEqual([undefined]);
  });

  test('the connection decides where nothing is said: with envelope entries carry the trace, without they do not', async () => {
    const carrying = await start({ telemetry: { traces: true }, envelope: true });
    await carrying.add(stream, { n: 1 });
    await carrying.add(stream, { n: 2, baggage: 'mine' }, { trace: false });
    await module!.close();
    const bare = await start({ telemetry: { traces: true } });
    await bare.add(stream, { n: 3 });
    await module!.close();
    const untraced = await start({ envelope: true });
    await untraced.add(stream, { n: 4 });
    expect((await entries()).map((fields) => Object.keys(fields))).toEqual([
      ['n', 'traceparent'],
      ['n', 'baggage'],
      ['n'],
      ['n'],
    ]);
  });

  test('RedisTracingInterceptor makes one for a single handler, in the trace of the entry', async () => {
    @Injectable()
    class Orders {
      @UseInterceptors(RedisTracingInterceptor)
      @OnRedisStream(stream, { group: 'g' })
      onOrder(): void {}
    }
    await start({}, [Orders]);
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
    await plain.xadd(stream, '*', { n: 1, traceparent: `00-${traceId}-${spanId}-01` });
    const span = await spanNamed(`process ${stream}`);
    expect(span.parentSpanContext).toMatchObject({ traceId, spanId });
    expect(span.attributes['code.function.name']).toBe('Orders.onOrder');
  });
});
