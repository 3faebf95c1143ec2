import 'reflect-metadata';
import { Injectable, Module, Optional } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, test } from '@jest/globals';
import {
  getRedisPoolToken,
  getRedisToken,
  InjectRedis,
  InjectRedisPool,
  OnRedisMessage,
  RedisClient,
  RedisModule,
  RedisPool,
  type RedisModuleOptions,
  type RedisOptionsFactory,
} from 'nestjs-redwire';

const lazy: RedisModuleOptions = { connect: 'lazy' };

@Injectable()
class Consumer {
  constructor(
    readonly redis: RedisClient,
    readonly pool: RedisPool,
  ) {}
}

@Injectable()
class QueueConsumer {
  constructor(
    @InjectRedis('queue') readonly redis: RedisClient,
    @InjectRedisPool('queue') readonly pool: RedisPool,
    @InjectRedis() readonly byDefault: RedisClient,
  ) {}
}

describe('injection', () => {
  test('the default connection by class, by decorator and by token is one', async () => {
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot(lazy), RedisModule.forRoot({ ...lazy, name: 'queue', port: 6380 })],
      providers: [Consumer, QueueConsumer],
    }).compile();
    const { redis, pool } = module.get(Consumer);
    const queue = module.get(QueueConsumer);
    expect(redis).toBeInstanceOf(RedisClient);
    expect(pool).toBeInstanceOf(RedisPool);
    expect(queue.byDefault).toBe(redis);
    expect(module.get(RedisClient)).toBe(redis);
    expect(module.get(getRedisToken())).toBe(redis);
    expect(queue.redis).not.toBe(redis);
    expect(queue.redis.address).toBe('localhost:6380');
    expect(module.get(getRedisToken('queue'))).toBe(queue.redis);
    expect(module.get(getRedisPoolToken('queue'))).toBe(queue.pool);
    expect(queue.redis.status).toBe('idle');
    await module.close();
  });

  test('options come from a factory, a class and an existing provider', async () => {
    @Injectable()
    class Ports {
      readonly port = 6381;
    }
    @Module({ providers: [Ports], exports: [Ports] })
    class PortsModule {}
    @Injectable()
    class Options implements RedisOptionsFactory {
      constructor(private readonly ports: Ports) {}
      createRedisOptions(): RedisModuleOptions {
        return { ...lazy, port: this.ports.port };
      }
    }
    @Module({ imports: [PortsModule], providers: [Options], exports: [Options] })
    class OptionsModule {}

    const module = await Test.createTestingModule({
      imports: [
        RedisModule.forRootAsync({
          imports: [PortsModule],
          inject: [Ports],
          useFactory: async (ports: Ports) => ({ ...lazy, port: ports.port }),
        }),
        RedisModule.forRootAsync({ name: 'class', imports: [PortsModule], useClass: Options }),
        RedisModule.forRootAsync({ name: 'existing', imports: [OptionsModule], useExisting: Options }),
      ],
    }).compile();
    for (const name of [undefined, 'class', 'existing']) {
      expect(module.get<RedisClient>(getRedisToken(name)).address).toBe('localhost:6381');
    }
    await module.close();
  });

  test('with isGlobal: false only importing modules see the connection', async () => {
    @Module({
      imports: [RedisModule.forRoot({ ...lazy, isGlobal: false })],
      providers: [Consumer],
      exports: [Consumer],
    })
    class Importing {}
    const module = await Test.createTestingModule({ imports: [Importing] }).compile();
    expect(module.get(Consumer).redis).toBeInstanceOf(RedisClient);
    await module.close();

    const outside = Test.createTestingModule({
      imports: [Importing],
      providers: [{ provide: 'other', inject: [RedisClient], useFactory: (redis: RedisClient) => redis }],
    });
    await expect(outside.compile()).rejects.toThrow(/RedisClient/);
  });

  test('one line replaces a connection in a test, for class injection too', async () => {
    const fake = { get: async () => 'faked' };
    const queue = {};
    const module = await Test.createTestingModule({
      // eager, and no server there: nothing may try to connect
      imports: [
        RedisModule.forRoot({ port: 1, pool: { min: 1 } }),
        RedisModule.forRoot({ name: 'queue', port: 1 }),
      ],
      providers: [Consumer, QueueConsumer],
    })
      .overrideProvider(getRedisToken())
      .useValue(fake)
      .overrideProvider(getRedisToken('queue'))
      .useValue(queue)
      .compile();
    await module.init();
    expect(module.get(Consumer).redis).toBe(fake);
    expect(module.get(QueueConsumer).byDefault).toBe(fake);
    expect(module.get(QueueConsumer).redis).toBe(queue);
    await module.close();
  });

  test('the pool beside a replaced client opens nothing, and says what to override', async () => {
    const module = await Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ port: 1, pool: { min: 2 } }),
        RedisModule.forRoot({ name: 'queue', port: 1, pool: { min: 2 } }),
      ],
      providers: [Consumer, QueueConsumer],
    })
      .overrideProvider(getRedisToken())
      .useValue({})
      .overrideProvider(getRedisToken('queue'))
      .useValue({})
      .compile();
    await module.init();
    const { pool } = module.get(QueueConsumer);
    expect(pool.stats()).toEqual({ active: 0, idle: 0, waiting: 0, total: 0, min: 2, max: 10 });
    for (const use of [() => pool.acquire(), () => pool.use(() => 1)]) {
      await expect(use()).rejects.toMatchObject({
        code: 'OVERRIDDEN',
        message: expect.stringMatching(
          /the client of the Redis connection "queue" is overridden and its pool is not; nothing was opened\. Override the pool too: \.overrideProvider\(getRedisPoolToken\('queue'\)\)/,
        ),
      });
    }
    await expect(module.get(Consumer).pool.acquire()).rejects.toThrow(/getRedisPoolToken\(\)\)/);
    await module.close();
  });

  test('overrideModule() replaces a module that imports RedisModule, with all of it', async () => {
    @Module({ imports: [RedisModule.forRoot({ port: 1 })] })
    class Data {}
    const fake = {};
    const redis = { provide: RedisClient, useValue: fake };
    @Module({ providers: [redis], exports: [redis] })
    class FakeData {}
    @Module({
      imports: [Data],
      providers: [{ provide: 'uses', inject: [RedisClient], useFactory: (client: unknown) => client }],
    })
    class App {}
    const module = await Test.createTestingModule({ imports: [App] })
      .overrideModule(Data)
      .useModule(FakeData)
      .compile();
    await module.init();
    expect(module.get('uses')).toBe(fake);
    await module.close();
  });

  test('overrideModule() replaces one registration of RedisModule', async () => {
    const real = RedisModule.forRoot({ port: 1 });
    const module = await Test.createTestingModule({
      imports: [real],
      providers: [{ provide: 'uses', useExisting: RedisClient }],
    })
      .overrideModule(real as never)
      .useModule(RedisModule.forRoot({ ...lazy, port: 6390 }) as never)
      .compile();
    await module.init();
    expect(module.get<RedisClient>('uses').address).toBe('localhost:6390');
    await module.close();
  });

  test('null in place of a connection is what is injected, and nothing connects', async () => {
    class Handlers {
      @OnRedisMessage('orders')
      onOrder(): void {}
    }
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot({ port: 1 })],
      providers: [Consumer, Handlers],
    })
      .overrideProvider(RedisClient)
      .useValue(null)
      .overrideProvider(RedisPool)
      .useValue(null)
      .compile();
    await module.init();
    expect(module.get(Consumer).redis).toBeNull();
    await module.close();
  });

  test('two modules may ask for one connection with the same options', async () => {
    @Module({
      imports: [RedisModule.forRoot({ ...lazy, isGlobal: false, database: 1 })],
      providers: [Consumer],
      exports: [Consumer],
    })
    class One {}
    @Module({
      imports: [RedisModule.forRoot({ ...lazy, isGlobal: false, database: 1 })],
      providers: [{ provide: 'two', useExisting: RedisClient }],
      exports: ['two'],
    })
    class Two {}
    const module = await Test.createTestingModule({ imports: [One, Two] }).compile();
    expect(module.get(Consumer).redis).toBe(module.get('two'));
    await module.close();
  });

  test('two modules that ask for one connection with different options fail the boot', async () => {
    const compiling = Test.createTestingModule({
      imports: [
        RedisModule.forRoot({ ...lazy, password: 'hunter2' }),
        RedisModule.forRoot({ ...lazy, password: 'secret', port: 6380 }),
      ],
    }).compile();
    const error = await compiling.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(
      /Two modules register the Redis connection "default" with different options \(password, port\)/,
    );
    expect(error?.message).not.toMatch(/hunter2|secret/);
  });
});

