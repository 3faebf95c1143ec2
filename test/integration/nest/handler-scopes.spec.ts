import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  Scope,
  type CanActivate,
  type ExecutionContext,
  type ModuleMetadata,
} from '@nestjs/common';
import {
  APP_GUARD,
  ContextIdFactory,
  createContextId,
  REQUEST,
  type ContextId,
  type ContextIdStrategy,
} from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  OnRedisMessage,
  RedisHandlers,
  RedisMessageContext,
  RedisModule,
  RedisPublisher,
  type RedisModuleOptions,
} from 'nestjs-redwire';
import { eventually, obtainServer, type ObtainedServer } from '../../support/index.js';

/** Channels of this run alone: the server may be shared. */
const ns = `scopes-${randomUUID()}`;
const onHandlerError = jest.fn<(error: unknown) => void>();
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };
let server: ObtainedServer;
let module: TestingModule | undefined;
let calls: unknown[][] = [];

beforeAll(async () => {
  server = await obtainServer();
});

afterAll(() => server.stop());

beforeEach(() => {
  calls = [];
  onHandlerError.mockReset();
});

afterEach(async () => {
  await module?.close();
  module = undefined;
  ContextIdFactory.apply(undefined as never);
});

async function start(metadata: ModuleMetadata, options: RedisModuleOptions = {}): Promise<RedisPublisher> {
  module = await Test.createTestingModule({
    ...metadata,
    imports: [RedisModule.forRoot({ url: server.url, onHandlerError, ...options })],
  })
    .setLogger(silent)
    .compile();
  await module.init();
  return module.get(RedisPublisher);
}

describe.each([
  ['request-scoped', Scope.REQUEST],
  ['transient', Scope.TRANSIENT],
])('a global guard that is %s, with globalEnhancers', (_, scope) => {
  test.each(['providers', 'controllers'] as const)('guards the handlers of %s', async (host) => {
    @Injectable({ scope })
    class Guard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly request: unknown) {}

      canActivate(context: ExecutionContext): boolean {
        calls.push(['guard', this.request instanceof RedisMessageContext]);
        return context.getArgByIndex<{ allowed: boolean }>(0).allowed;
      }
    }
    @Controller()
    class Orders {
      @OnRedisMessage(`${ns}.guarded`)
      onOrder(): void {
        calls.push(['handled']);
      }
    }
    const publisher = await start(
      {
        [host]: [Orders],
        ...(host === 'controllers' && { providers: [] }),
        providers: [{ provide: APP_GUARD, useClass: Guard }, ...(host === 'providers' ? [Orders] : [])],
      },
      { globalEnhancers: true },
    );
    await publisher.publish(`${ns}.guarded`, { allowed: false });
    await eventually(() => expect(onHandlerError.mock.calls.length + calls.length).toBeGreaterThanOrEqual(2));
    expect(calls).toEqual([['guard', true]]);
    expect(onHandlerError.mock.calls[0]![0]).toBeInstanceOf(ForbiddenException);
    await publisher.publish(`${ns}.guarded`, { allowed: true });
    await eventually(() => expect(calls.at(-1)).toEqual(['handled']));
    expect(calls).toEqual([['guard', true], ['guard', true], ['handled']]);
  });
});

test('a request-scoped handler that cannot be made fails its message, and no other', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Session {
    constructor(@Inject(REQUEST) { data }: RedisMessageContext) {
      if (data.toString() === '1') throw new RangeError('no session');
    }
  }
  @Injectable()
  class Orders {
    constructor(readonly session: Session) {}

    @OnRedisMessage(`${ns}.made`, { ordered: true })
    onOrder(payload: number): void {
      calls.push([payload]);
    }
  }
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  const publisher = await start({ providers: [Session, Orders] });
  for (const payload of [1, 2, 1, 3]) await publisher.publish(`${ns}.made`, payload);
  await eventually(() => expect(calls).toEqual([[2], [3]]));
  expect(onHandlerError.mock.calls.map(([error]) => (error as Error).message)).toEqual([
    'no session',
    'no session',
  ]);
  expect(module!.get(RedisHandlers).messageStats()).toMatchObject([{ received: 4, handled: 2, failed: 2 }]);
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe('a durable handler', () => {
  /** One tree of providers for each tenant. */
  class Tenants implements ContextIdStrategy {
    private readonly trees = new Map<string, ContextId>();

    attach(contextId: ContextId, request: RedisMessageContext): ReturnType<ContextIdStrategy['attach']> {
      const tenant = request.channel.slice(-1);
      const tree = this.trees.get(tenant) ?? createContextId();
      this.trees.set(tenant, tree);
      return { resolve: (info) => (info.isTreeDurable ? tree : contextId), payload: { tenant } };
    }
  }

  test('is made once for each tree that the strategy of the application tells apart', async () => {
    ContextIdFactory.apply(new Tenants());
    let made = 0;
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Tenant {
      readonly id = ++made;
      constructor(@Inject(REQUEST) readonly request: { tenant: string }) {}
    }
    @Injectable()
    class Orders {
      constructor(private readonly tenant: Tenant) {}

      @OnRedisMessage([`${ns}.a`, `${ns}.b`], { ordered: true, concurrency: 1 })
      onOrder(payload: number): void {
        calls.push([payload, this.tenant.id, this.tenant.request.tenant]);
      }
    }
    const publisher = await start({ providers: [Tenant, Orders] });
    for (const [channel, payload] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ] as const)
      await publisher.publish(`${ns}.${channel}`, payload);
    await eventually(() => expect(calls).toHaveLength(3));
    expect(calls).toEqual([
      [1, 1, 'a'],
      [2, 2, 'b'],
      [3, 1, 'a'],
    ]);
  });

  test('is left alone by the strategy, where it is request-scoped only: those are written for HTTP', async () => {
    ContextIdFactory.apply({
      attach: (_, request: { headers: Record<string, string> }) => request.headers['tenant'] as never,
    });
    @Injectable({ scope: Scope.REQUEST })
    class Orders {
      constructor(@Inject(REQUEST) private readonly request: RedisMessageContext) {}

      @OnRedisMessage(`${ns}.a`)
      onOrder(): void {
        calls.push([this.request.channel]);
      }
    }
    const publisher = await start({ providers: [Orders] });
    await publisher.publish(`${ns}.a`, 1);
    await eventually(() => expect(calls).toEqual([[`${ns}.a`]]));
  });
});
