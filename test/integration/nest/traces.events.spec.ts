import * as api from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type CommandEvent, type RedisClientOptions } from 'nestjs-redwire/core';
import { createCommandTracer } from '../../../lib/telemetry/command-tracer.js';
import { connectionOf } from '../../support/connection-of.js';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { FakeServer } from '../core/support/index.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = createCommandTracer({ ...api, trace: provider } as never);
const clients: RedisClient[] = [];

beforeEach(() => exporter.reset());

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

function make(port: number, options: RedisClientOptions = {}): RedisClient {
  const client = new RedisClient({ host: '127.0.0.1', port, reconnect: { delay: 5 }, ...options });
  clients.push(client);
  client.observe(tracer);
  return client;
}

function spanNamed(name: string): ReadableSpan {
  const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
  expect(spans).toHaveLength(1);
  return spans[0]!;
}

function eventsOf(name: string): [name: string, attributes: unknown][] {
  return spanNamed(name).events.map((event) => [event.name, event.attributes ?? {}]);
}

const LOST = { 'error.type': 'CONNECTION_LOST' };
const retry = (attempt: number, error: object, delay: unknown = expect.any(Number)): [string, object] => [
  'redis.retry',
  { ...error, 'redis.retry.attempt': attempt, 'redis.retry.delay': delay },
];

