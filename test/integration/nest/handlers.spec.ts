import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { getEventListeners, getMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import * as nestCommon from '@nestjs/common';
import {
  BadRequestException,
  Body,
  Catch,
  Controller,
  createParamDecorator,
  ForbiddenException,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  ParseIntPipe,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, Reflector, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EMPTY, map, Observable, of, throwError } from 'rxjs';
import {
  OnRedisMessage,
  RedisChannel,
  RedisClient,
  RedisContext,
  RedisHandlers,
  RedisMessageContext,
  RedisModule,
  RedisPattern,
  RedisPayload,
  type RedisHandlerErrorContext,
  type RedisMessageErrorContext,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { UNSPEAKABLE } from '../../unit/nest/support/unspeakable.js';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

/** Channels of this run alone: the server may be shared. */
const ns = `nest-${randomUUID()}`;
const onHandlerError = jest.fn<(error: unknown, context: RedisHandlerErrorContext) => void>();
let server: ObtainedServer;
let publisher: RedisClient;
let module: TestingModule | undefined;
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
/** What handlers were called with. */
let calls: unknown[][] = [];

beforeAll(async () => {
  server = await obtainServer();
  publisher = new RedisClient(server.url);
});

afterAll(async () => {
  await publisher.close();
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

async function start(metadata: ModuleMetadata, options: RedisModuleOptions = {}): Promise<void> {
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
}

async function publish(channel: string, payload: unknown): Promise<void> {
  await publisher.publish(
    `${ns}.${channel}`,
    typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  );
}

/** Waits for this many calls, and a moment more, in which there must be no further one. */
async function called(times: number): Promise<unknown[][]> {
  await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(times));
  await delay(20);
  expect(calls).toHaveLength(times);
  return calls;
}

describe('handlers are found', () => {
  test('on providers and controllers, inherited ones, several decorators on one method', async () => {
    abstract class Base {
      @OnRedisMessage(`${ns}.inherited`)
      onInherited(payload: unknown): void {
        calls.push([this.constructor.name, payload]);
      }
    }
    @Injectable()
    class Provider extends Base {}
    @Controller()
    class Http extends Base {
      @Get()
      index(): string {
        return '';
      }

      @OnRedisMessage(`${ns}.one`)
      @OnRedisMessage([`${ns}.two`, `${ns}.three`], { codec: 'text' })
      onSeveral(payload: unknown, context: RedisMessageContext): void {
        calls.push([context.channel.slice(ns.length + 1), payload]);
      }
    }
    await start({ providers: [Provider], controllers: [Http] });
    await publish('inherited', 1);
    expect((await called(2)).toSorted()).toEqual([
      ['Http', 1],
      ['Provider', 1],
    ]);
    await publish('one', { n: 1 });
    await publish('two', 'text');
    await publish('three', 'more');
    expect((await called(5)).slice(2)).toEqual([
      ['one', { n: 1 }],
      ['two', 'text'],
      ['three', 'more'],
    ]);
  });

  test('an overriding method has its own parameters, and none of the one that it overrides', async () => {
    const Shout = createParamDecorator((_data: unknown, context: ExecutionContext) =>
      String(context.getArgByIndex(0)).toUpperCase(),
    );
    class Base {
      @OnRedisMessage(`${ns}.overridden`)
      onPlain(@RedisChannel() channel: unknown, @RedisPayload('length') length: unknown): void {
        calls.push(['overridden', channel, length]);
      }

      @OnRedisMessage(`${ns}.overridden`)
      onDecorated(@RedisChannel() channel: unknown, @Shout() shout: unknown): void {
        calls.push(['overridden', channel, shout]);
      }

      @Get()
      index(@Body() body: unknown): unknown {
        return body;
      }
    }
    @Controller()
    class Middle extends Base {
      @OnRedisMessage(`${ns}.own`)
      override onPlain(payload: unknown, context: unknown): void {
        calls.push(['plain', payload, context instanceof RedisMessageContext]);
      }

      @OnRedisMessage(`${ns}.own`)
      override onDecorated(@Shout() shout: unknown, @RedisPayload() payload: unknown): void {
        calls.push(['decorated', shout, payload]);
      }

      @OnRedisMessage(`${ns}.own`)
      override index(payload: unknown): unknown {
        return calls.push(['no route', payload]);
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Last extends Middle {}
    await start({ controllers: [Middle], providers: [Last] });
    await publish('own', '"text"');
    const each = [
      ['decorated', 'TEXT', 'text'],
      ['no route', 'text'],
      ['plain', 'text', true],
    ];
    expect((await called(6)).toSorted()).toEqual(each.flatMap((call) => [call, call]));
  });

  test('once, under however many tokens', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.aliases`)
      onOrder(): void {
        calls.push(['once']);
      }
    }
    await start({
      providers: [
        Orders,
        { provide: 'alias', useExisting: Orders },
        { provide: 'same', inject: [Orders], useFactory: (orders: Orders) => orders },
        { provide: 'null', useValue: null },
        { provide: 'function', useValue: () => undefined },
      ],
    });
    await publish('aliases', 1);
    await called(1);
  });

  test('by pattern, sharded, on a named connection', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.p.*`, { pattern: true })
      onPattern(
        @RedisPayload() payload: unknown,
        @RedisPattern() pattern: string,
        @RedisChannel() channel: string,
      ): void {
        calls.push([payload, pattern, channel]);
      }

      @OnRedisMessage(`${ns}.s`, { sharded: true, connection: 'other' })
      onSharded(_: unknown, { type, connection, pattern }: RedisMessageContext): void {
        calls.push([type, connection, pattern]);
      }
    }
    await start({ imports: [RedisModule.forRoot({ name: 'other', url: server.url })], providers: [Orders] });
    await publish('p.a', 1);
    expect(await called(1)).toEqual([[1, `${ns}.p.*`, `${ns}.p.a`]]);
    await publisher.spublish(`${ns}.s`, '{}');
    expect((await called(2))[1]).toEqual(['smessage', 'other', undefined]);
  });

  test('when the connection is opened in the background, or by nobody else', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.background`)
      onDefault(): void {
        calls.push(['background']);
      }

      @OnRedisMessage(`${ns}.background`, { connection: 'lazy' })
      onLazy(): void {
        calls.push(['lazy']);
      }
    }
    await start(
      {
        imports: [RedisModule.forRoot({ name: 'lazy', url: server.url, connect: 'lazy' })],
        providers: [Orders],
      },
      { connect: 'background' },
    );
    await eventually(async () => (await publisher.publish(`${ns}.background`, '1')) === 2);
    await eventually(() => expect(new Set(calls.flat())).toEqual(new Set(['background', 'lazy'])));
  });

  test('and hear nothing where a test replaced the client', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.replaced`)
      onOrder(): void {}
    }
    module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ port: 1 })],
      providers: [Orders],
    })
      .overrideProvider(RedisClient)
      .useValue({ get: () => 'fake' })
      .compile();
    await module.init();
  });
});