test('options with functions that look alike: the error says what makes functions the same', async () => {
  const options = (): RedisModuleOptions => ({ ...lazy, onHandlerError: () => undefined });
  const compiling = Test.createTestingModule({
    imports: [RedisModule.forRoot(options()), RedisModule.forRoot(options())],
  }).compile();
  await expect(compiling).rejects.toThrow(
    /different options \(onHandlerError\)\. Functions are the same only if they are one: define each once/,
  );
});

describe('unknown names', () => {
  test('fail the boot, naming who asks and what exists', async () => {
    @Injectable()
    class Mistyped {
      constructor(@InjectRedis('qeue') readonly redis: RedisClient) {}
    }
    const compiling = Test.createTestingModule({
      imports: [
        RedisModule.forRoot(lazy),
        RedisModule.forRootAsync({ name: 'queue', useFactory: () => lazy }),
      ],
      providers: [Mistyped],
    }).compile();
    await expect(compiling).rejects.toThrow(
      'Mistyped asks for the Redis connection "qeue", which no RedisModule registers. Registered are: "default", "queue": did you mean "queue"? ' +
        "To add it, import RedisModule.forRoot({ name: 'qeue', … }).",
    );
  });

  test('harm nobody where they are optional', async () => {
    @Injectable()
    class Relaxed {
      @Optional()
      @InjectRedisPool('nowhere')
      readonly pool?: RedisPool;

      constructor(@Optional() @InjectRedis('nowhere') readonly redis?: RedisClient) {}
    }
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot(lazy)],
      providers: [Relaxed],
    }).compile();
    expect(module.get(Relaxed).redis).toBeUndefined();
    expect(module.get(Relaxed).pool).toBeUndefined();
    await module.close();
  });

  test('of a connection that is loaded later resolve to it, or say what is wrong', async () => {
    @Injectable()
    class Late {
      constructor(@InjectRedis('late') readonly redis: RedisClient) {}
    }
    const module = await Test.createTestingModule({ imports: [RedisModule.forRoot(lazy)] }).compile();
    const loader = module.get(LazyModuleLoader);
    @Module({ imports: [RedisModule.forRoot({ ...lazy, name: 'late' })] })
    class First {}
    @Module({ imports: [First], providers: [Late] })
    class Second {}
    await loader.load(() => First);
    const second = await loader.load(() => Second);
    expect(second.get(Late).redis).toBeInstanceOf(RedisClient);

    @Injectable()
    class TooEarly {
      constructor(@InjectRedis('later') readonly redis: RedisClient) {}
    }
    const other = await Test.createTestingModule({ imports: [RedisModule.forRoot(lazy)] }).compile();
    @Module({ imports: [RedisModule.forRoot({ ...lazy, name: 'later' })], providers: [TooEarly] })
    class Both {}
    await expect(other.get(LazyModuleLoader).load(() => Both)).rejects.toThrow(
      /"later", which a module registers that was loaded after the application had booted/,
    );
    await other.close();
    await module.close();
  });

  test('can be given in a test', async () => {
    @Injectable()
    class Elsewhere {
      constructor(@InjectRedis('elsewhere') readonly redis: RedisClient) {}
    }
    const fake = {};
    const module = await Test.createTestingModule({
      imports: [RedisModule.forRoot(lazy)],
      providers: [Elsewhere],
    })
      .overrideProvider(getRedisToken('elsewhere'))
      .useValue(fake)
      .compile();
    expect(module.get(Elsewhere).redis).toBe(fake);
    await module.close();
  });
});

