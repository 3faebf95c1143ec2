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
  OnRedisMessage,
  RedisClient,
  RedisModule,
  RedisPool,
  RedisTracingInterceptor,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

const ns = `nest-${randomUUID()}`;
const exporter = new InMemorySpanExporter();
const tracer = trace.getTracer('test');
let server: ObtainedServer;
let module: TestingModule | undefined;

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

beforeEach(() => exporter.reset());

afterEach(async () => {
  await module?.close();
  module = undefined;
  delete process.env['OTEL_SEMCONV_STABILITY_OPT_IN'];
});

@Injectable()
class Orders {
  constructor(private readonly redis: RedisClient) {}

  @OnRedisMessage(`${ns}.orders.*`, { pattern: true })
  async onOrder(payload: { fail?: boolean }): Promise<void> {
    await this.redis.set(`${ns}:handled`, '1');
    if (payload.fail === true) throw new RangeError('secret');
  }

  @UseInterceptors(RedisTracingInterceptor)
  @OnRedisMessage(`${ns}.single`)
  async onSingle(): Promise<void> {
    await this.redis.get(`${ns}:handled`);
  }
}

async function start(
  options: RedisModuleOptions,
  providers: (new (redis: RedisClient) => object)[] = [],
): Promise<RedisClient> {
  module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ url: server.url, ...options })],
    providers,
  })
    .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
    .compile();
  await module.init();
  exporter.reset();
  return module.get(RedisClient);
}

