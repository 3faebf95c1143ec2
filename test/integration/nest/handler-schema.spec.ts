import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  Catch,
  createParamDecorator,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Observable } from 'rxjs';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { z } from 'zod';
import {
  OnRedisMessage,
  RedisContext,
  RedisMessageContext,
  RedisModule,
  RedisPayload,
  RedisPayloadError,
  RedisPublisher,
  type RedisHandlerErrorContext,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

/** Channels of this run alone: the server may be shared. */
const ns = `schema-${randomUUID()}`;
const SECRET = 'hunter2';
const onHandlerError = jest.fn<(error: unknown, context: RedisHandlerErrorContext) => void>();
const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn(), debug: jest.fn() };
let server: ObtainedServer;
let module: TestingModule | undefined;
let calls: unknown[][] = [];

beforeAll(async () => {
  server = await obtainServer();
});

afterAll(() => server.stop());

beforeEach(() => {
  calls = [];
  jest.clearAllMocks();
});

afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function start(...providers: (new () => object)[]): Promise<RedisPublisher> {
  module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ url: server.url, onHandlerError, envelope: true })],
    providers,
  })
    .setLogger(logger)
    .compile();
  await module.init();
  return module.get(RedisPublisher);
}

const zod = z.object({
  at: z.string().transform((text) => new Date(text)),
  tags: z.array(z.string()).default([]),
});
const valibot = v.object({
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
  tags: v.optional(v.array(v.string()), []),
});

describe.each<[string, StandardSchemaV1]>([
  ['zod', zod],
  ['zod, asynchronous', zod.refine(async () => true)],
  ['valibot', valibot],
  [
    'valibot, asynchronous',
    v.pipeAsync(
      valibot,
      v.checkAsync(async () => true),
    ),
  ],
])('schema: %s', (_, schema) => {
  test('the handler gets its output; what does not match goes to onHandlerError, and no value into the log', async () => {
    @Injectable()
    class Orders {
      @OnRedisMessage(`${ns}.orders`, { schema })
      onOrder(payload: unknown, context: RedisMessageContext): void {
        calls.push([payload, context instanceof RedisMessageContext]);
      }

      @OnRedisMessage(`${ns}.orders`, { schema })
      onParameters(
        @RedisContext() _: RedisMessageContext,
        @RedisPayload('at') at: unknown,
        @RedisPayload() payload: unknown,
      ): void {
        calls.push([at, payload]);
      }

      @OnRedisMessage(`${ns}.orders`, { schema })
      onNothing(@RedisContext() _: RedisMessageContext): void {
        calls.push(['nothing']);
      }
    }
    const publisher = await start(Orders);
    await publisher.publish(`${ns}.orders`, { at: '2024-05-01', more: 1 });
    await eventually(() => expect(calls).toHaveLength(3));
    const order = { at: new Date('2024-05-01'), tags: [] };
    expect(calls).toEqual(expect.arrayContaining([[order, true], [order.at, order], ['nothing']]));

    calls = [];
    await publisher.publish(`${ns}.orders`, { at: { password: SECRET }, tags: SECRET }, { id: 'a-7' });
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(3));
    for (const [error, context] of onHandlerError.mock.calls) {
      expect(error).toBeInstanceOf(RedisPayloadError);
      expect((error as RedisPayloadError).issues.map(({ path }) => path?.length)).toEqual([1, 1]);
      expect(context.id).toBe('a-7');
    }
    expect(calls).toEqual([]);
    expect(logger.error).toHaveBeenCalledTimes(3);
    expect(logger.error.mock.calls[0]![0]).toMatch(
      /^Orders\.onOrder failed on a message of channel ".*\.orders": the payload does not match the schema: 2 issue\(s\), at at.*, tags/,
    );
    expect(JSON.stringify(logger.error.mock.calls)).not.toContain(SECRET);
  });
});

describe('the place of a schema', () => {
  const schema = z.object({ n: z.number().transform((n) => n * 10) });
  const First = createParamDecorator((_: unknown, context: ExecutionContext) =>
    context.getArgByIndex<unknown>(0),
  );

  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      calls.push(['guard', context.getArgByIndex(0)]);
      return true;
    }
  }

  @Injectable()
  class Interceptor implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      calls.push(['interceptor', context.getArgByIndex(0)]);
      return next.handle();
    }
  }

  @Injectable()
  class Pipe implements PipeTransform {
    transform(value: unknown): unknown {
      calls.push(['pipe', value]);
      return value;
    }
  }

  @Catch(RedisPayloadError)
  class Filter implements ExceptionFilter {
    catch({ issues }: RedisPayloadError, host: ArgumentsHost): void {
      calls.push(['filter', issues.length, host.getArgByIndex(0)]);
    }
  }

  @Injectable()
  @UseGuards(Guard)
  class Orders {
    @UseInterceptors(Interceptor)
    @UsePipes(Pipe)
    @UseFilters(Filter)
    @OnRedisMessage(`${ns}.place`, { schema })
    onOrder(@RedisPayload() payload: unknown, @First() first: unknown): void {
      calls.push(['handler', payload, first]);
    }
  }

  test('is that of a pipe: after guards, inside of interceptors, before the pipes', async () => {
    const publisher = await start(Orders);
    await publisher.publish(`${ns}.place`, { n: 1 });
    await eventually(() => expect(calls.at(-1)?.[0]).toBe('handler'));
    const [raw, valid] = [{ n: 1 }, { n: 10 }];
    expect(calls).toEqual([
      ['guard', raw],
      ['interceptor', raw],
      ['pipe', valid],
      // Nest runs pipes on the values of decorators made with createParamDecorator() too
      ['pipe', valid],
      ['handler', valid, valid],
    ]);
  });

  test('a filter takes its error, and then it counts as handled', async () => {
    const publisher = await start(Orders);
    await publisher.publish(`${ns}.place`, { n: 'one' });
    await eventually(() => expect(calls.at(-1)).toEqual(['filter', 1, { n: 'one' }]));
    expect(calls.map(([who]) => who)).toEqual(['guard', 'interceptor', 'filter']);
    await module!.close();
    expect(onHandlerError).not.toHaveBeenCalled();
    expect(logger.error).not.toHaveBeenCalled();
  });

  test('several decorators of a method have each their own', async () => {
    @Injectable()
    class Several {
      @OnRedisMessage(`${ns}.text`, { codec: 'text', schema: z.string().transform((text) => text.length) })
      @OnRedisMessage(`${ns}.number`, {
        schema: v.pipe(
          v.number(),
          v.transform((n) => -n),
        ),
      })
      @OnRedisMessage(`${ns}.raw`)
      onAny(payload: unknown): void {
        calls.push([payload]);
      }
    }
    const publisher = await start(Several);
    await publisher.publish(`${ns}.text`, 'four', { codec: 'text' });
    await publisher.publish(`${ns}.number`, 7);
    await publisher.publish(`${ns}.raw`, 'raw');
    await eventually(() => expect(calls).toHaveLength(3));
    expect(calls).toEqual(expect.arrayContaining([[4], [-7], ['raw']]));
  });

  test('what the schema throws is the error of the handler', async () => {
    @Injectable()
    class Broken {
      @OnRedisMessage(`${ns}.broken`, {
        schema: z.unknown().transform(() => {
          throw new RangeError('inside');
        }),
      })
      onAny(): void {}
    }
    const publisher = await start(Broken);
    await publisher.publish(`${ns}.broken`, 1);
    await eventually(() => expect(onHandlerError).toHaveBeenCalledTimes(1));
    expect(onHandlerError.mock.calls[0]![0]).toBeInstanceOf(RangeError);
  });
});
