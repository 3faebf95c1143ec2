import 'reflect-metadata';
import { Body, Controller, Injectable, Post, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, test } from '@jest/globals';
import { OnRedisMessage, RedisModule, RedisPayload, type OnRedisMessageOptions } from 'nestjs-redwire';

function decorate(channels: unknown, options?: unknown): void {
  class Orders {
    onOrder(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'onOrder')!;
  OnRedisMessage(channels as string, options as OnRedisMessageOptions)(
    Orders.prototype,
    'onOrder',
    descriptor,
  );
}

describe('@OnRedisMessage() checks its arguments at once', () => {
  test.each<[unknown, unknown, RegExp]>([
    [undefined, undefined, /@OnRedisMessage\(\) on Orders.onOrder: name the channel first/],
    ['', undefined, /every channel must be a string that is not empty/],
    [[], undefined, /it names no channel/],
    [['a', 7], undefined, /every channel must be a string/],
    ['a', 'b', /Give several channels as one array/],
    ['orders.*', undefined, /the channel 'orders.\*' holds a wildcard. Add { pattern: true }/],
    ['orders', { patern: true }, /did you mean 'pattern'/],
    ['orders', { pattern: 'yes' }, /'pattern' must be true or false/],
    ['orders', { pattern: true, sharded: true }, /'pattern' and 'sharded' exclude each other/],
    [
      'orders',
      { codec: 'xml' },
      /'codec' must be 'json', 'text', 'buffer' or an object with a decode\(data\) method/,
    ],
    ['orders', { codec: { parse: () => 1 } }, /'codec' must be/],
    ['orders', { concurrency: 0 }, /'concurrency' must be an integer of 1 or more/],
    ['orders', { bufferSize: 1.5 }, /'bufferSize' must be an integer of 1 or more/],
    ['orders', { overflow: 'error' }, /'overflow' must be 'drop-oldest' or 'drop-newest'/],
    [
      'orders',
      { schema: { parse: () => 1 } },
      /'schema' must be a schema that implements Standard Schema: of zod/,
    ],
    ['orders', { envelope: 'yes' }, /'envelope' must be true or false/],
    ['orders', { connection: '' }, /a connection's name must be a string that is not empty/],
  ])('%j, %j', (channels, options, message) => {
    expect(() => decorate(channels, options)).toThrow(TypeError);
    expect(() => decorate(channels, options)).toThrow(message);
  });

  test.each<[unknown, unknown]>([
    ['orders', undefined],
    [['a', 'b'], { sharded: true, concurrency: 1, ordered: true }],
    ['what?', { pattern: false }],
    ['orders', { codec: { decode: (data: Buffer) => data.length } }],
    ['orders', { pattern: undefined, codec: undefined }],
  ])('%j, %j is fine', (channels, options) => {
    expect(() => decorate(channels, options)).not.toThrow();
  });

  test('and where it stands', () => {
    class Orders {
      static onOrder(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders, 'onOrder')!;
    expect(() => OnRedisMessage('orders')(Orders, 'onOrder', descriptor)).toThrow(
      /Orders.onOrder: it belongs on an instance method/,
    );
    const standard = { kind: 'method', name: 'onOrder' };
    expect(() => OnRedisMessage('orders')(() => undefined, standard as never, undefined as never)).toThrow(
      /onOrder: it was called as a decorator of the ECMAScript proposal.*experimentalDecorators/,
    );
    expect(() => OnRedisMessage('orders')({}, 'property', undefined as never)).toThrow(
      /belongs on an instance method/,
    );
    expect(() => OnRedisMessage('orders')({}, Symbol('hidden'), { value: () => undefined })).toThrow(
      /Give the method a name/,
    );
    const ofClass = OnRedisMessage('orders') as ClassDecorator;
    expect(() => ofClass(class Shop {})).toThrow(
      '@OnRedisMessage() on the class Shop: it belongs on a method. Put it above the one that is to get the messages.',
    );
    const uncalled = OnRedisMessage as unknown as (prototype: object, method: string, value: object) => void;
    expect(() => uncalled({ constructor: Orders }, 'onOrder', descriptor)).toThrow(
      "@OnRedisMessage() on Orders.onOrder: it was not called. Name the channel, as in @OnRedisMessage('orders.created').",
    );
    expect(() => RedisPayload()(class Orders {}, undefined, 0)).toThrow(
      /not of a constructor or a static method/,
    );
  });
});

describe('a wrong handler fails the boot', () => {
  const boot = async (options: {
    providers?: Provider[];
    controllers?: (new () => object)[];
  }): Promise<void> => {
    const module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ connect: 'lazy' }),
        RedisModule.forRoot({ name: 'queue', connect: 'lazy' }),
      ],
      ...options,
    }).compile();
    await module.init();
    await module.close();
  };

  test('with a connection that does not exist', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage('orders', { connection: 'qeue' })
      onOrder(): void {}
    }
    await expect(boot({ providers: [Orders] })).rejects.toThrow(
      /@OnRedisMessage\(\) on Orders.onOrder asks for the Redis connection "qeue".*"default", "queue": did you mean "queue"/,
    );
  });

  test('with parameter decorators of HTTP', async () => {
    @Controller()
    class Orders {
      @Post()
      @OnRedisMessage('orders')
      onOrder(@Body() _body: unknown): void {}
    }
    await expect(boot({ controllers: [Orders] })).rejects.toThrow(
      /Orders.onOrder has @OnRedisMessage\(\) and a parameter decorator of another transport/,
    );
  });

  test('with parameters of a handler on a method that is none', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage('orders')
      onOrder(): void {}

      onReturn(@RedisPayload() _payload: unknown): void {}
    }
    await expect(boot({ providers: [Orders] })).rejects.toThrow(
      /Orders\.onReturn has @RedisPayload\(\) or another parameter decorator of handlers, and neither @OnRedisMessage\(\) nor @OnRedisStream\(\)/,
    );
  });

  test('with a decorator above that puts another method in its place', async () => {
    const Timed = (): MethodDecorator => (_target, _method, descriptor: PropertyDescriptor) => {
      const original = descriptor.value as (...args: unknown[]) => unknown;
      descriptor.value = function timed(this: unknown, ...args: unknown[]): unknown {
        return original.apply(this, args);
      };
    };
    @Injectable()
    class Lost {
      @Timed()
      @OnRedisMessage('orders')
      onOrder(): void {}
    }
    await expect(boot({ providers: [Lost] })).rejects.toThrow(
      /Lost\.onOrder: a decorator above @OnRedisMessage\(\) or @OnRedisStream\(\) put another method in its place.*Move @OnRedisMessage\(\) or @OnRedisStream\(\) above it/,
    );
    @Injectable()
    class Kept {
      @OnRedisMessage('orders')
      @Timed()
      onOrder(): void {}
    }
    await boot({ providers: [Kept] });
  });

  test('but not with values of any shape among the providers', async () => {
    const bare = Object.assign(Object.create(null) as object, { method: () => undefined });
    const values = [
      bare,
      Object.create(bare),
      new Proxy({}, {}),
      { method: () => undefined },
      Object.create(null),
    ];
    await boot({ providers: values.map((useValue, index) => ({ provide: `value ${index}`, useValue })) });
  });

  test('but not where a subclass has a method of its own instead of the handler', async () => {
    abstract class Base {
      @OnRedisMessage('orders')
      onOrder(@RedisPayload() _payload: unknown): void {}
    }
    @Injectable()
    class Silent extends Base {
      override onOrder(): void {}
    }
    await boot({ providers: [Silent] });
  });
});