function spansNamed(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

async function spanNamed(name: string): Promise<ReadableSpan> {
  await eventually(() => expect(spansNamed(name)).toHaveLength(1));
  return spansNamed(name)[0]!;
}

describe('spans of commands', () => {
  test('by the current conventions, without values', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.set(`${ns}:secret`, 'hunter2', 'EX', 10);
    const span = await spanNamed('SET');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.instrumentationScope.name).toBe('nestjs-redwire');
    expect(span.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '0',
      'db.query.text': expect.stringMatching(/^SET /),
      'server.address': server.host,
      'server.port': server.port,
    });
    expect(JSON.stringify(span.attributes)).not.toMatch(/hunter2/);
  });

  test('under the older names also, where the environment says so', async () => {
    process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] = 'http,database/dup';
    const redis = await start({ telemetry: { traces: true } });
    await redis.ping();
    expect((await spanNamed('PING')).attributes).toMatchObject({
      'db.system.name': 'redis',
      'db.system': 'redis',
      'db.operation': 'PING',
      'db.statement': 'PING',
      'db.redis.database_index': 0,
      'net.peer.name': server.host,
      'net.peer.port': server.port,
    });
  });

  test("are the children of what is active where the command is called, also in one tick's pipeline", async () => {
    const redis = await start({ telemetry: { traces: true } });
    const call = (name: string): Promise<unknown> =>
      tracer.startActiveSpan(name, async (span) => {
        await redis.get(name);
        // after the reply too
        await redis.del(name);
        span.end();
      });
    await Promise.all(['one', 'two', 'three'].map((name) => call(`${ns}:${name}`)));
    const parents = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.INTERNAL);
    expect(parents).toHaveLength(3);
    for (const parent of parents) {
      const children = exporter
        .getFinishedSpans()
        .filter((span) => span.parentSpanContext?.spanId === parent.spanContext().spanId);
      expect(children.map(({ name }) => name)).toEqual(['GET', 'DEL']);
    }
  });

  test('that fail carry the code, not the words', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.set(`${ns}:text`, 'hunter2', 'EX', 10);
    await expect(redis.incr(`${ns}:text`)).rejects.toThrow();
    const span = await spanNamed('INCR');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'ERR' });
    expect(span.attributes).toMatchObject({ 'error.type': 'ERR', 'db.response.status_code': 'ERR' });
    expect(span.events).toEqual([]);
  });

  test('of the pool, too; and none where traces are off', async () => {
    await start({ telemetry: { traces: true } });
    await module!.get(RedisPool).use((client) => client.ping());
    await spanNamed('PING');
    await module!.close();
    const redis = await start({});
    await redis.ping();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe('spans of pipelines', () => {
  test('one for all commands: named, described and counted by the conventions, without values', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.pipeline().set(`${ns}:secret`, 'hunter2', 'EX', 10).get(`${ns}:secret`).exec();
    const span = await spanNamed('PIPELINE');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'PIPELINE',
      'db.operation.batch.size': 2,
      'db.namespace': '0',
      'db.query.text': 'SET ? ? ? ?\nGET ?',
      'server.address': server.host,
      'server.port': server.port,
    });
    expect(exporter.getFinishedSpans()).toEqual([span]);
  });

  test.each([
    ['of one kind of command, their text once where it is the same', [1, 1, 1], 'PIPELINE DEL', 'DEL ?', 3],
    ['of one kind of command', [1, 2], 'PIPELINE DEL', 'DEL ?\nDEL ? ?', 2],
    // a batch is two or more
    ['of a single command', [2], 'DEL', 'DEL ? ?', undefined],
  ])('%s', async (_what, keys, name, text, size) => {
    const redis = await start({ telemetry: { traces: true } });
    const pipeline = redis.pipeline();
    for (const count of keys) pipeline.del(Array.from({ length: count }, () => `${ns}:none`));
    await pipeline.exec();
    const { attributes } = await spanNamed(name);
    expect(attributes).toMatchObject({ 'db.operation.name': name, 'db.query.text': text });
    expect(attributes['db.operation.batch.size']).toBe(size);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });

  test('of many commands: all are counted, the first twenty described', async () => {
    const redis = await start({ telemetry: { traces: true } });
    const pipeline = redis.pipeline();
    for (let index = 0; index < 30; index++) pipeline.get(`${ns}:${index}`).exists(`${ns}:${index}`);
    await pipeline.exec();
    const { attributes } = await spanNamed('PIPELINE');
    expect(attributes['db.operation.batch.size']).toBe(60);
    const lines = String(attributes['db.query.text']).split('\n');
    expect(lines).toHaveLength(21);
    expect(lines.slice(-2)).toEqual(['EXISTS ?', '… (40 more)']);
  });

  test('fail with the first error, by its code, whether it is thrown or is a value in its place', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.set(`${ns}:text`, 'hunter2', 'EX', 10);
    for (const throwOnError of [false, true]) {
      const pipeline = redis.pipeline().get(`${ns}:text`).lpush(`${ns}:text`, 'hunter2').incr(`${ns}:text`);
      const outcome = throwOnError ? pipeline.exec({ throwOnError }) : pipeline.exec();
      if (throwOnError) await expect(outcome).rejects.toThrow(/2 of 3/);
      else expect((await outcome)[1]).toMatchObject({ code: 'WRONGTYPE' });
    }
    await eventually(() => expect(spansNamed('PIPELINE')).toHaveLength(2));
    for (const span of spansNamed('PIPELINE')) {
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'WRONGTYPE' });
      expect(span.attributes).toMatchObject({
        'error.type': 'WRONGTYPE',
        'db.response.status_code': 'WRONGTYPE',
        'db.operation.batch.size': 3,
      });
      expect(span.events).toEqual([]);
      expect(JSON.stringify(span.attributes)).not.toMatch(/hunter2/);
    }
  });

  test('end with an error when the pipeline was never sent', async () => {
    const redis = await start({ telemetry: { traces: true } });
    const aborted = redis.with({ signal: AbortSignal.abort() });
    await aborted.pipeline().get('a').incr('b').exec();
    expect((await spanNamed('PIPELINE')).attributes).toMatchObject({ 'error.type': 'ABORTED' });
  });

  test('are the children of what is active where exec() is called', async () => {
    const redis = await start({ telemetry: { traces: true } });
    const pipeline = redis.pipeline().get('a').exists('b');
    await tracer.startActiveSpan('PARENT', async (parent) => {
      await pipeline.exec();
      parent.end();
    });
    const parent = await spanNamed('PARENT');
    expect((await spanNamed('PIPELINE')).parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });
});

