import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import * as api from '@opentelemetry/api';
import { metrics } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  getRedisToken,
  OnRedisMessage,
  OnRedisStream,
  RedisClient,
  RedisModule,
  RedisPayload,
  RedisPublisher,
  type CommandEvent,
  type CommandInfo,
  type RedisDebugSummary,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
import { createCommandTracer } from '../../../lib/telemetry/command-tracer.js';
import {
  eventually,
  runScript,
  startCluster,
  startServer,
  type TestCluster,
  type TestClusterNode,
  type TestServer,
} from '../../support/index.js';
import { DEGRADED } from './support/health.js';
import { Reader } from './support/metrics.js';

/** Keys of three masters: a third of the slots each. */
const KEYS = ['a', 'b', 'c'];

const heard: string[] = [];

@Injectable()
class Listener {
  @OnRedisMessage('news')
  onNews(@RedisPayload() text: string): void {
    heard.push(`news: ${text}`);
  }

  @OnRedisStream('work', { group: 'workers', field: 'data' })
  onWork(@RedisPayload() text: string): void {
    heard.push(`work: ${text}`);
  }
}

@Injectable()
class ShardListener {
  @OnRedisMessage('shard', { sharded: true })
  onShard(@RedisPayload() text: string): void {
    heard.push(`shard: ${text}`);
  }
}