describe('wrong options', () => {
  const compile = (options: object): Promise<unknown> =>
    Test.createTestingModule({ imports: [RedisModule.forRoot({ ...lazy, ...options })] }).compile();

  test.each([
    [{ conect: 'lazy' }, /Redis connection "default": Unknown Redis option 'conect': did you mean 'connect'/],
    [{ hots: 'localhost' }, /did you mean 'host'/],
    [{ connect: 'now' }, /'connect' must be 'eager', 'background' or 'lazy'/],
    [{ connectDeadline: 0 }, /'connectDeadline' must be a number of milliseconds, 1 or more/],
    [{ pool: { size: 3 } }, /Unknown Redis option 'pool.size'/],
    [{ max: 3 }, /'max' is an option of the pool. Write pool: { max: … }/],
    [{ pool: { min: 3, max: 2 } }, /Redis connection "default": Redis pool options: 'max'/],
    [{ telemetry: { tracing: true } }, /did you mean 'telemetry.traces'/],
    [{ debug: 'yes' }, /'debug' must be true, false or a function/],
    [{ port: 'six' }, /Redis connection "default": .*'port' must be/],
  ])('%j', async (options, message) => {
    await expect(compile(options)).rejects.toThrow(TypeError);
    await expect(compile(options)).rejects.toThrow(message);
  });

  test.each(['redis://localhost', null, []])('forRoot(%j): no object', (options) => {
    expect(() => RedisModule.forRoot(options as never)).toThrow(TypeError);
    expect(() => RedisModule.forRoot(options as never)).toThrow(
      /its argument is an object of options. Write RedisModule.forRoot\({ url: 'redis:/,
    );
  });

  test('of a class that makes none', async () => {
    @Injectable()
    class Empty {}
    @Injectable()
    class Field {
      createRedisOptions = () => lazy;
    }
    const compileWith = (useClass: unknown): Promise<unknown> =>
      Test.createTestingModule({
        imports: [RedisModule.forRootAsync({ useClass } as never)],
      }).compile();
    await expect(compileWith(Empty)).rejects.toThrow(TypeError);
    await expect(compileWith(Empty)).rejects.toThrow(/Empty has no method createRedisOptions\(\)/);
    await compileWith(Field);
  });

  test('of the wrong place', async () => {
    expect(() => RedisModule.forRoot({ name: '' })).toThrow(
      /a connection's name must be a string that is not empty/,
    );
    expect(() => InjectRedis('')).toThrow(/@InjectRedis\(\): a connection's name/);
    expect(() => RedisModule.forRootAsync({} as never)).toThrow(
      /exactly one of useFactory, useClass and useExisting; there is none/,
    );
    expect(() => RedisModule.forRootAsync({ url: 'redis://x', useFactory: () => lazy } as never)).toThrow(
      /'url' belongs in what the factory returns/,
    );
    expect(() => RedisModule.forRootAsync({ nmae: 'queue', useFactory: () => lazy } as never)).toThrow(
      /did you mean 'name'/,
    );
    const named = { ...lazy, name: 'queue' };
    const compiling = Test.createTestingModule({
      // @ts-expect-error the types refuse it too
      imports: [RedisModule.forRootAsync({ useFactory: () => named })],
    }).compile();
    await expect(compiling).rejects.toThrow(/'name' belongs beside useFactory/);
  });
});