describe('payloads', () => {
  test('by codec', async () => {
    @Injectable()
    class Codecs {
      @OnRedisMessage(`${ns}.codec`)
      json(payload: unknown): void {
        calls.push(['json', payload]);
      }

      @OnRedisMessage(`${ns}.codec`, { codec: 'text' })
      text(payload: string): void {
        calls.push(['text', payload]);
      }

      @OnRedisMessage(`${ns}.codec`, { codec: 'buffer' })
      buffer(payload: Buffer, context: RedisMessageContext): void {
        calls.push(['buffer', payload.equals(context.data)]);
      }

      @OnRedisMessage(`${ns}.codec`, { codec: { decode: async (data) => data.length } })
      own(payload: number): void {
        calls.push(['own', payload]);
      }
    }
    await start({ providers: [Codecs] });
    await publish('codec', '{"a":"ä"}');
    expect((await called(4)).toSorted()).toEqual([
      ['buffer', true],
      ['json', { a: 'ä' }],
      ['own', 10],
      ['text', '{"a":"ä"}'],
    ]);
  });

  test("that are not JSON are the handler's error, and none of their text is in it", async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.broken`)
      onOrder(payload: unknown): void {
        calls.push([payload]);
      }
    }
    await start({ providers: [Orders] });
    await publish('broken', 'hunter2');
    await publish('broken', '2');
    expect(await called(1)).toEqual([[2]]);
    const [error, context] = onHandlerError.mock.calls[0]!;
    expect((error as Error).message).toMatch(/the message is not JSON.*codec: 'text'/);
    expect(String((error as Error).cause)).not.toMatch(/hunter/);
    expect(context).toMatchObject({
      className: 'Orders',
      methodName: 'onOrder',
      connection: 'default',
      type: 'message',
      channel: `${ns}.broken`,
    });
    expect((context as RedisMessageErrorContext).data.toString()).toBe('hunter2');
  });
});

describe('the pipeline', () => {
  const Role = (role: string) => SetMetadata('role', role);
  const Sender = createParamDecorator((_: unknown, context: ExecutionContext) => [
    context.getType(),
    context.getArgByIndex<{ sender: string }>(0).sender,
  ]);

  @Injectable()
  class RoleGuard implements CanActivate {
    constructor(private readonly reflector: Reflector) {}

    canActivate(context: ExecutionContext): boolean {
      const role = this.reflector.get<string>('role', context.getHandler());
      const [payload, message] = context.getArgs<[{ role: string }, RedisMessageContext]>();
      return (
        context.getType<string>() === 'redis' &&
        message instanceof RedisMessageContext &&
        payload.role === role
      );
    }
  }

  @Injectable()
  class DoublePipe implements PipeTransform<{ n: number }> {
    transform(value: { n: number } | unknown[]): unknown {
      // the value of a decorator made with createParamDecorator(): Nest runs pipes on those too
      if (Array.isArray(value)) return value;
      if (typeof value?.n !== 'number') throw new TypeError('not for this pipe');
      return { ...value, n: value.n * 2 };
    }
  }

  @Injectable()
  class LogInterceptor implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      calls.push([`before ${context.getClass().name}`]);
      return next.handle().pipe(
        map((value) => {
          calls.push(['after', value]);
          return value;
        }),
      );
    }
  }

  class Refused extends Error {}

  @Catch(Refused)
  class RefusedFilter implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost): void {
      calls.push([
        'filtered',
        error.message,
        host.getType<string>(),
        host.getArgByIndex<RedisMessageContext>(1).channel,
      ]);
    }
  }

  for (const kind of ['provider', 'controller'] as const) {
    test(`guards, pipes, interceptors, filters and parameters of a ${kind}`, async () => {
      @Controller()
      @UseGuards(RoleGuard)
      class Orders {
        @Role('admin')
        @UsePipes(DoublePipe)
        @UseInterceptors(LogInterceptor)
        @OnRedisMessage(`${ns}.pipeline`)
        onOrder(
          @RedisContext() context: RedisMessageContext,
          @RedisPayload() payload: { n: number },
          @Sender() sender: unknown,
          @RedisChannel() channel: string,
        ): string {
          calls.push([payload.n, sender, context.channel === channel]);
          return 'done';
        }

        @Role('admin')
        @UseFilters(RefusedFilter)
        @OnRedisMessage(`${ns}.filter`)
        onRefused(payload: { text: string }): void {
          throw new Refused(payload.text);
        }

        @Role('admin')
        @OnRedisMessage(`${ns}.property`)
        onProperty(@RedisPayload('n', ParseIntPipe) n: number): void {
          calls.push([n]);
        }
      }
      await start(kind === 'provider' ? { providers: [Orders] } : { controllers: [Orders] });

      await publish('pipeline', { role: 'admin', n: 21, sender: 'me' });
      expect(await called(3)).toEqual([['before Orders'], [42, ['redis', 'me'], true], ['after', 'done']]);

      calls = [];
      await publish('pipeline', { role: 'guest', n: 21 });
      await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(1));
      expect(onHandlerError.mock.calls[0]![0]).toBeInstanceOf(ForbiddenException);
      expect(calls).toEqual([]);

      await publish('filter', { role: 'admin', text: 'no' });
      expect(await called(1)).toEqual([['filtered', 'no', 'redis', `${ns}.filter`]]);
      expect(onHandlerError).toHaveBeenCalledTimes(1);

      calls = [];
      await publish('property', { role: 'admin', n: '7' });
      expect(await called(1)).toEqual([[7]]);
    });
  }

  test('pipes of a method run on the payload alone, without parameter decorators too', async () => {
    @Injectable()
    class Orders {
      @UsePipes(DoublePipe)
      @OnRedisMessage(`${ns}.pipes`)
      onOrder(payload: { n: number }, context: RedisMessageContext): void {
        calls.push([payload, context instanceof RedisMessageContext]);
      }
    }
    await start({ providers: [Orders] });
    await publish('pipes', { n: 2 });
    expect(await called(1)).toEqual([[{ n: 4 }, true]]);
    await publish('pipes', 'null');
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(1));
  });

  test('pipes that validate take the payload for a body, and know its class and schema', async () => {
    class Order {
      id!: number;
    }
    /** Stands in for class-validator and class-transformer: the pipe is Nest's own. */
    const pipe = (expectedType?: typeof Order): ValidationPipe =>
      new ValidationPipe({
        transform: true,
        expectedType,
        validatorPackage: {
          validate: ({ id }: Order) => (typeof id === 'number' ? [] : [{ property: 'id' }]),
        },
        transformerPackage: {
          plainToInstance: (metatype: new () => object, value: object) =>
            Object.assign(new metatype(), value),
          classToPlain: (value: object) => value,
        },
      } as never);
    const seen: ArgumentMetadata[] = [];
    const spy: PipeTransform = {
      transform: (value: unknown, metadata) => {
        seen.push(metadata);
        return value;
      },
    };
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };
    @Injectable()
    class Orders {
      @UsePipes(pipe())
      @OnRedisMessage(`${ns}.valid`)
      onMethod(@RedisPayload() order: Order, @RedisContext() context: RedisMessageContext): void {
        calls.push(['method', order instanceof Order, context instanceof RedisMessageContext]);
      }

      @OnRedisMessage(`${ns}.valid`)
      onParameter(@RedisPayload(pipe()) order: Order): void {
        calls.push(['parameter', order instanceof Order]);
      }

      @OnRedisMessage(`${ns}.valid`)
      onExpected(@RedisPayload(pipe(Order)) order: object): void {
        calls.push(['expected', order instanceof Order]);
      }

      @UsePipes(pipe())
      @OnRedisMessage(`${ns}.valid`)
      onDefault(order: Order): void {
        calls.push(['default', order instanceof Order]);
      }

      @OnRedisMessage(`${ns}.metadata`)
      onMetadata(
        @RedisPayload('id', spy) id: number,
        @RedisChannel(spy) channel: string,
        @RedisPattern(spy) pattern: string | undefined,
      ): void {
        calls.push([id, channel, pattern]);
      }
    }
    const params = Reflect.getMetadata('__routeArguments__', Orders, 'onMetadata') as Record<string, object>;
    const payload = Object.keys(params).find((key) => key.endsWith(':0'))!;
    params[payload] = { ...params[payload], schema };
    await start({ providers: [Orders] });
    await publish('valid', { id: 1 });
    expect((await called(4)).toSorted()).toEqual([
      ['default', true],
      ['expected', true],
      ['method', true, true],
      ['parameter', true],
    ]);
    await publish('valid', { id: 'one' });
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(4));
    for (const [error] of onHandlerError.mock.calls) expect(error).toBeInstanceOf(BadRequestException);

    await publish('metadata', { id: 7 });
    expect((await called(5))[4]).toEqual([7, `${ns}.metadata`, undefined]);
    expect(seen.map(({ type }) => type).toSorted()).toEqual(['body', 'custom', 'custom']);
    expect(seen.find(({ type }) => type === 'body')).toMatchObject({
      metatype: Number,
      data: 'id',
      // Nest 11 knows no schemas
      ...('StandardSchemaValidationPipe' in nestCommon && { schema }),
    });
  });

  test('each module has its own enhancers, though they provide the same class', async () => {
    @Injectable()
    class Tag implements PipeTransform {
      constructor(@Inject('tag') private readonly tag: string) {}
      transform(): string {
        return this.tag;
      }
    }
    @Injectable()
    class Tagged {
      @OnRedisMessage(`${ns}.tag`)
      onTag(@RedisPayload(Tag) tag: string): void {
        calls.push([tag]);
      }
    }
    @Module({ providers: [Tagged, { provide: 'tag', useValue: 'one' }] })
    class One {}
    @Module({ controllers: [Tagged], providers: [{ provide: 'tag', useValue: 'two' }] })
    class Two {}
    await start({ imports: [One, Two] });
    await publish('tag', 0);
    expect((await called(2)).flat().toSorted()).toEqual(['one', 'two']);
  });

  // Nest 11 remembers parameters by these two names
  test('classes and methods of the same names have their own parameters', async () => {
    const make = (decorate: () => ParameterDecorator, channel: string): Type => {
      @Injectable()
      class Orders {
        @OnRedisMessage(channel)
        onOrder(@decorate() value: unknown): void {
          calls.push([value]);
        }
      }
      return Orders;
    };
    await start({
      providers: [make(RedisPayload, `${ns}.same.payload`), make(RedisChannel, `${ns}.same.channel`)],
    });
    await publish('same.payload', 1);
    await publish('same.channel', 2);
    expect((await called(2)).flat()).toEqual(expect.arrayContaining([1, `${ns}.same.channel`]));
  });

  test('global enhancers stay out, unless asked for', async () => {
    const guard = { canActivate: jest.fn((_: ExecutionContext) => false) };
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.global`)
      onOrder(): void {
        calls.push(['handled']);
      }
    }
    const metadata = { providers: [Orders, { provide: APP_GUARD, useValue: guard }] };
    await start(metadata);
    await publish('global', 1);
    await called(1);
    expect(guard.canActivate).not.toHaveBeenCalled();
    await module!.close();

    await start(metadata, { globalEnhancers: true });
    await publish('global', 1);
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(1));
    expect(guard.canActivate.mock.calls[0]![0].getType<string>()).toBe('redis');
    await called(1);
  });

  test('a request-scoped handler is made for each message, and can inject its context', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerMessage {
      readonly id = ++made;
      constructor(@Inject(REQUEST) readonly request: RedisMessageContext) {}
    }
    @Injectable()
    class Static {
      @OnRedisMessage(`${ns}.scoped`)
      onStatic(): void {
        calls.push(['static']);
      }
    }
    for (const host of ['providers', 'controllers'] as const) {
      @Controller()
      class Orders {
        constructor(private readonly dependency: PerMessage) {}

        @UsePipes(DoublePipe)
        @OnRedisMessage(`${ns}.scoped`, { ordered: true })
        onOrder(payload: { n: number }): void {
          calls.push([payload.n, this.dependency.request.channel === `${ns}.scoped`, this.dependency.id]);
        }
      }
      made = 0;
      calls = [];
      await start({
        providers: [PerMessage, Static, ...(host === 'providers' ? [Orders] : [])],
        controllers: host === 'controllers' ? [Orders] : [],
      });
      await publish('scoped', { n: 1 });
      await publish('scoped', { n: 2 });
      expect((await called(4)).filter((call) => call.length > 1)).toEqual([
        [2, true, 1],
        [4, true, 2],
      ]);
      await module!.close();
    }
  });

  test('a transient handler is made for each message', async () => {
    let made = 0;
    @Injectable({ scope: Scope.TRANSIENT })
    class Orders {
      private readonly id = ++made;

      @OnRedisMessage(`${ns}.transient`, { ordered: true })
      onOrder(): void {
        calls.push([this.id]);
      }
    }
    await start({ providers: [Orders] });
    await publish('transient', 1);
    await publish('transient', 2);
    const [[first], [second]] = (await called(2)) as [[number], [number]];
    expect(second).toBe(first + 1);
  });
});