describe('spans of transactions', () => {
  test('one for all commands; what watch() reads before has its own', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.multi((tx) => tx.set(`${ns}:secret`, 'hunter2', 'EX', 10).get(`${ns}:secret`));
    expect((await spanNamed('MULTI')).attributes).toMatchObject({
      'db.operation.name': 'MULTI',
      'db.operation.batch.size': 2,
      'db.query.text': 'SET ? ? ? ?\nGET ?',
    });
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    exporter.reset();
    await redis.watch([`${ns}:secret`], (tx) => tx.get(`${ns}:secret`));
    await spanNamed('MULTI GET');
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['WATCH', 'MGET', 'MULTI GET']);
  });

  test('fail by the code of what was refused, or of the first that failed', async () => {
    const redis = await start({ telemetry: { traces: true } });
    await redis.set(`${ns}:text`, 'hunter2', 'EX', 10);
    await redis.multi((tx) => tx.get(`${ns}:text`).lpush(`${ns}:text`, 'hunter2'));
    expect((await spanNamed('MULTI')).status).toEqual({ code: SpanStatusCode.ERROR, message: 'WRONGTYPE' });
    exporter.reset();
    await expect(redis.multi((tx) => tx.call('GET', 'a', 'hunter2'))).rejects.toThrow(/EXECABORT/);
    const { status, attributes } = await spanNamed('MULTI GET');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'EXECABORT' });
    expect(JSON.stringify(attributes)).not.toMatch(/hunter2/);
  });
});

describe('spans of messages', () => {
  test('CONSUMER spans hold the spans of the commands inside', async () => {
    const redis = await start({ telemetry: { traces: true } }, [Orders]);
    await redis.publish(`${ns}.orders.created`, '{}');
    const consumer = await spanNamed(`process ${ns}.orders.*`);
    expect(consumer.kind).toBe(SpanKind.CONSUMER);
    expect(consumer.attributes).toEqual({
      'messaging.system': 'redis',
      'server.address': server.host,
      'server.port': server.port,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': `${ns}.orders.created`,
      'messaging.destination.template': `${ns}.orders.*`,
      'messaging.message.body.size': 2,
      'code.function.name': 'Orders.onOrder',
    });
    const command = await spanNamed('SET');
    expect(command.parentSpanContext?.spanId).toBe(consumer.spanContext().spanId);
    expect(command.spanContext().traceId).toBe(consumer.spanContext().traceId);
  });

  test('a handler that throws fails its span', async () => {
    const redis = await start({ telemetry: { traces: true } }, [Orders]);
    await redis.publish(`${ns}.orders.created`, '{"fail":true}');
    const consumer = await spanNamed(`process ${ns}.orders.*`);
    expect(consumer.status).toEqual({ code: SpanStatusCode.ERROR, message: 'RangeError' });
    expect(consumer.attributes).toMatchObject({ 'error.type': 'RangeError' });
  });

  test.each([true, false])(
    'traces: %s: what is active at boot is not what messages belong to',
    async (traces) => {
      const requests = new AsyncLocalStorage<string>();
      const stores: unknown[] = [];
      @Injectable()
      class Stores {
        @OnRedisMessage(`${ns}.single`)
        onSingle(): void {
          stores.push(requests.getStore());
        }
      }
      const redis = await tracer.startActiveSpan('BOOT', async (boot) => {
        const client = await requests.run('boot', () => start({ telemetry: { traces } }, [Orders, Stores]));
        boot.end();
        return client;
      });
      await redis.publish(`${ns}.single`, '1');
      await eventually(() => expect(stores).toEqual([undefined]));
      const name = `process ${ns}.single`;
      await eventually(() => expect(spansNamed(name)).toHaveLength(traces ? 2 : 1));
      for (const span of spansNamed(name)) expect(span.parentSpanContext).toBeUndefined();
    },
  );

  test.each([true, false])('RedisTracingInterceptor makes one span, with traces: %s', async (traces) => {
    const redis = await start({ telemetry: { traces } }, [Orders]);
    await redis.publish(`${ns}.single`, '1');
    const consumer = await spanNamed(`process ${ns}.single`);
    expect(consumer.attributes['code.function.name']).toBe('Orders.onSingle');
    if (traces)
      expect((await spanNamed('GET')).parentSpanContext?.spanId).toBe(consumer.spanContext().spanId);
    expect(exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CONSUMER)).toHaveLength(1);
  });
});
