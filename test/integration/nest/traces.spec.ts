import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { context, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OnRedisMessage, RedisClient, RedisModule, RedisPool, type RedisClientOptions } from 'nestjs-redwire';
import { createCommandTracer } from '../../../lib/telemetry/command-tracer.js';
import { connectionOf } from '../../support/connection-of.js';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { SECRET } from '../core/support/index.js';

const exporter = new InMemorySpanExporter();
const requests = new AsyncLocalStorage<string>();
const opened: { destroy(): void }[] = [];

beforeAll(() => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
});

afterAll(() => {
  trace.disable();
  context.disable();
});

beforeEach(() => exporter.reset());

afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** Runs `work` as a request of its own, and gives its span, once it is there. */
async function asRequest(name: string, work: () => Promise<unknown>): Promise<ReadableSpan> {
  await requests.run(name, () =>
    trace.getTracer('test').startActiveSpan(name, async (span) => {
      try {
        await work();
      } finally {
        // what follows an await is still the request's
        expect([name, trace.getActiveSpan() === span, requests.getStore()]).toEqual([name, true, name]);
        span.end();
      }
    }),
  );
  return exporter.getFinishedSpans().find((span) => span.name === name)!;
}

/** Names of the spans whose parent it is, in the order in which they ended. */
function childrenOf(parent: ReadableSpan): string[] {
  const { spanId, traceId } = parent.spanContext();
  return exporter
    .getFinishedSpans()
    .filter((span) => span.parentSpanContext?.spanId === spanId && span.spanContext().traceId === traceId)
    .map(({ name }) => name);
}