describe('results and errors', () => {
  test('promises and Observables are waited for; empty ones are fine', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.results`)
      async promise(): Promise<void> {
        await delay(1);
        calls.push(['promise']);
      }

      @OnRedisMessage(`${ns}.results`)
      observable(): Observable<string> {
        return of('a', 'b').pipe(
          map((value) => {
            calls.push([value]);
            return value;
          }),
        );
      }

      @OnRedisMessage(`${ns}.results`)
      empty(): Observable<never> {
        return EMPTY;
      }

      @OnRedisMessage(`${ns}.results`)
      failing(): Observable<never> {
        return throwError(() => new Error('inside'));
      }
    }
    await start({ providers: [Orders] });
    await publish('results', 1);
    expect((await called(3)).flat().toSorted()).toEqual(['a', 'b', 'promise']);
    expect(onHandlerError).toHaveBeenCalledTimes(1);
    expect(onHandlerError.mock.calls[0]).toMatchObject([new Error('inside'), { methodName: 'failing' }]);
  });

  test('an Observable whose teardown throws ends no process, and its message is in one counter', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.teardown`)
      onOrder(payload: number): Observable<number> {
        return new Observable((subscriber) => {
          if (payload === 1) subscriber.complete();
          else setImmediate(() => subscriber.error(new Error('inside')));
          return () => {
            if (payload === 1) throw new Error('in its teardown');
          };
        });
      }
    }
    await start({ providers: [Orders] });
    for (const payload of [1, 2]) await publish('teardown', payload);
    const handlers = module!.get(RedisHandlers);
    await eventually(() =>
      expect(handlers.messageStats()).toMatchObject([{ received: 2, handled: 1, failed: 1 }]),
    );
  });

  test('what a handler throws is logged with class, method and channel, and nothing else happens', async () => {
    const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn(), debug: jest.fn() };
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.throwing`)
      onOrder(payload: number): void {
        calls.push([payload]);
        if (payload === 1) throw new Error('out of stock');
        if (payload === 2) throw 'a string';
      }
    }
    onHandlerError.mockImplementation((error) => {
      if (error instanceof Error) throw new Error('the listener too');
    });
    await start({ providers: [Orders] });
    module!.useLogger(logger);
    for (const payload of [1, 2, 3]) await publish('throwing', payload);
    expect(await called(3)).toEqual([[1], [2], [3]]);
    const lines = logger.error.mock.calls.map(([line]) => line);
    expect(lines).toEqual([
      `Orders.onOrder failed on a message of channel "${ns}.throwing": out of stock`,
      `onHandlerError of Redis "default" threw: the listener too`,
      `Orders.onOrder failed on a message of channel "${ns}.throwing": a string`,
    ]);
    expect(onHandlerError).toHaveBeenCalledTimes(2);
  });

  test('whoever chooses the channel that a pattern matches writes no line of the log', async () => {
    const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn(), debug: jest.fn() };
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.chosen*`, { pattern: true })
      onOrder(): void {
        throw new Error('out of stock');
      }
    }
    await start({ providers: [Orders] });
    module!.useLogger(logger);
    await publish('chosen\n[Nest] ERROR forged\u001b[31m\u2028\u202e', 1);
    await publish(`chosen${'x'.repeat(10_000)}`, 1);
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(2));
    const lines = logger.error.mock.calls.map(([line]) => String(line));
    expect(lines[0]).toBe(
      `Orders.onOrder failed on a message of channel "${ns}.chosen\\u000a[Nest] ERROR forged\\u001b[31m\\u2028\\u202e": out of stock`,
    );
    expect(lines[1]).toMatch(/chosenx+…": out of stock$/);
    expect(lines[1]!.length).toBeLessThan(300);
  });

  test('the same failure again and again is logged once, then counted; the stuck overflow is told at the end', async () => {
    const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn(), debug: jest.fn() };
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.flood`)
      onOrder(): void {
        throw new Error('out of stock');
      }

      @OnRedisMessage(`${ns}.flood`, { concurrency: 1, bufferSize: 2 })
      async onStuck(): Promise<void> {
        await new Promise(() => undefined);
      }
    }
    await start({ providers: [Orders] }, { shutdownTimeout: 100 });
    module!.useLogger(logger);
    for (let times = 0; times < 10; times++) await publish('flood', 1);
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(10));
    const failure = `Orders.onOrder failed on a message of channel "${ns}.flood": out of stock`;
    expect(logger.error.mock.calls.map(([line]) => line)).toEqual([failure]);
    expect(logger.warn).not.toHaveBeenCalled();
    await module!.close();
    expect(logger.error.mock.calls.map(([line]) => line)).toEqual([failure, `${failure} (9 more)`]);
    expect(logger.warn.mock.calls.map(([line]) => line)).toContainEqual(
      expect.stringMatching(/^Orders.onStuck is too slow for its channels: 7 message\(s\) were dropped/),
    );
  });

  test('what cannot be put into words ends neither the process nor the handler', async () => {
    const kinds = Object.keys(UNSPEAKABLE);
    const unhandled = jest.fn();
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.unspeakable`, { ordered: true })
      onOrdered(kind: string): void {
        calls.push(['ordered', kind]);
        throw UNSPEAKABLE[kind]!();
      }

      @OnRedisMessage(`${ns}.unspeakable`, { concurrency: 1 })
      onNext(kind: string): void {
        calls.push(['next', kind]);
        throw UNSPEAKABLE[kind]!();
      }
    }
    onHandlerError.mockImplementation((error) => {
      throw error;
    });
    process.on('unhandledRejection', unhandled);
    for (const traces of [false, true]) {
      calls = [];
      await start({ providers: [Orders] }, { telemetry: { traces } });
      for (const kind of kinds) await publish('unspeakable', JSON.stringify(kind));
      await called(kinds.length * 2);
      for (const name of ['ordered', 'next'])
        expect(calls.filter(([by]) => by === name).map(([, kind]) => kind)).toEqual(kinds);
      await module!.close();
    }
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(onHandlerError).toHaveBeenCalledTimes(kinds.length * 4);
  });

  test('a filter may answer with another error', async () => {
    @Catch()
    class Rethrow implements ExceptionFilter {
      catch(error: Error): Observable<never> {
        return throwError(() => new Error(`seen: ${error.message}`));
      }
    }
    @Injectable()
    class Orders {
      @UseFilters(new Rethrow())
      @OnRedisMessage(`${ns}.rethrow`)
      onOrder(): void {
        throw new Error('first');
      }
    }
    await start({ providers: [Orders] });
    await publish('rethrow', 1);
    await eventually(() =>
      expect(onHandlerError.mock.calls[0]![0]).toMatchObject({ message: 'seen: first' }),
    );
  });
});

