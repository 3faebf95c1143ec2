import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Optional, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  getRedisPublisherToken,
  getRedisToken,
  InjectRedisPublisher,
  OnRedisMessage,
  RedisClient,
  RedisHandlers,
  RedisMessageContext,
  RedisModule,
  RedisPublisher,
  type CommandObserver,
  type RedisMessageHandlerStats,
  type RedisModuleOptions,
  type RedisPublishOptions,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

/** Channels of this run alone: the server may be shared. */
const ns = `publisher-${randomUUID()}`;
const onHandlerError = jest.fn<(error: unknown) => void>();
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: ObtainedServer;
let plain: RedisClient;
let module: TestingModule | undefined;
let calls: unknown[][] = [];

interface Order {
  id: string;
  total: number;
}

interface Events {
  [channel: `${string}.orders`]: Order;
  [channel: `${string}.notes`]: string;
}

beforeAll(async () => {
  server = await obtainServer();
  plain = new RedisClient(server.url);
});

afterAll(async () => {
  await plain.close();
  await server.stop();
});

beforeEach(() => {
  calls = [];
  onHandlerError.mockReset();
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function start(metadata: ModuleMetadata, options: RedisModuleOptions = {}): Promise<RedisPublisher> {
  module = await Test.createTestingModule({
    ...metadata,
    imports: [
      RedisModule.forRoot({ url: server.url, onHandlerError, ...options }),
      ...(metadata.imports ?? []),
    ],
  })
    .setLogger(silent)
    .compile();
  await module.init();
  return module.get(RedisPublisher);
}

/** Hears what stands on the wire. */
async function listen(channel: string, sharded = false): Promise<() => Promise<Buffer>> {
  const subscription = await plain[sharded ? 'ssubscribe' : 'subscribe']([`${ns}.${channel}`], {
    buffers: true,
  });
  return async () => {
    const { value } = await subscription.next();
    return value!.data;
  };
}

@Injectable()
class Shop {
  constructor(
    readonly publisher: RedisPublisher<Events>,
    @InjectRedisPublisher() readonly byDecorator: RedisPublisher,
    @InjectRedisPublisher('other') readonly other: RedisPublisher<Events>,
  ) {}
}

describe('RedisPublisher', () => {
  test('is injected by class, by decorator and by token, one for each connection', async () => {
    const publisher = await start({
      imports: [RedisModule.forRoot({ name: 'other', url: server.url })],
      providers: [Shop],
    });
    const shop = module!.get(Shop);
    expect(shop.publisher).toBe(publisher);
    expect(shop.byDecorator).toBe(publisher);
    expect(module!.get(getRedisPublisherToken())).toBe(publisher);
    expect(shop.other).toBe(module!.get(getRedisPublisherToken('other')));
    expect(shop.other).not.toBe(publisher);
    const next = await listen('orders');
    expect(await shop.other.publish(`${ns}.orders`, { id: '7', total: 1 })).toBe(1);
    expect((await next()).toString()).toBe('{"id":"7","total":1}');
  });

  test('a name that no module registers fails the boot, unless it is optional', async () => {
    @Injectable()
    class Misspelt {
      constructor(@InjectRedisPublisher('ohter') readonly publisher: RedisPublisher) {}
    }
    @Injectable()
    class Absent {
      constructor(
        @Optional() @Inject(getRedisPublisherToken('nowhere')) readonly publisher: RedisPublisher | undefined,
      ) {}
    }
    const imports = [RedisModule.forRoot({ name: 'other', url: server.url })];
    await expect(start({ imports, providers: [Misspelt] })).rejects.toThrow(
      /Misspelt asks for the Redis connection "ohter".*"default", "other": did you mean "other"/,
    );
    await start({ imports, providers: [Absent] });
    expect(module!.get(Absent).publisher).toBeUndefined();
    expect(() => InjectRedisPublisher('')).toThrow(/@InjectRedisPublisher\(\): a connection's name/);
  });

  test('by codec, sharded or not, with the number of receivers', async () => {
    const publisher = await start({});
    expect(await publisher.publish(`${ns}.nobody`, 1)).toBe(0);
    const next = await listen('codecs');
    const send = async (payload: unknown, options?: RedisPublishOptions): Promise<Buffer> => {
      expect(await publisher.publish(`${ns}.codecs`, payload, options)).toBe(1);
      return next();
    };
    expect((await send(null)).toString()).toBe('null');
    expect((await send('{"a":1}', { codec: 'text' })).toString()).toBe('{"a":1}');
    const bytes = Buffer.from([0xff, 0, 13, 10]);
    expect(await send(bytes, { codec: 'buffer' })).toEqual(bytes);
    expect(await send(new Uint8Array(bytes), { codec: 'buffer' })).toEqual(bytes);
    const codec = { encode: (payload: unknown) => `<${String(payload)}>` };
    expect((await send(7, { codec })).toString()).toBe('<7>');
    const nextSharded = await listen('shard', true);
    expect(await publisher.publish(`${ns}.shard`, 1, { sharded: true })).toBe(1);
    expect((await nextSharded()).toString()).toBe('1');
  });

  test('what is published in one tick goes out as one write, in its order', async () => {
    const publisher = await start({});
    const next = await listen('order');
    const results = await Promise.all(
      Array.from({ length: 500 }, (_, n) => publisher.publish(`${ns}.order`, n, { envelope: n % 2 === 0 })),
    );
    expect(new Set(results)).toEqual(new Set([1]));
    for (let n = 0; n < 500; n++) {
      const message = JSON.parse((await next()).toString()) as number | { data: number };
      expect(typeof message === 'number' ? message : message.data).toBe(n);
    }
  });

  test('meets its handlers on a connection with a keyPrefix: channels have none', async () => {
    @Injectable()
    class Reader {
      @OnRedisMessage(`${ns}.prefix`)
      onPlain(payload: unknown, { channel }: RedisMessageContext): void {
        calls.push(['plain', payload, channel]);
      }

      @OnRedisMessage(`${ns}.prefix`, { sharded: true })
      onSharded(payload: unknown, { channel }: RedisMessageContext): void {
        calls.push(['sharded', payload, channel]);
      }
    }
    const publisher = await start({ providers: [Reader] }, { keyPrefix: 'app:' });
    expect(await publisher.publish(`${ns}.prefix`, 1)).toBe(1);
    expect(await publisher.publish(`${ns}.prefix`, 2, { sharded: true })).toBe(1);
    await eventually(() => expect(calls).toHaveLength(2));
    expect(calls).toEqual(
      expect.arrayContaining([
        ['plain', 1, `${ns}.prefix`],
        ['sharded', 2, `${ns}.prefix`],
      ]),
    );
  });

  test('publishes in onModuleInit of any provider', async () => {
    @Injectable()
    class Early implements OnModuleInit {
      receivers = -1;
      constructor(private readonly publisher: RedisPublisher) {}

      async onModuleInit(): Promise<void> {
        this.receivers = await this.publisher.publish(`${ns}.early`, 'up');
      }
    }
    const next = await listen('early');
    await start({ providers: [Early] });
    expect(module!.get(Early).receivers).toBe(1);
    expect((await next()).toString()).toBe('"up"');
  });

  test.each<[string, unknown[], RegExp]>([
    ['no channel', [undefined, 1], /its first argument is the channel/],
    ['an empty channel', ['', 1], /its first argument is the channel/],
    ['no payload', ['orders'], /channel "orders": the payload is undefined/],
    ['an option that is none', ['orders', 1, { sharde: true }], /channel "orders".*did you mean 'sharded'/],
    ['a codec of a handler', ['orders', 1, { codec: { decode: () => 1 } }], /'codec' must be 'json'.*encode/],
    ['an envelope that is no yes or no', ['orders', 1, { envelope: 'yes' }], /'envelope' must be true or/],
    ['an id without an envelope', ['orders', 1, { id: 'a' }], /'id' has its place in the envelope/],
    ['an empty id', ['orders', 1, { id: '', envelope: true }], /'id' must be a string that is not empty/],
    ['an id of two lines', ['orders', 1, { id: 'a\nb', envelope: true }], /'id' must be.*control characters/],
    ['an id of a megabyte', ['orders', 1, { id: 'x'.repeat(1e6), envelope: true }], /'id' must be.*1,024/],
    ['options that are none', ['orders', 1, null], /its third argument is an object/],
  ])('%s is a TypeError, and nothing is sent', async (_, args, message) => {
    const publisher = await start({});
    const seen: string[] = [];
    const observer: CommandObserver = { start: ({ name }) => seen.push(name), end: () => undefined };
    module!.get(RedisClient).observe(observer);
    const publish = publisher.publish.bind(publisher) as (...args: unknown[]) => Promise<number>;
    const failure: unknown = await publish(...args).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect(String(failure)).toMatch(message);
    expect(seen).toEqual([]);
    await publisher.publish(`${ns}.nobody`, 1);
    expect(seen).toEqual(['PUBLISH']);
  });

  test.each([true, false])(
    "a test's stand-in for the client is what it publishes with, traces: %s",
    async (traces) => {
      const publish = jest.fn(async (_channel: string, _message: string) => 3);
      module = await Test.createTestingModule({
        imports: [RedisModule.forRoot({ port: 1, telemetry: { traces, metrics: traces } })],
      })
        .overrideProvider(getRedisToken())
        .useValue({ publish })
        .compile();
      await module.init();
      const publisher = module.get(RedisPublisher);
      expect(await publisher.publish('orders', { id: 7 })).toBe(3);
      expect(publish).toHaveBeenCalledWith('orders', '{"id":7}');
      await expect(publisher.publish('orders', 1, { sharded: true })).rejects.toThrow(
        /channel "orders": what stands in for the client of "default" has no spublish\(\)/,
      );
    },
  );

  test('takes payloads of the events that it is told of', () => {
    const check = async (shop: Shop): Promise<void> => {
      await shop.publisher.publish('eu.orders', { id: '7', total: 1 });
      // @ts-expect-error: total is a number
      await shop.publisher.publish('eu.orders', { id: '7', total: '1' });
      // @ts-expect-error: no such event
      await shop.publisher.publish('returns', 1);
      // without events: any channel, anything
      await shop.byDecorator.publish('returns', 1);
    };
    expect(check).toBeInstanceOf(Function);
  });
});

describe('the envelope', () => {
  @Injectable()
  class Readers {
    @OnRedisMessage(`${ns}.e`)
    json(payload: unknown, { id, source, time }: RedisMessageContext): void {
      calls.push(['json', payload, id, source, time]);
    }

    @OnRedisMessage(`${ns}.e`, { codec: 'text' })
    text(payload: unknown): void {
      calls.push(['text', payload]);
    }

    @OnRedisMessage(`${ns}.e`, { codec: 'buffer' })
    buffer(payload: Buffer): void {
      calls.push(['buffer', payload.toString('hex')]);
    }

    @OnRedisMessage(`${ns}.e`, { codec: { decode: async (data) => data.length } })
    own(payload: unknown): void {
      calls.push(['own', payload]);
    }

    @OnRedisMessage(`${ns}.e`, { envelope: false, codec: 'text' })
    closed(payload: string, { id, data }: RedisMessageContext): void {
      calls.push(['closed', payload === data.toString(), id]);
    }
  }

  async function all(): Promise<Record<string, unknown[]>> {
    await eventually(() => expect(calls.length + onHandlerError.mock.calls.length).toBe(5));
    const seen = Object.fromEntries(calls.map(([name, ...rest]) => [name as string, rest]));
    calls = [];
    return seen;
  }

  test('is made by the publisher and opened by handlers, whatever their codec', async () => {
    const publisher = await start({ providers: [Readers] }, { envelope: true, clientName: 'shop' });
    const before = Date.now();
    await publisher.publish(`${ns}.e`, { ä: 1 }, { id: 'order-7' });
    const json = await all();
    expect(json).toEqual({
      json: [{ ä: 1 }, 'order-7', 'shop', expect.any(Date)],
      text: ['{"ä":1}'],
      buffer: [Buffer.from('{"ä":1}').toString('hex')],
      own: [8],
      closed: [true, undefined],
    });
    expect((json['json']![3] as Date).getTime()).toBeGreaterThanOrEqual(before);

    await publisher.publish(`${ns}.e`, '[1]', { codec: 'text' });
    expect(await all()).toMatchObject({
      json: [[1], expect.stringMatching(/^[\da-f-]{36}$/), 'shop', expect.any(Date)],
      text: ['[1]'],
    });

    await publisher.publish(`${ns}.e`, Buffer.from([0xff, 0]), { codec: 'buffer' });
    expect(await all()).toMatchObject({ buffer: ['ff00'], own: [2] });
    expect(onHandlerError).toHaveBeenCalledTimes(1); // no JSON
  });

  test('a message without one is taken as it is, and so is what only looks like one', async () => {
    await start({ providers: [Readers] }, { envelope: true });
    for (const payload of [{ n: 1 }, { specversion: '1.0', id: 7, source: 's', type: 't', data: 1 }]) {
      await plain.publish(`${ns}.e`, JSON.stringify(payload));
      expect(await all()).toMatchObject({
        json: [payload, undefined, undefined, undefined],
        text: [JSON.stringify(payload)],
        closed: [true, undefined],
      });
    }
  });

  test('by call and by handler, where the connection has none', async () => {
    @Injectable()
    class Reader {
      @OnRedisMessage(`${ns}.e`, { envelope: true })
      open(payload: unknown, { id }: RedisMessageContext): void {
        calls.push([payload, id]);
      }

      @OnRedisMessage(`${ns}.e`)
      closed(payload: { data: unknown }, { id }: RedisMessageContext): void {
        calls.push([payload.data, id]);
      }
    }
    const publisher = await start({ providers: [Reader] });
    await publisher.publish(`${ns}.e`, 'hello', { envelope: true, id: 'a' });
    await eventually(() => expect(calls).toHaveLength(2));
    expect(calls).toEqual(
      expect.arrayContaining([
        ['hello', 'a'],
        ['hello', undefined],
      ]),
    );
  });

  test('goes with the error to onHandlerError', async () => {
    const publisher = await start({ providers: [Readers] }, { envelope: true });
    await publisher.publish(`${ns}.e`, 'no JSON', { codec: 'text', id: 'a-7' });
    await all();
    expect(onHandlerError.mock.calls[0]).toEqual([expect.anything(), expect.objectContaining({ id: 'a-7' })]);
  });
});

describe('RedisHandlers.messageStats()', () => {
  test('tells how many were lost; which, is what the overflow policy says', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Injectable()
    class Slow {
      @OnRedisMessage(`${ns}.full`, { concurrency: 1, bufferSize: 2, overflow: 'drop-newest' })
      async onFirst(payload: number): Promise<void> {
        await gate;
        calls.push(['first', payload]);
      }

      @OnRedisMessage(`${ns}.full`, { concurrency: 1, bufferSize: 2 })
      async onLast(payload: number): Promise<void> {
        await gate;
        calls.push(['last', payload]);
      }
    }
    const publisher = await start({ providers: [Slow] });
    const stats = (): RedisMessageHandlerStats[] => module!.get(RedisHandlers).messageStats();
    await publisher.publish(`${ns}.full`, 0);
    await eventually(() => expect(stats()).toMatchObject([{ inFlight: 1 }, { inFlight: 1 }]));
    for (let n = 1; n < 10; n++) await publisher.publish(`${ns}.full`, n);
    const full = { received: 10, inFlight: 1, waiting: 2, dropped: 7, handled: 0, failed: 0 };
    await eventually(() => expect(stats()).toMatchObject([full, full]));
    release();
    const done = { received: 10, inFlight: 0, waiting: 0, dropped: 7, handled: 3, failed: 0 };
    await eventually(() => expect(stats()).toMatchObject([done, done]));
    const by = (name: string): unknown[] => calls.filter(([who]) => who === name).map(([, n]) => n);
    expect(by('first')).toEqual([0, 1, 2]);
    expect(by('last')).toEqual([0, 8, 9]);
  });

  test('counts every message in one place, from the first to the last', async () => {
    const release: (() => void)[] = [];
    @Injectable()
    class Worker {
      @OnRedisMessage([`${ns}.w`, `${ns}.v`], { concurrency: 2, bufferSize: 3 })
      async onWork(payload: { fail?: boolean }): Promise<void> {
        await new Promise<void>((resolve) => release.push(resolve));
        if (payload.fail === true) throw new Error('failed');
      }

      @OnRedisMessage(`${ns}.w`, { ordered: true, connection: 'other' })
      async onOrdered(): Promise<void> {
        await new Promise<void>((resolve) => release.push(resolve));
      }
    }
    @Injectable()
    class Dashboard {
      constructor(readonly handlers: RedisHandlers) {}
    }
    const publisher = await start({
      imports: [RedisModule.forRoot({ name: 'other', url: server.url })],
      providers: [Worker, Dashboard],
    });
    const { handlers } = module!.get(Dashboard);
    const zero = { received: 0, handled: 0, failed: 0, dropped: 0, inFlight: 0, waiting: 0 };
    expect(handlers.messageStats()).toEqual([
      {
        className: 'Worker',
        methodName: 'onWork',
        connection: 'default',
        channels: [`${ns}.w`, `${ns}.v`],
        ...zero,
      },
      { className: 'Worker', methodName: 'onOrdered', connection: 'other', channels: [`${ns}.w`], ...zero },
    ]);
    for (let n = 0; n < 10; n++) await publisher.publish(`${ns}.w`, { fail: n === 0 });
    const counts = { ...zero, received: 10, dropped: 5, inFlight: 2, waiting: 3 };
    const ordered = { ...zero, received: 10, inFlight: 1, waiting: 9 };
    await eventually(() => expect(handlers.messageStats()).toMatchObject([counts, ordered]));
    // one after the other, as they come
    await eventually(() => {
      for (const resolve of release.splice(0)) resolve();
      expect(handlers.messageStats()).toMatchObject([
        { ...zero, received: 10, dropped: 5, handled: 4, failed: 1 },
        { ...zero, received: 10, handled: 10 },
      ]);
    });
    await module!.close();
    expect(handlers.messageStats()[0]).toMatchObject({ received: 10, handled: 4, failed: 1, dropped: 5 });
  });
});
