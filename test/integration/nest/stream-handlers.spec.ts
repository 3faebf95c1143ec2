import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BadRequestException,
  Catch,
  Controller,
  createParamDecorator,
  Get,
  Inject,
  Injectable,
  Module,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type OnApplicationBootstrap,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { map, of, throwError, type Observable } from 'rxjs';
import { z } from 'zod';
import {
  getRedisToken,
  OnRedisMessage,
  OnRedisStream,
  RedisClient,
  RedisContext,
  RedisHandlers,
  RedisModule,
  RedisPayload,
  RedisPayloadError,
  RedisStreamContext,
  type OnRedisStreamOptions,
  type RedisHandlerErrorContext,
  type RedisMessageContext,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { UNSPEAKABLE } from '../../unit/nest/support/unspeakable.js';
import { eventually, ONE_KIND, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { gate, newStream, pendingOf, readersOf } from '../core/support/streams.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  let redis: RedisClient;
  let module: TestingModule | undefined;
  const onHandlerError = jest.fn<(error: unknown, context: RedisHandlerErrorContext) => unknown>();
  const log: string[] = [];
  const write =
    (level: string) =>
    (text: unknown): void =>
      void log.push(`${level}: ${String(text)}`);
  const logger = { log: write('log'), error: write('error'), warn: write('warn'), debug: write('debug') };
  let calls: unknown[][] = [];
  let stream: string;

  beforeAll(async () => {
    server = await startServer({ kind });
    redis = new RedisClient({ url: server.url, reconnect: { delay: 10, maxDelay: 50 } });
  });

  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  beforeEach(() => {
    calls = [];
    log.length = 0;
    onHandlerError.mockReset();
    stream = newStream();
  });

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  async function start(metadata: ModuleMetadata, options: RedisModuleOptions = {}): Promise<void> {
    const compiled = await Test.createTestingModule({
      ...metadata,
      imports: [
        RedisModule.forRoot({
          url: server.url,
          reconnect: { delay: 10, maxDelay: 50 },
          onHandlerError: onHandlerError as never,
          ...options,
        }),
        ...(metadata.imports ?? []),
      ],
    })
      .setLogger(logger)
      .compile();
    // one whose boot fails has closed what it opened, and Nest 11 closes it no more
    module = await compiled.init();
  }

  /** A provider with one handler, whose method is `handle`. */
  function worker(
    options: Partial<OnRedisStreamOptions>,
    handle: (payload: never, context: RedisStreamContext) => unknown,
  ): new () => object {
    @Injectable()
    class Worker {
      @OnRedisStream(stream, { group: 'g', ...options })
      onEntry(payload: never, context: RedisStreamContext): unknown {
        return handle(payload, context);
      }
    }
    return Worker;
  }

  const add = (fields: Record<string, string | number | Buffer>): Promise<string> =>
    redis.xadd(stream, '*', fields);
  const called = (times: number): Promise<unknown[][]> =>
    eventually(() => {
      expect(calls).toHaveLength(times);
      return calls;
    });
  const settled = (): Promise<true> => eventually(async () => (await pendingOf(redis, stream)) === 0);

  describe('handlers are found, and called', () => {
    test('on providers and controllers, inherited, several on one method, each group with every entry', async () => {
      const other = newStream();
      abstract class Base {
        @OnRedisStream(stream, { group: 'inherited' })
        onInherited(payload: unknown): void {
          calls.push([this.constructor.name, payload]);
        }
      }
      @Injectable()
      class Provider extends Base {}
      @Controller()
      class Http {
        @Get()
        index(): string {
          return '';
        }

        @OnRedisStream(stream, { group: 'one' })
        @OnRedisStream(other, { group: 'two', field: 'data', codec: 'text' })
        onSeveral(payload: unknown, context: RedisStreamContext): void {
          calls.push([context.group, payload]);
        }
      }
      await start({ providers: [Provider], controllers: [Http] });
      await redis.xadd(stream, '*', { n: 1 });
      await redis.xadd(other, '*', { data: 'text', more: 1 });
      expect((await called(3)).toSorted()).toEqual([
        ['Provider', { n: '1' }],
        ['one', { n: '1' }],
        ['two', 'text'],
      ]);
    });

    test('with the context of the entry, acknowledged when done, Observables too', async () => {
      const contexts: RedisStreamContext[] = [];
      const { opened, open } = gate();
      await start({
        providers: [
          worker({ consumer: 'me', maxDeliveries: 1, deadLetter: false }, async (payload, context) => {
            calls.push([payload]);
            contexts.push(context);
            await opened;
            return of(1, 2);
          }),
        ],
      });
      const id = await add({ text: 'ä', bytes: Buffer.from([255, 0]) });
      expect(await called(1)).toEqual([[{ text: 'ä', bytes: '\ufffd\0' }]]);
      expect(contexts[0]).toBeInstanceOf(RedisStreamContext);
      expect({ ...contexts[0] }).toEqual({
        type: 'stream',
        stream,
        group: 'g',
        consumer: 'me',
        id,
        deliveries: 1,
        isLastDelivery: true,
        fields: { text: Buffer.from('ä'), bytes: Buffer.from([255, 0]) },
        connection: 'default',
        signal: expect.any(AbortSignal),
      });
      expect(await pendingOf(redis, stream)).toBe(1);
      open();
      await settled();
      expect(log.filter((line) => !line.startsWith('log'))).toEqual([]);
    });

    test('with what was there before the group, and no entry twice', async () => {
      const ids = await Promise.all([add({ n: 1 }), add({ n: 2 }), add({ n: 3 })]);
      await start({ providers: [worker({}, (_, { id }) => calls.push([id]))] });
      expect(await called(3)).toEqual(ids.map((id) => [id]));
      await settled();
      expect((await redis.xinfoGroups(stream))[0]).toMatchObject({ name: 'g', pending: 0 });
    });

    test('by a named connection with a key prefix, and one that is opened by nobody else', async () => {
      @Injectable()
      class Orders {
        @OnRedisStream(stream, { group: 'g', connection: 'other' })
        onOrder(_: unknown, { connection, stream: name }: RedisStreamContext): void {
          calls.push([connection, name]);
        }
      }
      await start({
        imports: [
          RedisModule.forRoot({ name: 'other', url: server.url, connect: 'lazy', keyPrefix: 'app:' }),
        ],
        providers: [Orders],
      });
      await redis.xadd(`app:${stream}`, '*', { n: 1 });
      expect(await called(1)).toEqual([['other', stream]]);
    });

    test('no more at once than it wants, and in order where that is one', async () => {
      let running = 0;
      let most = 0;
      const work = async (n: string): Promise<void> => {
        most = Math.max(most, ++running);
        await delay(1);
        running--;
        calls.push([Number(n)]);
      };
      await Promise.all(Array.from({ length: 30 }, (_, n) => add({ n })));
      await start({ providers: [worker({}, ({ n }) => work(n))] });
      expect(await called(30)).toEqual(Array.from({ length: 30 }, (_, n) => [n]));
      expect(most).toBe(1);
      await module!.close();
      await redis.xgroupDestroy(stream, 'g');
      calls = [];
      most = 0;
      await start({ providers: [worker({ concurrency: 4 }, ({ n }) => work(n))] });
      await called(30);
      expect(most).toBe(4);
    });

    test('also a method that hears messages', async () => {
      @Injectable()
      class Both {
        @OnRedisMessage(`${stream}:channel`)
        @OnRedisStream(stream, { group: 'g', field: 'data' })
        onOrder(payload: unknown, context: RedisMessageContext | RedisStreamContext): void {
          calls.push([payload, context.type]);
        }
      }
      await start({ providers: [Both] });
      await redis.publish(`${stream}:channel`, '{"n":1}');
      await called(1);
      await add({ data: '{"n":2}' });
      expect(await called(2)).toEqual([
        [{ n: 1 }, 'message'],
        [{ n: 2 }, 'stream'],
      ]);
    });
  });

  describe('payloads', () => {
    test('of one field: JSON, text, bytes, and what an own codec makes of it', async () => {
      const groups: Record<string, OnRedisStreamOptions['codec']> = {
        json: 'json',
        text: 'text',
        buffer: 'buffer',
        own: { decode: async (data) => data.length },
      };
      await start({
        providers: Object.entries(groups).map(([group, codec]) =>
          worker({ group, field: 'data', codec }, (payload, context) => calls.push([context.group, payload])),
        ),
      });
      await add({ data: '{"n":1}', other: 'x' });
      expect((await called(4)).toSorted()).toEqual([
        ['buffer', Buffer.from('{"n":1}')],
        ['json', { n: 1 }],
        ['own', 7],
        ['text', '{"n":1}'],
      ]);
    });

    test('without the fields of a trace context, which are in the context', async () => {
      await start({
        providers: [worker({}, (payload, { fields }) => calls.push([payload, Object.keys(fields)]))],
      });
      await add({ n: 1, traceparent: '00-x', tracestate: 's', baggage: 'b' });
      await add({ n: 2, baggage: 'two bags' });
      expect(await called(2)).toEqual([
        [{ n: '1' }, ['n', 'traceparent', 'tracestate', 'baggage']],
        [{ n: '2', baggage: 'two bags' }, ['n', 'baggage']],
      ]);
    });

    test('that a schema makes; what no codec or schema takes goes the way of failures, to the dead letters', async () => {
      const schema = z.object({ id: z.string(), total: z.coerce.number() });
      await start({
        providers: [
          worker({ schema, maxDeliveries: 1, deadLetter: `${stream}:dead` }, (payload) =>
            calls.push([payload]),
          ),
        ],
      });
      const bad = await add({ id: 'a', total: 'hunter2' });
      await add({ id: 'b', total: 3 });
      expect(await called(1)).toEqual([[{ id: 'b', total: 3 }]]);
      await eventually(async () => (await redis.xlen(`${stream}:dead`)) === 1);
      const [dead] = await redis.xrange(`${stream}:dead`, '-', '+');
      expect(dead!.fields).toMatchObject({
        total: 'hunter2',
        'dead-letter:id': bad,
        'dead-letter:error': 'RedisPayloadError',
      });
      expect(onHandlerError.mock.calls).toEqual([
        [expect.any(RedisPayloadError), expect.objectContaining({ type: 'stream', id: bad })],
      ]);
      await settled();
      expect(log.join()).not.toContain('hunter2');
    });

    test.each([
      [{ field: 'data' }, { data: '{' }, /is not JSON/],
      [{ field: 'data' }, { other: 1 }, /the entry has no field 'data'/],
      [{ field: 'toString' }, { other: 1 }, /the entry has no field 'toString'/],
    ] as const)('%j of %j is a failure that says why, and comes again', async (options, fields, message) => {
      await start({ providers: [worker({ ...options, claimIdle: 100 }, () => calls.push([]))] });
      const id = await add(fields);
      await eventually(() => expect(onHandlerError.mock.calls.length).toBeGreaterThanOrEqual(2));
      const told = onHandlerError.mock.calls.slice(0, 2);
      expect(told.map(([error]) => (error as Error).message)).toEqual([
        expect.stringMatching(message),
        expect.stringMatching(message),
      ]);
      expect(told.map(([, context]) => context)).toMatchObject([
        { id, deliveries: 1, isLastDelivery: false },
        { id, deliveries: 2 },
      ]);
      expect(calls).toEqual([]);
      expect(await pendingOf(redis, stream)).toBe(1);
    });
  });

  describe('the pipeline', () => {
    test('guards, interceptors, pipes and filters of class and method, in order, in a context of type redis', async () => {
      @Injectable()
      class Guard implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          calls.push(['guard', context.getType(), context.getArgByIndex(1) instanceof RedisStreamContext]);
          return context.getArgByIndex<Record<string, string>>(0)['n'] !== '2';
        }
      }
      @Injectable()
      class Around implements NestInterceptor {
        intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
          calls.push(['before']);
          return next.handle().pipe(map((value) => calls.push(['after', value])));
        }
      }
      @Injectable()
      class Upper implements PipeTransform {
        transform(value: string | Record<string, string>): unknown {
          return typeof value === 'string' ? value : { ...value, piped: value['n'] };
        }
      }
      @Catch(RangeError)
      class Ranges implements ExceptionFilter {
        catch(error: RangeError, host: ArgumentsHost): void {
          calls.push(['filter', error.message, host.getArgByIndex<RedisStreamContext>(1).id]);
        }
      }
      const Id = createParamDecorator(
        (_: unknown, context: ExecutionContext) => context.getArgByIndex<RedisStreamContext>(1).id,
      );
      @UseGuards(Guard)
      @UseFilters(Ranges)
      @Injectable()
      class Orders {
        @UseInterceptors(Around)
        @UsePipes(Upper)
        @OnRedisStream(stream, { group: 'g' })
        onOrder(
          @RedisPayload('n', ParseIntPipe) n: number,
          @RedisPayload() payload: unknown,
          @RedisContext() context: RedisStreamContext,
          @Id() id: string,
        ): string {
          if (n === 3) throw new RangeError('three');
          calls.push([n, payload, context.id === id]);
          return 'done';
        }
      }
      await start({ providers: [Orders] });
      await add({ n: 1 });
      expect(await called(4)).toEqual([
        ['guard', 'redis', true],
        ['before'],
        [1, { n: '1', piped: '1' }, true],
        ['after', 'done'],
      ]);
      await settled();
      // refused by the guard: it stays pending
      await add({ n: 2 });
      await eventually(() => expect(onHandlerError.mock.calls).toHaveLength(1));
      expect((onHandlerError.mock.calls[0]![0] as Error).message).toBe('Forbidden resource');
      // taken by the filter: it is done
      const third = await add({ n: 3 });
      await eventually(() => expect(calls.at(-1)).toEqual(['filter', 'three', third]));
      await eventually(async () => (await pendingOf(redis, stream)) === 1);
      expect(onHandlerError).toHaveBeenCalledTimes(1);
    });

    test('a class of request scope is made anew for each entry, with the context as REQUEST', async () => {
      let made = 0;
      @Injectable({ scope: Scope.REQUEST })
      class Orders {
        readonly number = ++made;

        constructor(@Inject(REQUEST) private readonly context: RedisStreamContext) {}

        @OnRedisStream(stream, { group: 'g' })
        onOrder(): void {
          calls.push([this.number, this.context.id]);
        }
      }
      await start({ providers: [Orders] });
      const ids = [await add({ n: 1 }), await add({ n: 2 })];
      expect(await called(2)).toEqual([
        [1, ids[0]],
        [2, ids[1]],
      ]);
    });

    test('global enhancers run where the module says so, and not otherwise', async () => {
      const guard = {
        canActivate: (context: ExecutionContext): boolean => {
          calls.push([context.getType()]);
          return true;
        },
      };
      const metadata = (): ModuleMetadata => ({
        providers: [{ provide: APP_GUARD, useValue: guard }, worker({}, () => calls.push(['handled']))],
      });
      await start(metadata());
      await add({ n: 1 });
      expect(await called(1)).toEqual([['handled']]);
      await module!.close();
      await start(metadata(), { globalEnhancers: true });
      await add({ n: 2 });
      expect(await called(3)).toEqual([['handled'], ['redis'], ['handled']]);
    });
  });

  describe('failures', () => {
    test('come again after claimIdle, and go to the dead letters after maxDeliveries', async () => {
      await start({
        providers: [
          worker({ claimIdle: 100, maxDeliveries: 3, deadLetter: `${stream}:dead` }, (_, context) => {
            calls.push([context.deliveries, context.isLastDelivery]);
            if (context.deliveries > 1) return throwError(() => new BadRequestException('no'));
            throw new BadRequestException('no');
          }),
        ],
      });
      const id = await add({ n: 1 });
      await eventually(async () => (await redis.xlen(`${stream}:dead`)) === 1, { timeout: 10_000 });
      expect(calls).toEqual([
        [1, false],
        [2, false],
        [3, true],
      ]);
      expect(onHandlerError.mock.calls.map(([, context]) => context)).toEqual(
        [1, 2, 3].map((deliveries) => ({
          className: 'Worker',
          methodName: 'onEntry',
          connection: 'default',
          type: 'stream',
          stream,
          group: 'g',
          id,
          deliveries,
          isLastDelivery: deliveries === 3,
          fields: { n: Buffer.from('1') },
        })),
      );
      const [dead] = await redis.xrange(`${stream}:dead`, '-', '+');
      expect(dead!.fields).toMatchObject({
        n: '1',
        'dead-letter:message': 'no',
        'dead-letter:deliveries': '3',
      });
      await settled();
      // in full once
      expect(log.filter((line) => line.includes('failed on'))).toEqual([
        `error: Worker.onEntry failed on an entry of stream "${stream}": no (entry ${id}, delivery 1)`,
      ]);
      expect(log).toContain(
        `warn: Worker.onEntry gave up entry ${id} of stream "${stream}" after 3 deliveries: it is in stream "${stream}:dead" as ${dead!.id}.`,
      );
    });

    test.each(Object.entries(UNSPEAKABLE))(
      'of %s harm nobody: the entry becomes a dead letter, and the next is handled',
      async (_, make) => {
        onHandlerError.mockImplementation(() => {
          throw make();
        });
        await start({
          providers: [
            worker({ maxDeliveries: 1, deadLetter: `${stream}:dead` }, ({ n }) => {
              if (n === '1') throw make();
              calls.push([n]);
            }),
          ],
        });
        const id = await add({ n: 1 });
        await add({ n: 2 });
        expect(await called(1)).toEqual([['2']]);
        await eventually(async () => {
          const [dead] = await redis.xrange(`${stream}:dead`, '-', '+');
          expect(dead?.fields).toMatchObject({ n: '1', 'dead-letter:id': id });
          expect(dead?.fields['dead-letter:error']).not.toBe('NeverFinished');
        });
        await settled();
        expect(log.filter((line) => line.includes('gets no entries'))).toEqual([]);
      },
    );

    test('of an entry that is trimmed before its next delivery are said to be lost', async () => {
      await start({
        providers: [
          worker({ claimIdle: 100 }, () => {
            throw new Error('no');
          }),
        ],
      });
      const id = await add({ n: 1 });
      await eventually(() => expect(onHandlerError).toHaveBeenCalled());
      await redis.xdel(stream, id);
      await eventually(() =>
        expect(log).toContain(
          `warn: Worker.onEntry lost 1 entries of stream "${stream}": they were trimmed or deleted before group "g" was done with them.`,
        ),
      );
      await settled();
    });

    test('a logger that throws loses no entry', async () => {
      await start({
        providers: [
          worker({ maxDeliveries: 1, deadLetter: false }, ({ n }) => {
            if (n === '1') throw new Error('no');
            calls.push([n]);
          }),
        ],
      });
      module!.useLogger({
        ...logger,
        error: () => {
          throw new Error('full');
        },
        warn: () => {
          throw new Error('full');
        },
      });
      await add({ n: 1 });
      await add({ n: 2 });
      await called(1);
      await settled();
    });
  });

  describe('at boot', () => {
    test('stream and group are there when it ends, and begin where they are told', async () => {
      await add({ n: 1 });
      await start({ providers: [worker({ start: '$' }, ({ n }) => calls.push([n]))] });
      expect(await redis.xinfoGroups(stream)).toMatchObject([{ name: 'g', pending: 0 }]);
      await add({ n: 2 });
      expect(await called(1)).toEqual([['2']]);
    });

    test('it fails clearly where the key is no stream, and leaves nothing', async () => {
      await redis.set(stream, 'text');
      const before = (await redis.clientList()).length;
      await expect(start({ providers: [worker({}, () => undefined)] })).rejects.toThrow(
        new RegExp(
          `@OnRedisStream\\(\\) on Worker.onEntry: group "g" of stream "${stream}" could not be read: WRONGTYPE .*does not start without it`,
        ),
      );
      module = undefined;
      await eventually(async () => expect((await redis.clientList()).length).toBe(before));
    });

    test.each([
      ['the group', '-xgroup|create'],
      ['the entries', '-xreadgroup'],
    ])('it fails clearly where the user may not make or read %s', async (_, rule) => {
      await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', '~*', '&*', '+@all', rule);
      const url = server.url.replace('redis://', 'redis://limited:secret@');
      await expect(start({ providers: [worker({}, () => undefined)] }, { url })).rejects.toThrow(
        /Worker\.onEntry: group "g" of stream ".*" could not be read: NOPERM/,
      );
    });

    test.each(['xack', 'xpending', 'xclaim', 'xautoclaim', 'xrange'])(
      'it fails clearly where the user may read entries and not do without %s, before one is handled',
      async (command) => {
        const rule = `-${command}`;
        await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', '~*', '&*', '+@all', rule);
        const url = server.url.replace('redis://', 'redis://limited:secret@');
        await add({ n: 1 });
        const given = { deadLetter: `${stream}:dead` };
        await expect(start({ providers: [worker(given, () => calls.push([]))] }, { url })).rejects.toThrow(
          `(command: ${command.toUpperCase()})`,
        );
        expect(calls).toEqual([]);
        expect(await pendingOf(redis, stream)).toBe(0);
        module = undefined;
      },
    );

    // the pauses between attempts are ours, and take seconds
    if (ONE_KIND.includes(kind)) {
      test('a right that is taken away while it runs has no entry handled again and again', async () => {
        await redis.call('ACL', 'SETUSER', 'curtailed', 'reset', 'on', '>secret', '~*', '&*', '+@all');
        const url = server.url.replace('redis://', 'redis://curtailed:secret@');
        await start({ providers: [worker({ block: 50 }, ({ n }) => calls.push([n]))] }, { url });
        await redis.call('ACL', 'SETUSER', 'curtailed', '-xack');
        await add({ n: 1 });
        const refusals = async (): Promise<number> => {
          const reply = JSON.stringify(await redis.call('INFO', 'errorstats'));
          return Number(/errorstat_NOPERM.*?count=(\d+)/.exec(reply)?.[1] ?? 0);
        };
        await called(1);
        // the one that ended the first consumer, and those of two that followed
        const before = await refusals();
        await eventually(async () => expect(await refusals()).toBeGreaterThan(before + 1));
        expect(calls).toEqual([['1']]);
        await redis.call('ACL', 'SETUSER', 'curtailed', '+xack');
        // what was handled and not acknowledged comes once more
        expect(await called(2)).toEqual([['1'], ['1']]);
        await settled();
      });
    }

    test('in the background it goes on without, and handles entries once the refusal is mended', async () => {
      await redis.set(stream, 'text');
      await start({ providers: [worker({}, ({ n }) => calls.push([n]))] }, { connect: 'background' });
      await eventually(() =>
        expect(log.join('\n')).toMatch(
          /error: Worker\.onEntry gets no entries of stream ".*": WRONGTYPE .* Next attempt in 500 ms\./,
        ),
      );
      await redis.del(stream);
      await add({ n: 1 });
      expect(await called(1)).toEqual([['1']]);
      // under one name
      expect(await redis.xinfoConsumers(stream, 'g')).toHaveLength(1);
    });

    test('a refusal while it runs ends no handler for good, and leaves one name in the group', async () => {
      await redis.call('ACL', 'SETUSER', 'passing', 'reset', 'on', '>secret', '~*', '&*', '+@all');
      const url = server.url.replace('redis://', 'redis://passing:secret@');
      await start({ providers: [worker({ block: 50 }, ({ n }) => calls.push([n]))] }, { url });
      await redis.call('ACL', 'SETUSER', 'passing', '-xreadgroup');
      await eventually(() => expect(log.join('\n')).toMatch(/gets no entries of stream ".*": NOPERM/));
      await redis.call('ACL', 'SETUSER', 'passing', '+xreadgroup');
      await add({ n: 1 });
      expect(await called(1)).toEqual([['1']]);
      expect(await redis.xinfoConsumers(stream, 'g')).toHaveLength(1);
    });

    // a stopped process is the same whatever its version
    if (ONE_KIND.includes(kind)) {
      test('it fails after connectDeadline where the server connected and then stands still', async () => {
        await using own = await startServer({ kind });
        @Injectable()
        class Fault implements OnApplicationBootstrap {
          async onApplicationBootstrap(): Promise<void> {
            await own.pause();
          }
        }
        const options = { url: own.url, connectDeadline: 500, commandTimeout: 10_000 };
        await expect(start({ providers: [Fault, worker({}, () => undefined)] }, options)).rejects.toThrow(
          /could not be read: the server did not answer within 500 ms \(connectDeadline\)/,
        );
        expect(log.join('\n')).not.toMatch(/gets no entries/);
        module = undefined;
      });
    }

    test('whoever closes the client ends the handler, which says so and no more', async () => {
      await start({ providers: [worker({}, () => undefined)] });
      await module!.get(RedisClient).close();
      await eventually(() =>
        expect(log.filter((line) => line.includes('gets no entries'))).toEqual([
          `error: Worker.onEntry gets no entries of stream "${stream}": its client was closed.`,
        ]),
      );
    });

    test.each([
      ['nothing', undefined],
      ['something else', { name: 'mock' }],
    ])(
      "a test's stand-in whose streamConsumer() gives %s keeps no application from starting",
      async (_, given) => {
        module = await Test.createTestingModule({
          imports: [RedisModule.forRoot({ url: server.url })],
          providers: [worker({}, () => undefined)],
        })
          .overrideProvider(getRedisToken())
          .useValue({ streamConsumer: () => given })
          .setLogger(logger)
          .compile();
        await module.init();
        expect(log.join('\n')).toMatch(
          /Worker\.onEntry gets no entries: what streamConsumer\(\) .* is no consumer/,
        );
        await module.close();
        module = undefined;
      },
    );

    test("a test's stand-in for the client without streamConsumer() is left alone", async () => {
      module = await Test.createTestingModule({
        imports: [RedisModule.forRoot({ url: server.url })],
        providers: [worker({}, () => undefined)],
      })
        .overrideProvider(getRedisToken())
        .useValue({ get: () => 'mine' })
        .setLogger(logger)
        .compile();
      await module.init();
      expect(log.join('\n')).toMatch(/Worker\.onEntry gets no entries: what stands in for the client/);
    });
  });

  describe('at shutdown', () => {
    test('what runs finishes and is acknowledged, what waits is given back, nothing new is read', async () => {
      const { opened, open } = gate();
      const signals: AbortSignal[] = [];
      await start({
        providers: [
          worker({}, async ({ n }, { signal }) => {
            signals.push(signal);
            calls.push([n]);
            await opened;
          }),
        ],
      });
      await Promise.all([add({ n: 1 }), add({ n: 2 }), add({ n: 3 })]);
      await called(1);
      expect(signals[0]!.aborted).toBe(false);
      const closing = module!.close();
      await eventually(() => signals[0]!.aborted);
      await eventually(async () =>
        expect(await redis.xpending(stream, 'g', 'IDLE', 60_000, '-', '+', 10)).toHaveLength(2),
      );
      await add({ n: 4 });
      open();
      await closing;
      expect(calls).toEqual([['1']]);
      expect((await redis.xpending(stream, 'g', '-', '+', 10)).map(({ deliveries }) => deliveries)).toEqual([
        0, 0,
      ]);
      expect(await readersOf(redis)).toBe(0);
    });

    test('what heeds its signal counts as no failure: another instance has it at once, as if for the first time', async () => {
      await start({
        providers: [
          worker({ maxDeliveries: 1, deadLetter: `${stream}:dead` }, async (_, { signal }) => {
            calls.push(['first']);
            await delay(60_000, undefined, { signal });
          }),
        ],
      });
      await add({ n: 1 });
      await called(1);
      await module!.close();
      expect(onHandlerError).not.toHaveBeenCalled();
      expect(log).toContain(
        'warn: Worker.onEntry left off 1 entries at shutdown: other consumers may have them at once.',
      );
      calls = [];
      await start({ providers: [worker({}, (_, { deliveries }) => calls.push([deliveries]))] });
      expect(await called(1)).toEqual([[1]]);
      expect(await redis.exists(`${stream}:dead`)).toBe(0);
    });

    test('what is not done within shutdownTimeout is left pending, and said', async () => {
      await start(
        {
          providers: [
            worker({}, () => {
              calls.push([]);
              return new Promise(() => undefined);
            }),
          ],
        },
        { shutdownTimeout: 200 },
      );
      await add({ n: 1 });
      await called(1);
      await module!.close();
      expect(await pendingOf(redis, stream)).toBe(1);
      expect(log).toContain(
        'warn: Worker.onEntry left 1 entries pending: they were not done within 200 ms (shutdownTimeout). They come again after claimIdle.',
      );
    });

    if (ONE_KIND.includes(kind)) {
      test('it ends in time while the server stands still', async () => {
        await using own = await startServer({ kind });
        await start({ providers: [worker({}, () => undefined)] }, { url: own.url, shutdownTimeout: 300 });
        await own.pause();
        await module!.close();
        module = undefined;
        expect(log.join('\n')).not.toMatch(/left \d+ entries/);
      });
    }
  });

  test('its counters can be read by whoever injects RedisHandlers', async () => {
    await start({
      providers: [
        worker({ maxDeliveries: 1, deadLetter: false }, ({ n }) => {
          if (n === '1') throw new Error('no');
        }),
      ],
    });
    await Promise.all([add({ n: 1 }), add({ n: 2 }), add({ n: 3 })]);
    const row = {
      className: 'Worker',
      methodName: 'onEntry',
      connection: 'default',
      stream,
      group: 'g',
      handled: 2,
      failed: 1,
      claimed: 0,
      deadLettered: 1,
      dropped: 0,
      inFlight: 0,
      waiting: 0,
    };
    await eventually(() => expect(module!.get(RedisHandlers).streamStats()).toEqual([row]));
  });

  test('a module that is loaded lazily brings its handlers with it', async () => {
    await start({});
    const Worker = worker({}, ({ n }) => calls.push([n]));
    @Module({ providers: [Worker] })
    class Late {}
    await module!.get(LazyModuleLoader).load(() => Late);
    await add({ n: 1 });
    expect(await called(1)).toEqual([['1']]);
    await settled();
    // and no one twice, when another one comes
    @Module({})
    class Later {}
    await module!.get(LazyModuleLoader).load(() => Later);
    expect(module!.get(RedisHandlers).streamStats()).toHaveLength(1);
  });

  test('goes on after a restart of the server, which had forgotten the group', async () => {
    await using own = await startServer({ kind });
    await using client = new RedisClient({ url: own.url, reconnect: { delay: 10, maxDelay: 50 } });
    await start({ providers: [worker({ block: 200 }, ({ n }) => calls.push([n]))] }, { url: own.url });
    await client.xadd(stream, '*', { n: 1 });
    await called(1);
    await own.restart();
    await eventually(() => client.xadd(stream, '*', { n: 2 }), { timeout: 10_000 });
    await eventually(() => expect(calls).toEqual([['1'], ['2']]), { timeout: 15_000 });
    // while the server is there: without it closing takes all of shutdownTimeout
    await module!.close();
  });

  if (ONE_KIND.includes(kind)) {
    test('goes on after a server that stood still', async () => {
      await using own = await startServer({ kind });
      await start(
        { providers: [worker({ block: 100 }, ({ n }) => calls.push([n]))] },
        { url: own.url, commandTimeout: 300, socketTimeout: 400, blockingTimeoutBuffer: 100 },
      );
      await own.pause();
      await eventually(() => expect(log.join('\n')).toMatch(/was lost/), { timeout: 10_000 });
      await own.resume();
      await using client = new RedisClient(own.url);
      await client.xadd(stream, '*', { n: 1 });
      await eventually(() => expect(calls).toEqual([['1']]), { timeout: 15_000 });
    });
  }
});