describe('a message finds every provider ready', () => {
  const log: string[] = [];

  /** Publishes at every point of its life, and gives what may arrive too early or too late the time to. */
  @Injectable()
  class Slow implements OnApplicationBootstrap, OnModuleDestroy {
    async onApplicationBootstrap(): Promise<void> {
      await publish('life', 'booting');
      await delay(30);
      log.push('bootstrapped');
    }

    async onModuleDestroy(): Promise<void> {
      log.push('destroying');
      await publish('life', 'destroying');
      await delay(30);
    }
  }

  @Injectable()
  class Orders {
    @OnRedisMessage(`${ns}.life`, { codec: 'text' })
    onOrder(text: string): void {
      log.push(text);
    }
  }

  @Global()
  @Module({ providers: [Slow] })
  class GlobalModule {}

  @Module({ providers: [Slow] })
  class PlainModule {}

  test('its onApplicationBootstrap has run, and its onModuleDestroy has not', async () => {
    for (const imports of [[GlobalModule], [PlainModule], []]) {
      log.length = 0;
      await start({ imports, providers: imports.length === 0 ? [Slow, Orders] : [Orders] });
      expect(log).toEqual(['bootstrapped']);
      await publish('life', 'running');
      await eventually(() => expect(log).toContain('running'));
      await module!.close();
      expect(log).toEqual(['bootstrapped', 'running', 'destroying']);
    }
  });
});