describe('an application on a cluster', () => {
  let cluster: TestCluster;
  let server: TestServer;
  let module: TestingModule | undefined;
  let log: string[] = [];
  const write = (text: unknown): void => void log.push(String(text));
  const logger = { log: write, error: write, warn: write, debug: write };

  beforeAll(async () => {
    [cluster, server] = await Promise.all([
      startCluster({ kind: 'redis-8.0' }),
      startServer({ kind: 'redis-8.0' }),
    ]);
  }, 60_000);

  afterEach(async () => {
    await module?.close();
    module = undefined;
    log = [];
  });

  afterAll(async () => {
    await cluster.stop();
    await server.stop();
  });

  async function start(options: RedisModuleOptions = {}, providers: Type[] = []): Promise<RedisClient> {
    const made = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({
          cluster: { nodes: cluster.addresses.slice(0, 2) },
          reconnect: { delay: 20, maxDelay: 100 },
          connectDeadline: 10_000,
          ...options,
        }),
        RedisHealthModule,
      ],
      providers,
    })
      .setLogger(logger)
      .compile();
    // one whose boot failed has closed itself
    module = (await made.init()) as TestingModule;
    return module.get(RedisClient);
  }

  const check = async (options = {}) => {
    const { redis } = await module!
      .get(RedisHealthIndicator)
      .pingCheck('redis', { timeout: 2_000, ...options });
    return redis as unknown as {
      status: string;
      message?: string;
      latency: number;
      nodes: { address: string }[];
    };
  };

  test('boots by either way, under a name, and closes', async () => {
    module = await Test.createTestingModule({
      imports: [
        RedisModule.forRootAsync({
          name: 'sessions',
          useFactory: () => ({ cluster: { nodes: cluster.addresses.slice(0, 1) }, keyPrefix: 'nest:' }),
        }),
        RedisModule.forRoot({ cluster: { nodes: cluster.addresses }, connect: 'lazy' }),
      ],
    })
      .setLogger(logger)
      .compile();
    await module.init();
    const sessions = module.get<RedisClient>(getRedisToken('sessions'));
    expect(sessions.status).toBe('ready');
    expect(sessions.connectionStats().open.shared).toBe(3);
    await Promise.all(KEYS.map((key) => sessions.set(key, 'x')));
    const lazy = module.get<RedisClient>(getRedisToken());
    expect(lazy.status).toBe('idle');
    expect(await Promise.all(KEYS.map((key) => lazy.get(`nest:${key}`)))).toEqual(['x', 'x', 'x']);
    await module.close();
    module = undefined;
    expect([sessions.status, lazy.status]).toEqual(['closed', 'closed']);
    expect(sessions.connectionStats().open).toEqual({ shared: 0, pooled: 0, subscriber: 0, monitor: 0 });
  });

  test.each([
    ['seeds where nobody is', () => [{ host: '127.0.0.1', port: 1 }], /127\.0\.0\.1:1\b.*refused/i],
    ['a server that is no cluster', () => [server.url.replace('redis://', '')], /cluster/i],
  ])('does not start with %s, and says why', async (_what, nodes, why) => {
    const started = start({ cluster: { nodes: nodes() }, connectDeadline: 500 });
    const error = await started.then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).toMatch(/Redis connection "default"/);
    expect(error?.message).toMatch(why);
    expect(error?.message).toContain('The application does not start without it');
    const told = log.filter((line) => line.includes('Redis "default"'));
    expect(told.length).toBeLessThan(5);
  });

  test('nothing holds its process, whether it closes or its container cannot be built', async () => {
    const script = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { RedisModule, RedisClient } from 'nestjs-redwire';
      const cluster = { nodes: ${JSON.stringify(cluster.addresses.slice(0, 1))} };
      const use = (client) => Promise.all(['a', 'b', 'c'].map((key) => client.set(key, 'x')));
      const appWith = (useFactory) => {
        class App {}
        Module({
          imports: [RedisModule.forRoot({ cluster })],
          providers: [{ provide: 'used', inject: [RedisClient], useFactory }],
        })(App);
        return NestFactory.createApplicationContext(App, { abortOnError: false, logger: false });
      };
      await appWith(async (client) => {
        await use(client);
        throw new Error('no container');
      }).catch((error) => console.log('caught', error.message));
      const app = await appWith(use);
      await app.close();
      console.log('closed', app.get(RedisClient).status);`;
    const { code, stdout } = await runScript(script, {
      flags: ['--disable-warning=DEP0205'],
      timeout: 20_000,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'caught no container\nclosed closed\n' });
  }, 30_000);

  test('hears messages and works off a stream that its publisher fills', async () => {
    heard.length = 0;
    await start({}, [Listener]);
    const publisher = module!.get(RedisPublisher);
    await publisher.publish('news', 'one');
    for (const piece of ['two', 'three']) await publisher.add('work', piece, { field: 'data' });
    await eventually(() => expect(heard.toSorted()).toEqual(['news: one', 'work: three', 'work: two']));
    expect(await check()).toMatchObject({ status: 'up', subscriber: { state: 'ready', subscriptions: 1 } });
  });

  test('hears messages of a sharded channel', async () => {
    heard.length = 0;
    const client = await start({}, [ShardListener]);
    await client.spublish('shard', JSON.stringify('four'));
    await eventually(() => expect(heard).toEqual(['shard: four']));
  });

  test('tells those who watch a command which node it goes to', async () => {
    const client = await start();
    const seen: [string, number | undefined, number | undefined][] = [];
    const infos = new Set<CommandInfo>();
    client.observe({
      start: (info) => {
        infos.add(info);
        seen.push([info.name, info.port, info.peer?.port]);
      },
      end: () => undefined,
    });
    const ports = await Promise.all(KEYS.map(async (key) => (await cluster.masterOf(key)).port));
    expect(new Set(ports).size).toBe(3);
    for (let round = 0; round < 3; round++) await Promise.all(KEYS.map((key) => client.set(key, round)));
    expect(seen).toEqual([...ports, ...ports, ...ports].map((port) => ['SET', port, port]));
    // the same object for all commands of a kind to one node, also by turns
    expect(infos.size).toBe(3);
    seen.length = 0;
    await client.pipeline().get('{a}1').get('{a}2').exec();
    await client.pipeline().get('a').get('b').exec();
    await client.multi((tx) => tx.get('b'));
    await client.ping();
    const names = ['PIPELINE GET', 'PIPELINE GET', 'MULTI GET', 'PING'];
    expect(seen.filter(([name]) => names.includes(name))).toEqual([
      ['PIPELINE GET', ports[0], ports[0]],
      ['PIPELINE GET', undefined, undefined],
      ['MULTI GET', ports[1], ports[1]],
      ['PING', undefined, undefined],
    ]);
  });

  test('a span shows a redirect, and where the command went then', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const client = await start();
    client.observe(createCommandTracer({ ...api, trace: provider } as never));
    const events: CommandEvent[] = [];
    client.observe({
      start: () => undefined,
      event: (_state, event) => void events.push(event),
      end: () => undefined,
    });
    const slot = await client.clusterKeyslot('moved');
    const from = await cluster.masterOf('moved');
    const target = (await cluster.masters()).find((node) => node !== from) as TestClusterNode;
    await client.set('moved', 'x');
    await cluster.moveSlot(slot, target);
    exporter.reset();
    expect(await client.get('moved')).toBe('x');
    expect(events).toMatchObject([
      { type: 'redirect', kind: 'MOVED', slot, error: { code: 'MOVED' } },
      { type: 'sent', peer: { port: target.port } },
    ]);
    const [span] = exporter.getFinishedSpans();
    expect(span?.attributes).toMatchObject({ 'server.port': from.port, 'network.peer.port': target.port });
    expect(span?.events.map(({ name, attributes }) => [name, attributes])).toMatchObject([
      ['redis.redirect', { 'error.type': 'MOVED', 'redis.cluster.slot': slot }],
      ['redis.sent', {}],
    ]);
    expect(span?.status.code).not.toBe(api.SpanStatusCode.ERROR);
    await cluster.moveSlot(slot, from);
    await provider.shutdown();
  });

  test('metrics and the debug log tell the nodes apart', async () => {
    const reader = new Reader();
    const provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    const lines: RedisDebugSummary[] = [];
    const client = await start({
      telemetry: { metrics: true },
      debug: (_direction, line) => void lines.push(line),
    });
    const masters = await cluster.masters();
    await Promise.all(KEYS.map((key) => client.set(key, 'x')));
    const ports = (points: { attributes: api.Attributes }[]) =>
      points.map(({ attributes }) => attributes['server.port'] as number).toSorted((a, b) => a - b);
    const expected = masters.map(({ port }) => port).toSorted((a, b) => a - b);
    const named = { 'db.operation.name': 'SET' };
    expect(ports(await reader.points('redis.commands.total', named))).toEqual(expected);
    expect(ports(await reader.points('db.client.operation.duration', named))).toEqual(expected);
    const opened = await reader.points('redis.connections.total', { 'redis.connection.role': 'shared' });
    expect(new Set(ports(opened))).toEqual(new Set(expected));
    const [active] = await reader.points('redis.connections.active', { 'redis.connection.role': 'shared' });
    expect(active).toMatchObject({ value: 3 });
    expect(active!.attributes).not.toHaveProperty('server.port');
    for (const { port } of masters) {
      const node = `127.0.0.1:${port}`;
      const texts = lines.filter((line) => line.node === node).map(({ text }) => text);
      expect(texts).toContain(`${node}: ready`);
      expect(texts).toContain(`SET ? ? (to ${node})`);
    }
    await provider.shutdown();
    metrics.disable();
  });

  test('is healthy with each node, degraded while a shard fails over, and well again', async () => {
    const client = await start();
    const masters = await cluster.masters();
    const whole = await check();
    expect(whole).toMatchObject({ status: 'up', latency: expect.any(Number), state: 'ready' });
    expect(whole.nodes.map(({ address }) => address).toSorted()).toEqual(
      masters.map(({ port }) => `127.0.0.1:${port}`).toSorted(),
    );
    for (const node of whole.nodes)
      expect(node).toEqual({
        address: expect.any(String),
        role: 'master',
        state: 'ready',
        latency: expect.any(Number),
      });

    const lost = await cluster.masterOf('a');
    const address = `127.0.0.1:${lost.port}`;
    await cluster.kill(lost);
    await eventually(async () => {
      const { status, nodes, message } = await check();
      expect(status).toBe(DEGRADED);
      expect(message).toContain(address);
      const silent = nodes.find((node) => node.address === address);
      expect(silent).toMatchObject({ message: expect.stringContaining(address) });
      expect(silent).not.toHaveProperty('latency');
    });
    expect(await check({ whenNodeDown: 'down' })).toMatchObject({
      status: 'down',
      latency: expect.any(Number),
    });
    expect(await check({ whenNodeDown: 'ignore' })).toMatchObject({ status: 'up' });
    await cluster.waitForPromotion(lost);
    await eventually(async () => expect(await check()).toMatchObject({ status: 'up' }), { timeout: 15_000 });
    await eventually(async () => expect(await client.set('a', 'again')).toBe('OK'), { timeout: 15_000 });
    // one node's outage is few lines, whatever it is tried
    const told = log.filter((line) => line.includes(address) && line.includes('Redis "default"'));
    expect(told.length).toBeLessThan(8);
    await cluster.restart(lost);
    await cluster.settled();
  }, 60_000);

  test('is down where no node answers, and says so in time', async () => {
    await start({ connect: 'lazy' });
    expect(await check()).toMatchObject({
      status: DEGRADED,
      message: expect.stringContaining('not opened yet'),
    });
    const client = module!.get(RedisClient);
    await client.connect();
    const masters = await cluster.masters();
    await Promise.all(masters.map((node) => node.server.pause()));
    try {
      const started = performance.now();
      const result = await check({ timeout: 300 });
      expect(performance.now() - started).toBeLessThan(2_500);
      expect(result.status).toBe('down');
      expect(result.nodes).toHaveLength(3);
      expect(result.message).toContain('did not answer PING within 300 ms');
      await expect(client.probe(100)).rejects.toMatchObject({ code: 'TIMEOUT' });
    } finally {
      await Promise.all(masters.map((node) => node.server.resume()));
    }
    await eventually(async () => expect(await check()).toMatchObject({ status: 'up' }), { timeout: 15_000 });
  }, 60_000);
});
