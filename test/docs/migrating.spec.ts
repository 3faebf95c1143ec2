import 'reflect-metadata';
import { ClientRedis, ServerRedis } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getRedisToken, RedisClient, RedisModule } from 'nestjs-redwire';
import { lastValueFrom } from 'rxjs';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: TestServer;
let redis: RedisClient;
let module: TestingModule | undefined;

beforeAll(async () => {
  server = await startServer({ kind: SERVER_KINDS[0]! });
  process.env.REDIS_URL = server.url; // what the modules of the examples read as they are loaded
  redis = new RedisClient(server.url);
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

afterAll(async () => {
  await redis.close();
  await server.stop();
});

describe('migrating-from-ioredis-modules.md and migrating-from-node-redis-modules.md', () => {
  it('connections, what is injected, and what is found by name', async () => {
    const { AppModule, Carts } = await import('./examples/migrating.js');
    module = await Test.createTestingModule({ imports: [AppModule], providers: [Carts] })
      .setLogger(silent)
      .compile();
    await module.init();
    const queue = module.get<RedisClient>(getRedisToken('queue'));
    expect(module.get(Carts).all).toEqual([module.get(RedisClient), queue, undefined]);
    expect(module.get(Carts).byName('queue')).toBe(queue);
    expect(() => module!.get(Carts).byName('reports')).toThrow(/reports/);
    expect(queue.options).toMatchObject({ database: 1, keyPrefix: 'shop:' });
  });

  it('calls of node-redis, as they are written here', async () => {
    const { fromNodeRedis } = await import('./examples/migrating.js');
    expect(await fromNodeRedis(redis)).toEqual({
      ranks: [{ member: 'a', score: 1 }],
      count: 1,
      cart: { items: '2' },
      raw: 'int',
    });
    expect(await redis.ttl('cart:7')).toBeGreaterThan(0);
  });

  it('subscriptions', async () => {
    const { listen } = await import('./examples/migrating.js');
    const heard: string[] = [];
    const subscription = await listen(redis, (text) => heard.push(text));
    await redis.publish('carts.closed', '7');
    await eventually(() => expect(heard).toEqual(['7']));
    await subscription.unsubscribe();
  });
});

describe('migrating-from-microservices.md', () => {
  it('both can live side by side: what emit() of the transport writes is handled, and what is published its server reads', async () => {
    const { Orders, Shipping } = await import('./examples/migrating-from-microservices.js');
    module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ url: server.url })],
      providers: [Orders, Shipping],
    })
      .setLogger(silent)
      .compile();
    await module.init();
    const shipping = module.get(Shipping);

    // the client of the transport, which publishes here by our connection instead of one of ioredis
    const publish = (channel: string, text: string, done: (error?: unknown) => void): void =>
      void redis.publish(channel, text).then(() => done(), done);
    const client = Object.assign(new ClientRedis({}), {
      connectionPromise: Promise.resolve(),
      pubClient: { publish },
    });
    await lastValueFrom(client.emit('orders.placed', { id: '7' }), { defaultValue: undefined });
    await eventually(() => expect(shipping.shipped).toEqual(['7']));

    // the server of the transport, which is handed what is published
    const read: unknown[] = [];
    const transport = new ServerRedis({});
    transport.addHandler('orders.placed', async (data: unknown) => void read.push(data), true);
    const hand = async (channel: string, text: string): Promise<void> =>
      transport.handleMessage(channel, text, {} as never, channel);
    await using subscription = await redis.subscribe('orders.placed', 'orders.plain');
    subscription.on('message', ({ channel, data }) => void hand(channel, data));
    await module.get(Orders).placed({ id: '8' });
    await eventually(() => expect(shipping.shipped).toEqual(['7', '8']));
    await eventually(() => expect(read).toEqual([{ id: '8' }]));

    // what has no packet around it is read by both
    await redis.publish('orders.placed', JSON.stringify({ id: '9' }));
    await eventually(() => expect(shipping.shipped).toEqual(['7', '8', '9']));
    await eventually(() => expect(read).toEqual([{ id: '8' }, { id: '9' }]));
  });
});