describe.each(SERVER_KINDS)('on %s, a span shows', (kind) => {
  let server: TestServer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    server = await startServer({ kind });
    proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: server.port } });
  });

  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  /** Has what `issue` sends lost on its way: the server is asleep when the connection ends. */
  async function lose<T>(client: RedisClient, issue: () => Promise<T>): Promise<T> {
    await client.connect();
    await server.pause();
    const pending = issue();
    pending.catch(() => undefined);
    await eventually(() => client.inFlight > 0);
    // what is written leaves with the tick
    await new Promise(setImmediate);
    proxy.latest.cut();
    await eventually(() => client.status !== 'ready');
    await server.resume();
    return pending;
  }

  it('nothing, where a command leaves at once', async () => {
    const client = make(server.port);
    await client.connect();
    await Promise.all([
      client.get('a'),
      client.pipeline().get('a').get('b').exec(),
      client.multi((tx) => tx.get('a')),
    ]);
    for (const name of ['GET', 'PIPELINE GET', 'MULTI GET']) expect(eventsOf(name)).toEqual([]);
  });

  it('the wait for the first connection', async () => {
    const client = make(server.port, { host: 'localhost' });
    await Promise.all([client.get('a'), client.pipeline().get('a').get('b').exec()]);
    const peer = {
      'network.peer.address': connectionOf(client).peer!.address,
      'network.peer.port': server.port,
    };
    for (const name of ['GET', 'PIPELINE GET']) {
      expect(eventsOf(name)).toEqual([
        ['redis.waiting', {}],
        ['redis.sent', {}],
      ]);
      // not known when the command was called
      expect(spanNamed(name).attributes).toMatchObject(peer);
    }
    exporter.reset();
    await client.get('a');
    expect(eventsOf('GET')).toEqual([]);
    expect(spanNamed('GET').attributes).toMatchObject(peer);
  });

  it('another attempt after a lost connection', async () => {
    const client = make(proxy.port);
    expect(await lose(client, () => client.get('a'))).toBeNull();
    expect(eventsOf('GET')).toEqual([retry(1, LOST, 0), ['redis.sent', {}]]);
    expect(spanNamed('GET').status.code).toBe(api.SpanStatusCode.UNSET);
  });

  it('the wait of a command whose connection ended before it had left', async () => {
    const client = make(server.port);
    await client.connect();
    const pending = client.incr('n');
    // in one tick: nothing was written
    connectionOf(client).drop('The test wants it so.');
    expect(await pending).toEqual(expect.any(Number));
    expect(eventsOf('INCR')).toEqual([
      ['redis.waiting', LOST],
      ['redis.sent', {}],
    ]);
  });

  it('another attempt of a pipeline once, not for each command', async () => {
    const client = make(proxy.port);
    const pipeline = client.pipeline();
    for (let index = 0; index < 300; index++) pipeline.get(`key ${index}`);
    expect(await lose(client, () => pipeline.exec())).toHaveLength(300);
    expect(eventsOf('PIPELINE GET')).toEqual([retry(1, LOST, 0), ['redis.sent', {}]]);
  });

  it('nothing but the failure, where a command is not sent again', async () => {
    const client = make(proxy.port);
    await expect(lose(client, () => client.incr('n'))).rejects.toThrow(/may have taken effect/);
    expect(eventsOf('INCR')).toEqual([]);
    expect(spanNamed('INCR').attributes).toMatchObject(LOST);
  });

  it('the wait while the server is away, and why it was', async () => {
    const own = await startServer({ kind });
    const client = make(own.port);
    await client.connect();
    await own.kill();
    await eventually(() => client.status === 'reconnecting');
    const pending = client.get('a');
    await own.restart();
    expect(await pending).toBeNull();
    expect(eventsOf('GET')).toEqual([
      ['redis.waiting', { 'error.type': expect.stringMatching(/^CONNECT/) }],
      ['redis.sent', {}],
    ]);
    await own.stop();
  });

  it('the wait of a blocking command for a connection of its own', async () => {
    const client = make(server.port, { maxDedicated: 1 });
    await client.connect();
    const first = client.blpop('queue', 0);
    await eventually(() => client.inFlight === 1);
    const second = client.brpop('queue', 0);
    await client.rpush('queue', 'one');
    await first;
    await client.rpush('queue', 'two');
    await second;
    // the first had to be opened, the second to come back
    for (const name of ['BLPOP', 'BRPOP'])
      expect(eventsOf(name).map(([event]) => event)).toEqual(['redis.waiting', 'redis.sent']);
  });

  it('and observers that throw, or hear of no events, harm nothing', async () => {
    const client = make(proxy.port);
    const heard: CommandEvent[] = [];
    client.observe({ start: () => undefined, end: () => undefined });
    client.observe({
      start: () => undefined,
      event() {
        throw new Error('event');
      },
      end: () => undefined,
    });
    client.observe({
      start: () => undefined,
      event: (_, event) => void heard.push(event),
      end: () => undefined,
    });
    expect(await lose(client, () => client.get('a'))).toBeNull();
    expect(heard).toEqual([
      { type: 'retry', attempt: 1, delay: 0, error: expect.objectContaining({ code: 'CONNECTION_LOST' }) },
      { type: 'sent', peer: { address: '127.0.0.1', port: proxy.port } },
    ]);
  });
});

describe('where a server refuses for now, a span shows', () => {
  let fake: FakeServer;
  let refusals: number;

  beforeEach(async () => {
    refusals = 2;
    // a script's server: no real one loads its data for as long as a test wants
    fake = await FakeServer.start(({ name }) =>
      /^(GET|MULTI)$/.test(name) && refusals-- > 0 ? '-LOADING not yet\r\n' : undefined,
    );
  });

  afterEach(() => fake.close());

  const loading = { 'error.type': 'LOADING', 'db.response.status_code': 'LOADING' };

  it('every further attempt', async () => {
    const client = make(fake.port);
    await client.connect();
    await client.get('a');
    expect(eventsOf('GET')).toEqual([
      retry(1, loading, 50),
      ['redis.sent', {}],
      retry(2, loading, 100),
      ['redis.sent', {}],
    ]);
  });

  it('those of a transaction', async () => {
    const client = make(fake.port);
    await client.connect();
    await client.multi((tx) => tx.get('a')).catch(() => undefined);
    expect(eventsOf('MULTI GET')).toEqual([retry(1, loading, 50), retry(2, loading, 100)]);
  });
});