describe('stopping', () => {
  test('what was received is handled; the signal tells handlers; nothing comes after', async () => {
    let signal: AbortSignal | undefined;
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.stop`, { concurrency: 1 })
      async onOrder(payload: number, context: RedisMessageContext): Promise<void> {
        signal = context.signal;
        await delay(60);
        calls.push([payload]);
      }
    }
    await start({ providers: [Orders] });
    for (const payload of [1, 2, 3]) await publish('stop', payload);
    await eventually(() => expect(signal).toBeDefined());
    // the others are on their way to here, too
    await delay(20);
    expect(signal!.aborted).toBe(false);
    await module!.close();
    expect(signal!.aborted).toBe(true);
    expect(calls).toEqual([[1], [2], [3]]);
    expect(await publisher.publish(`${ns}.stop`, '4')).toBe(0);
  });

  test('the signal may be listened to by every message in work: Node takes that for no leak', async () => {
    let signal: AbortSignal | undefined;
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.listened`)
      async onOrder(payload: number, context: RedisMessageContext): Promise<void> {
        ({ signal } = context);
        calls.push([payload]);
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      }
    }
    await start({ providers: [Orders] });
    for (let payload = 0; payload < 16; payload++) await publish('listened', payload);
    await called(16);
    expect(getEventListeners(signal!, 'abort')).toHaveLength(16);
    // else Node warns from the eleventh on
    expect(getMaxListeners(signal!)).toBe(Infinity);
  });

  test('an Observable that never completes is left at the end, and nothing of it goes on', async () => {
    let begun = 0;
    let over = 0;
    const endless = new Observable<number>(() => {
      begun++;
      return () => {
        over++;
        throw new Error('in its teardown');
      };
    });
    @Catch(RangeError)
    class Endless implements ExceptionFilter {
      catch(): Observable<number> {
        return endless;
      }
    }
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.endless`, { concurrency: 2 })
      onOrder(payload: number): Observable<number> {
        calls.push([payload]);
        return endless;
      }

      @UseFilters(Endless)
      @OnRedisMessage(`${ns}.endless`)
      onFailure(payload: number): void {
        if (payload === 1) throw new RangeError('too large');
      }
    }
    await start({ providers: [Orders] }, { shutdownTimeout: 200 });
    for (const payload of [1, 2, 3]) await publish('endless', payload);
    await eventually(() => expect(begun).toBe(3));
    expect(over).toBe(0);
    await module!.close();
    expect(over).toBe(3);
    // the third of them waits behind the others, who are not done
    expect(calls).toEqual([[1], [2]]);
  });

  test('a handler that never ends delays the shutdown by shutdownTimeout at the most', async () => {
    let begun = false;
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.stuck`)
      async onOrder(): Promise<void> {
        begun = true;
        await new Promise(() => undefined);
      }
    }
    await start({ providers: [Orders] }, { shutdownTimeout: 200 });
    await publish('stuck', 1);
    await eventually(() => begun);
    const started = performance.now();
    await module!.close();
    expect(performance.now() - started).toBeGreaterThanOrEqual(190);
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});