function spanNamed(name: string): ReadableSpan {
  const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
  expect(spans).toHaveLength(1);
  return spans[0]!;
}

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterAll(() => server.stop());

  async function connect(options: RedisClientOptions = {}): Promise<RedisClient> {
    const client = new RedisClient({ host: '127.0.0.1', port: server.port, ...options });
    opened.push(client);
    client.observe(createCommandTracer(api));
    await client.connect();
    return client;
  }

  describe('the parent of a span', () => {
    it('is the caller of its command, of many in one tick', async () => {
      const client = await connect();
      const names = Array.from({ length: 100 }, (_, index) => `request ${index}`);
      const parents = await Promise.all(
        names.map((name, index) =>
          asRequest(name, async () => {
            await Promise.all([client.set(name, index), client.expire(name, 10)]);
            expect(await client.get(name)).toBe(String(index));
            await client.lpush(name, 'x').catch(() => undefined);
            await client.del(name);
          }),
        ),
      );
      for (const parent of parents)
        expect(childrenOf(parent)).toEqual(['SET', 'EXPIRE', 'GET', 'LPUSH', 'DEL']);
    });

    it('of a blocking command, which covers its wait', async () => {
      const client = await connect();
      const waiting = asRequest('waits', async () => {
        expect(await client.blpop('queue', 0)).toEqual(['queue', 'job']);
        await client.get('after');
      });
      await eventually(() => client.inFlight === 1);
      const pushed = await asRequest('pushes', async () => {
        expect(exporter.getFinishedSpans()).toEqual([]);
        await client.lpush('queue', 'job');
      });
      expect(childrenOf(await waiting)).toEqual(['BLPOP', 'GET']);
      expect(childrenOf(pushed)).toEqual(['LPUSH']);
      expect(spanNamed('BLPOP').attributes['db.query.text']).toBe('BLPOP ? ?');
    });

    it('of scripts, the first time and afterwards', async () => {
      const client = await connect();
      const script = client.script({ lua: `return KEYS[1] .. '${kind}'`, keys: 1 });
      const first = await asRequest('first', () => script.call(['a'], []));
      expect(childrenOf(first)).toEqual(['EVALSHA', 'EVAL']);
      const { attributes, status } = spanNamed('EVALSHA');
      // it is what happens to every script once, and nobody's failure
      expect(status.code).toBe(SpanStatusCode.UNSET);
      expect(attributes).toMatchObject({
        'db.response.status_code': 'NOSCRIPT',
        'db.stored_procedure.name': script.sha1,
        'db.query.text': 'EVALSHA ? ? ?',
      });
      expect(attributes).not.toHaveProperty(['error.type']);
      exporter.reset();
      const second = await asRequest('second', () => script.call(['a'], []));
      expect(childrenOf(second)).toEqual(['EVALSHA']);
      expect(spanNamed('EVALSHA').attributes).not.toHaveProperty(['db.response.status_code']);
    });

    it('of an EVALSHA by hand, whose NOSCRIPT is a failure, and only a digest is recorded', async () => {
      const client = await connect();
      const sha = 'f'.repeat(40);
      for (const [script, recorded] of [
        [sha, sha],
        ['hunter2', undefined],
      ]) {
        exporter.reset();
        await expect(client.evalsha(script!, 0)).rejects.toThrow(/NOSCRIPT/);
        const { attributes, status } = spanNamed('EVALSHA');
        expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'NOSCRIPT' });
        expect(attributes['db.stored_procedure.name']).toBe(recorded);
      }
    });

    it('of transactions, pipelines, pooled and dedicated clients', async () => {
      const client = await connect();
      const pool = new RedisPool({ host: '127.0.0.1', port: server.port, max: 2 });
      opened.push(pool);
      pool.observe(createCommandTracer(api));
      const work = {
        transaction: () => client.multi((tx) => tx.set('a', 1).get('a')),
        watched: () => client.watch('a', (tx) => tx.get('a')),
        pipeline: () => client.pipeline().get('a').get('b').exec(),
        pooled: () => pool.use((lent) => lent.get('a')),
        dedicated: () =>
          client.dedicated(async (session) => {
            await session.watch('a');
            await session.multi();
            await session.get('a');
            await session.exec();
          }),
      };
      // three of each at once, more than the pool has connections
      const names = Object.keys(work) as (keyof typeof work)[];
      const parents = await Promise.all(
        [0, 1, 2].flatMap((round) =>
          names.map(async (name) => [name, await asRequest(`${name} ${round}`, () => work[name]())] as const),
        ),
      );
      const expected = {
        transaction: ['MULTI'],
        watched: ['WATCH', 'MGET', 'MULTI GET'],
        pipeline: ['PIPELINE GET'],
        pooled: ['GET'],
        dedicated: ['WATCH', 'MULTI', 'GET', 'EXEC'],
      };
      for (const [name, parent] of parents)
        expect([name, childrenOf(parent)]).toEqual([name, expected[name]]);
    });

    it('of a command that is sent again', async () => {
      const client = await connect({ reconnect: { delay: 5 } });
      const parent = await asRequest('again', async () => {
        await server.pause();
        const pending = client.get('a');
        // what is written leaves with the tick
        await new Promise(setImmediate);
        connectionOf(client).drop('The test wants it so.');
        await server.resume();
        await pending;
        await client.exists('a');
      });
      expect(spanNamed('GET').events.map(({ name }) => name)).toEqual(['redis.retry', 'redis.sent']);
      expect(childrenOf(parent)).toEqual(['GET', 'EXISTS']);
    });

    it('of a command that failed, was aborted or timed out', async () => {
      const client = await connect();
      const parent = await asRequest('fails', async () => {
        await expect(client.call('NO.SUCH')).rejects.toThrow();
        await expect(client.with({ signal: AbortSignal.abort() }).get('a')).rejects.toThrow();
        await expect(
          client.dedicated((session) => session.multi().then(() => session.call('NO.SUCH'))),
        ).rejects.toThrow();
      });
      expect(childrenOf(parent)).toEqual(['NO.SUCH', 'GET', 'MULTI', 'NO.SUCH']);
    });
  });

  it('inside a message handler, all commands are children of the span of its message', async () => {
    const active: unknown[] = [];
    @Injectable()
    class Handler {
      constructor(private readonly redis: RedisClient) {}

      @OnRedisMessage('orders')
      async onOrder(): Promise<void> {
        const span = trace.getActiveSpan();
        await Promise.all([this.redis.get('a'), this.redis.pipeline().get('a').get('b').exec()]);
        await this.redis.multi((tx) => tx.get('a'));
        await this.redis.exists('a');
        active.push(trace.getActiveSpan() === span);
      }
    }
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url, telemetry: { traces: true } })],
      providers: [Handler],
    })
      .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
      .compile();
    await module.init();
    const publisher = await connect();
    await Promise.all([publisher.publish('orders', '1'), publisher.publish('orders', '2')]);
    await eventually(() => expect(active).toEqual([true, true]));
    await module.close();
    const messages = exporter.getFinishedSpans().filter(({ name }) => name === 'process orders');
    expect(messages).toHaveLength(2);
    for (const message of messages)
      expect(childrenOf(message).toSorted()).toEqual(['EXISTS', 'GET', 'MULTI GET', 'PIPELINE GET']);
  });

  it('no span shows a key, a value or a secret, whatever is sent, in whatever way', async () => {
    const client = await connect({ connectTimeout: 2_000 });
    const pool = new RedisPool({ host: '127.0.0.1', port: server.port, max: 1 });
    opened.push(pool);
    pool.observe(createCommandTracer(api));
    const secret = `x' "y" ${SECRET}`;
    const script = client.script({ lua: `return redis.error_reply('${SECRET} ' .. ARGV[1])`, keys: 1 });
    const calls: (() => Promise<unknown>)[] = [
      () => client.set(SECRET, secret),
      () => client.set(SECRET, secret, 'EX', 100),
      () => client.mset({ [SECRET]: secret }),
      () => client.hset(SECRET, { [SECRET]: secret }),
      () => client.incr(SECRET),
      () => client.xadd(SECRET, '*', { [SECRET]: secret }),
      () => client.zadd(SECRET, 1, secret),
      () => client.publish(SECRET, secret),
      () => client.blpop(SECRET, 0.01),
      () => client.brpop(SECRET, 0.01),
      () => client.eval(`return '${SECRET}'`, 1, SECRET, secret),
      () => client.eval(`return redis.error_reply('${SECRET}')`, 0),
      () => client.eval(`${SECRET} is no Lua`, 0),
      () => client.evalsha(SECRET, 0, secret),
      () => client.evalsha(`${'a'.repeat(40)}${SECRET}`, 0),
      () => client.fcall(SECRET, 1, SECRET, secret),
      () => client.call('FUNCTION', 'LOAD', `#!lua name=${SECRET}\n${SECRET}`),
      () => script.call([SECRET], [secret]),
      () => client.call('CONFIG', 'SET', 'masterauth', secret, 'port', secret),
      () => client.call('CONFIG', 'SET', secret, 'x'),
      () => client.call('CONFIG', 'GET', secret),
      () => client.call('ACL', 'SETUSER', SECRET, `>${secret}`, 'on'),
      () => client.call('ACL', 'SETUSER', SECRET, secret),
      () => client.call('ACL', 'DELUSER', SECRET),
      () => client.call('ACL', 'DRYRUN', SECRET, 'get', secret),
      () => client.call('MIGRATE', '127.0.0.1', 1, SECRET, 0, 10, 'AUTH', secret),
      () => client.call('CLIENT', 'KILL', 'USER', secret),
      () => client.call('NO.SUCH', SECRET, secret),
      () => client.pipeline().set(SECRET, secret).incr(SECRET).call('AUTH2', secret).exec(),
      () => client.multi((tx) => tx.set(SECRET, secret).incr(SECRET)),
      () => client.multi((tx) => tx.call('GET', SECRET, secret)),
      () => client.watch(SECRET, (tx) => tx.set(SECRET, secret)),
      () => client.dedicated((session) => session.call('AUTH', secret)),
      () => client.dedicated((session) => session.call('AUTH', SECRET, secret)),
      () => client.dedicated((session) => session.call('HELLO', 3, 'AUTH', SECRET, secret)),
      () => pool.use((lent) => lent.set(SECRET, secret)),
    ];
    await Promise.all(calls.map((call) => call().catch(() => undefined)));
    const spans = exporter.getFinishedSpans();
    expect(spans.length).toBeGreaterThanOrEqual(calls.length);
    const shown = spans.map(({ name, attributes, events, status, links }) =>
      inspect({ name, attributes, events, status, links }, { depth: null, maxStringLength: null }),
    );
    expect(shown.filter((text) => text.includes(SECRET))).toEqual([]);
  });

  describe('the attributes of a span', () => {
    it('tell the address behind a name, and that of a pool', async () => {
      const client = await connect({ host: 'localhost', database: 3 });
      await client.get('a');
      const address = connectionOf(client).peer!.address;
      expect(['127.0.0.1', '::1']).toContain(address);
      expect(spanNamed('GET').attributes).toEqual({
        'db.system.name': 'redis',
        'db.operation.name': 'GET',
        'db.namespace': '3',
        'db.query.text': 'GET ?',
        'server.address': 'localhost',
        'server.port': server.port,
        'network.peer.address': address,
        'network.peer.port': server.port,
      });
      const pool = new RedisPool({ host: 'localhost', port: server.port, max: 1 });
      opened.push(pool);
      pool.observe(createCommandTracer(api));
      await pool.use((lent) => lent.ping());
      expect(spanNamed('PING').attributes['network.peer.port']).toBe(server.port);
    });

    it('are bounded, whatever is sent', async () => {
      const client = await connect();
      const name = `X${'Y'.repeat(1_000)}`;
      await client.call(name, ...Array.from({ length: 1_000 }, () => 'a')).catch(() => undefined);
      const pipeline = client.pipeline();
      for (let index = 0; index < 1_000; index++)
        pipeline.call(name, ...Array.from({ length: index }, () => 'a'));
      await pipeline.exec();
      await client
        .eval(`return redis.error_reply(string.rep('Z', 10000) .. ' made up')`, 0)
        .catch(() => undefined);
      expect(exporter.getFinishedSpans()).toHaveLength(3);
      for (const span of exporter.getFinishedSpans()) {
        expect(inspect([span.status, span.attributes['error.type']]).length).toBeLessThan(300);
        expect(span.name.length).toBeLessThan(100);
        expect(String(span.attributes['db.query.text']).length).toBeLessThan(2_500);
      }
    });

    it('end, also where what is told of their failure throws', async () => {
      const ended: string[] = [];
      const provider = {
        getTracer: () => ({
          startSpan: (name: string) => ({
            isRecording: () => true,
            setAttributes: () => {
              throw new Error('no');
            },
            end: () => ended.push(name),
          }),
        }),
      };
      const client = new RedisClient({ host: '127.0.0.1', port: server.port });
      opened.push(client);
      client.observe(createCommandTracer({ ...api, trace: provider } as never));
      await client.call('NOSUCH').catch(() => undefined);
      await client.ping();
      expect(ended).toEqual(['NOSUCH', 'PING']);
    });

    it('are all there for the sampler, and nothing is recorded of what it does not want', async () => {
      const seen: Attributes[] = [];
      class Sampler extends AlwaysOffSampler {
        override shouldSample(
          ...[, , , , attributes]: unknown[]
        ): ReturnType<AlwaysOffSampler['shouldSample']> {
          seen.push({ ...(attributes as Attributes) });
          return super.shouldSample();
        }
      }
      const provider = new NodeTracerProvider({
        sampler: new Sampler() as never,
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      });
      const client = new RedisClient({ host: '127.0.0.1', port: server.port });
      opened.push(client);
      client.observe(createCommandTracer({ ...api, trace: provider } as never));
      await client.set('a', 'b');
      await client.set('a', 'b', 'EX', 5);
      const common = {
        'db.system.name': 'redis',
        'db.operation.name': 'SET',
        'db.namespace': '0',
        'server.address': '127.0.0.1',
        'server.port': server.port,
      };
      expect(seen).toEqual([
        { ...common, 'db.query.text': 'SET ? ?' },
        { ...common, 'db.query.text': 'SET ? ? ? ?' },
      ]);
      expect(exporter.getFinishedSpans()).toEqual([]);
    });
  });
});
