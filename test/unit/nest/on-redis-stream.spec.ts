import 'reflect-metadata';
import { Body, Controller, Injectable, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  OnRedisMessage,
  OnRedisStream,
  RedisChannel,
  RedisModule,
  RedisPattern,
  type OnRedisStreamOptions,
} from 'nestjs-redwire';

function decorate(stream: unknown, options?: unknown): void {
  class Orders {
    onOrder(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'onOrder')!;
  OnRedisStream(stream as string, options as OnRedisStreamOptions)(Orders.prototype, 'onOrder', descriptor);
}

const group = 'billing';

describe('@OnRedisStream() checks its arguments at once', () => {
  test.each<[unknown, unknown, RegExp]>([
    [undefined, { group }, /@OnRedisStream\(\) on Orders\.onOrder: name the stream first/],
    ['', { group }, /name the stream first/],
    [['a', 'b'], { group }, /name the stream first/],
    ['orders', undefined, /its second argument is an object of options, as in/],
    ['orders', 'billing', /its second argument is an object of options, as in/],
    ['orders', {}, /Orders\.onOrder: it needs a consumer group\. Write @OnRedisStream\('orders', \{ group/],
    [
      'orders',
      { group: '' },
      /Orders\.onOrder: 'group' must be the group's name, a string that is not empty/,
    ],
    ['orders', { gruop: 'a' }, /did you mean 'group'/],
    ['orders', { group, claimidle: 1 }, /did you mean 'claimIdle'/],
    ['orders', { group, stream: 'a' }, /the stream is its first argument/],
    ['orders', { group, buffers: true }, /the context's `fields` are Buffers/],
    ['orders', { group, batch: 0 }, /'batch' must be a number of entries, 1 or more/],
    ['orders', { group, block: 0 }, /'block' must be a number of ms, 1 or more/],
    ['orders', { group, claimIdle: -1 }, /'claimIdle' must be a number of ms/],
    ['orders', { group, consumer: 7 }, /'consumer' must be this consumer's name/],
    ['orders', { group, start: 'now' }, /'start' must be '0', '\$' or the id of an entry/],
    ['orders', { group, maxDeliveries: 3 }, /Orders\.onOrder: 'maxDeliveries' needs 'deadLetter'/],
    ['orders', { group, deadLetter: 'orders' }, /'deadLetter' must be another stream/],
    ['orders', { group, deadLetter: true }, /'deadLetter' must be a stream's key, or false/],
    ['orders', { group, concurrency: 0 }, /Orders\.onOrder: 'concurrency' must be an integer of 1 or more/],
    ['orders', { group, field: '' }, /'field' must be a string that is not empty/],
    [
      'orders',
      { group, field: 'a', codec: 'xml' },
      /'codec' must be 'json', 'text', 'buffer' or an object with/,
    ],
    ['orders', { group, codec: 'json' }, /'codec' needs 'field'/],
    ['orders', { group, schema: {} }, /'schema' must be a schema that implements Standard Schema: of zod/],
    ['orders', { group, connection: '' }, /a connection's name must be a string that is not empty/],
  ])('%j, %j', (stream, options, message) => {
    expect(() => decorate(stream, options)).toThrow(TypeError);
    expect(() => decorate(stream, options)).toThrow(message);
    // the core names methods of its own, which nobody has called here
    expect(() => decorate(stream, options)).not.toThrow(/streamConsumer|run\(\)/);
  });

  test.each<[string, OnRedisStreamOptions]>([
    ['orders', { group }],
    ['orders', { group, consumer: 'a', start: '$', batch: 1, block: 1, claimIdle: 1, concurrency: 9 }],
    ['orders', { group, deadLetter: 'dead', maxDeliveries: 3 }],
    ['orders', { group, field: 'data', codec: { decode: (data) => data.length }, schema: z.number() }],
    ['orders', { group, codec: undefined, field: undefined, schema: undefined, connection: undefined }],
  ])('%j, %o is fine', (stream, options) => {
    expect(() => decorate(stream, options)).not.toThrow();
  });

  test('and where it stands', () => {
    class Orders {
      static onOrder(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders, 'onOrder')!;
    const on = OnRedisStream('orders', { group });
    expect(() => on(Orders, 'onOrder', descriptor)).toThrow(
      /@OnRedisStream\(\) on Orders\.onOrder: it belongs on an instance method/,
    );
    expect(() => on({}, 'property', undefined as never)).toThrow(/belongs on an instance method/);
    expect(() => on({}, Symbol('hidden'), { value: () => undefined })).toThrow(/Give the method a name/);
  });
});

describe('a wrong handler fails the boot', () => {
  const boot = async (...providers: (new () => object)[]): Promise<void> => {
    const module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ connect: 'lazy' }),
        RedisModule.forRoot({ name: 'queue', connect: 'lazy' }),
      ],
      controllers: providers,
    }).compile();
    await module.init();
  };

  test('with a connection that does not exist', async () => {
    @Injectable()
    class Orders {
      @OnRedisStream('orders', { group, connection: 'qeue' })
      onOrder(): void {}
    }
    await expect(boot(Orders)).rejects.toThrow(
      /@OnRedisStream\(\) on Orders\.onOrder asks for the Redis connection "qeue".*did you mean "queue"/,
    );
  });

  test('with two consumers of one name, also of one inherited method', async () => {
    abstract class Base {
      @OnRedisStream('orders', { group, consumer: 'pod-1' })
      onOrder(): void {}
    }
    @Injectable()
    class One extends Base {}
    @Injectable()
    class Two extends Base {}
    await expect(boot(One, Two)).rejects.toThrow(
      /Two\.onOrder: the consumer "pod-1" in group "billing" of stream "orders" is One\.onOrder's already/,
    );
  });

  test.each<[string, ParameterDecorator, RegExp]>([
    ['a channel', RedisChannel(), /@OnRedisStream\(\) and @RedisChannel\(\), for which it has no value/],
    ['a pattern', RedisPattern(), /@OnRedisStream\(\) and @RedisPattern\(\), for which it has no value/],
    ['the body of a request', Body(), /@OnRedisStream\(\) and a parameter decorator of another transport/],
  ])('with a parameter for %s', async (_, parameter, message) => {
    @Controller()
    class Orders {
      @Post()
      @OnRedisStream('orders', { group })
      onOrder(@parameter _value: unknown): void {}
    }
    await expect(boot(Orders)).rejects.toThrow(message);
    await expect(boot(Orders)).rejects.toThrow(
      /Orders\.onOrder has .* use @RedisPayload\(\) and @RedisContext\(\)\./,
    );
  });

  test('with a method that another decorator has replaced', async () => {
    const replace: MethodDecorator = (_target, _method, descriptor) => ({
      ...descriptor,
      value: (() => undefined) as never,
    });
    @Injectable()
    class Orders {
      @replace
      @OnRedisStream('orders', { group })
      onOrder(): void {}
    }
    await expect(boot(Orders)).rejects.toThrow(/Orders\.onOrder: a decorator above .*@OnRedisStream\(\) put/);
  });

  test('with a parameter for a channel where it hears messages too', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage('orders')
      @OnRedisStream('orders', { group })
      onOrder(@RedisChannel() _channel: string): void {}
    }
    await expect(boot(Orders)).rejects.toThrow(/@OnRedisStream\(\) and @RedisChannel\(\)/);
  });
});
