import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type {
  RedisInjection,
  RedisKnownOptions,
  RedisModuleAsyncOptions,
  RedisModuleExtras,
  RedisModuleOptions,
} from './interfaces/index.js';
import { checkAsyncOptions, checkExtras, checkOptionsFactory, checkOptionsObject } from './redis-options.js';
import { REDIS_MODULE_OPTIONS } from './redis.constants.js';
import { ConfigurableModuleClass } from './redis.module-definition.js';

/**
 * Gives a Nest application Redis: an injectable `RedisClient` and `RedisPool` for each connection, and handlers for
 * published messages. Import it once for each connection, the further ones with a `name`.
 *
 * ```ts
 * @Module({
 *   imports: [
 *     RedisModule.forRoot({ url: 'redis://localhost:6379' }),
 *     RedisModule.forRootAsync({
 *       name: 'queue',
 *       inject: [ConfigService],
 *       useFactory: (config) => ({ url: config.getOrThrow('QUEUE_URL'), connect: 'background' }),
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * Connections open in `onModuleInit`, before any other module's; message handlers start in `onApplicationBootstrap` after
 * every other module's, and stop in `onModuleDestroy` before any other module's; connections close in
 * `onApplicationShutdown`, after every other module's, within `shutdownTimeout`.
 */
@Module({})
export class RedisModule extends ConfigurableModuleClass {
  /**
   * Registers a connection.
   *
   * @param options the client's options, the module's, and the connection's `name`. Default: `localhost:6379`.
   * @throws {TypeError} for options that are no object, and a `name` that is none. Other wrong options fail when the application is created.
   */
  static override forRoot(options: RedisModuleOptions & RedisModuleExtras = {}): DynamicModule {
    checkOptionsObject(options);
    checkExtras('RedisModule.forRoot()', options);
    return super.forRoot(options);
  }

  /**
   * Registers a connection whose options come from a factory, which may inject what it needs: the types of its arguments
   * are those of what `inject` names.
   *
   * @param options exactly one of `useFactory`, `useClass` and `useExisting`, with the connection's `name` beside it.
   * @throws {TypeError} for an option that does not belong here.
   */
  static override forRootAsync<
    const Inject extends readonly RedisInjection[],
    Options extends RedisModuleOptions,
  >(options: RedisModuleAsyncOptions<Inject, Options> & RedisKnownOptions<Options>): DynamicModule {
    checkAsyncOptions(options);
    const definition = super.forRootAsync(options as BaseAsyncOptions);
    if (options.useFactory !== undefined) return definition;
    return { ...definition, providers: definition.providers?.map(withCheckedFactory) };
  }
}

type BaseAsyncOptions = Parameters<typeof ConfigurableModuleClass.forRootAsync>[0];

/** Nest calls the method of `useClass` and `useExisting` unseen: without one it would say that something is no function. */
function withCheckedFactory(provider: Provider): Provider {
  if (!('useFactory' in provider) || provider.provide !== REDIS_MODULE_OPTIONS) return provider;
  const { useFactory } = provider;
  return {
    ...provider,
    useFactory: (factory: unknown): unknown => {
      checkOptionsFactory(factory);
      return useFactory(factory);
    },
  };
}
