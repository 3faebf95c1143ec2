import type { Type } from '@nestjs/common';
import {
  ApplicationConfig,
  ContextIdFactory,
  ExternalContextCreator,
  ModuleRef,
  NestContainer,
  type ContextId,
  type ModulesContainer,
} from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  REDIS_CONTEXT_TYPE,
  REDIS_DEFAULT_ARGS_METADATA,
  REDIS_OWN_ARGS_METADATA,
} from '../redis.constants.js';
import { ownerOf, ownParams } from './own-params.js';
import type { HandlerResults } from './handler-results.js';
import type { RedisHandlerContext } from './redis-handler-context.js';
import { RedisParamType } from './redis-param-type.enum.js';
import { RedisParamsFactory } from './redis-params.factory.js';
import { validatePayload } from './validate-payload.js';

const EXCEPTION_FILTERS_METADATA = '__exceptionFilters__';

/**
 * What Nest calls the body of a request. Pipes see the payload as one: those that validate skip what they are told is the
 * value of a custom decorator, which is what Nest makes of any number it does not know.
 */
const BODY_PARAM_TYPE = 3;

/** Filters are run here, see {@link HandlerInvoker.create}. */
const WITHOUT_FILTERS = { guards: true, interceptors: true, filters: false };

/** Runs a handler's method with its enhancers. */
export type HandlerInvocation = (payload: unknown, context: RedisHandlerContext) => Promise<void>;

/** What Nest keeps of an exception filter. */
interface FilterEntry {
  func: (error: unknown, host: ExecutionContextHost) => unknown;
  exceptionMetatypes: (abstract new (...args: never[]) => unknown)[];
}

/** The application's modules, seen with enhancers of our choice as the global ones. */
class HandlerContainer extends NestContainer {
  constructor(
    config: ApplicationConfig,
    private readonly applicationModules: ModulesContainer,
  ) {
    super(config);
  }

  override getModules(): ModulesContainer {
    return this.applicationModules;
  }
}

/** Nest's own, with the list of a handler's filters instead of a function that runs them. */
class HandlerFilters extends ExternalExceptionFilterContext {
  list(
    instance: object,
    callback: HandlerMethod,
    moduleKey: string,
    contextId: ContextId | undefined,
    inquirerId: string,
  ): FilterEntry[] {
    this.moduleContext = moduleKey;
    return this.createContext<unknown[], FilterEntry[]>(
      instance,
      callback,
      EXCEPTION_FILTERS_METADATA,
      contextId,
      inquirerId,
    ).toReversed();
  }
}

type HandlerMethod = (...args: unknown[]) => unknown;

/**
 * Runs handlers through Nest's `ExternalContextCreator`. It is made anew here, for four reasons: the application's own
 * one applies global enhancers; finds no module for a controller, and skips its guards then; hands the context to the
 * pipes of the method, which are meant for the payload; and takes an exception filter that returns nothing for one that
 * did not handle the exception.
 */
export class HandlerInvoker {
  private readonly container: HandlerContainer;
  private readonly creators = new WeakMap<object, ExternalContextCreator>();
  private readonly filters: HandlerFilters;
  private readonly injector = new Injector();
  private readonly params = new RedisParamsFactory();
  /** The module whose handler is being prepared; read back by the creator within the same call. */
  private hostKey = '';
  /** Of the handler that is being prepared, likewise. */
  private schema: StandardSchemaV1 | undefined;

  /** @param config where the global enhancers are taken from. */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly results: HandlerResults,
  ) {
    this.container = new HandlerContainer(config, modules);
    this.filters = new HandlerFilters(this.container, config);
  }

  /**
   * Prepares a method of a provider or controller.
   *
   * @param schema validates the payload where Nest's pipes run: after the guards and inside of the interceptors, before the
   *   handler's own pipes. All parameters are taken of what it gives.
   */
  bind(wrapper: InstanceWrapper<object>, methodName: string, schema?: StandardSchemaV1): HandlerInvocation {
    const { host } = wrapper;
    if (host === undefined)
      throw new Error(`${wrapper.name}.${methodName}: Nest knows no module of this handler.`);
    const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    const scoped = this.scopedEnhancers();
    if (isStatic && scoped.length === 0)
      return this.create(wrapper, wrapper.instance, methodName, schema, undefined);
    const moduleRef = host.getProviderByKey<ModuleRef>(ModuleRef).instance;
    const isDurable = wrapper.isDependencyTreeDurable();
    return async (payload, context) => {
      // a strategy of the application is asked for durable trees only: most read a header of an HTTP request
      const contextId = isDurable ? ContextIdFactory.getByRequest(context) : ContextIdFactory.create();
      moduleRef.registerRequestByContextId(isDurable ? (contextId.payload ?? context) : context, contextId);
      // Nest has those of a controller made with it, and knows of no other classes that need them
      await Promise.all(
        scoped.map((enhancer) => this.injector.loadInjectable(enhancer, enhancer.host!, contextId, wrapper)),
      );
      const instance = await moduleRef.resolve<object>(wrapper.token, contextId, { strict: true });
      await this.create(wrapper, instance, methodName, schema, contextId)(payload, context);
    };
  }

  /** Global enhancers that are made anew for each message. */
  private scopedEnhancers(): InstanceWrapper[] {
    const { config } = this;
    return [
      ...config.getGlobalRequestGuards(),
      ...config.getGlobalRequestPipes(),
      ...config.getGlobalRequestInterceptors(),
      ...config.getGlobalRequestFilters(),
    ];
  }

  private create(
    wrapper: InstanceWrapper<object>,
    instance: object,
    methodName: string,
    schema: StandardSchemaV1 | undefined,
    contextId: ContextId | undefined,
  ): HandlerInvocation {
    const callback = (instance as Record<string, HandlerMethod>)[methodName]!;
    const classRef = instance.constructor as Type;
    this.hostKey = this.keyOf(wrapper);
    this.schema = schema;
    const filters = this.filters.list(instance, callback, this.hostKey, contextId, wrapper.id);
    const metadataKey = keyOfParams(instance, methodName);
    const run = this.creatorOf(classRef).create(
      instance,
      callback,
      methodName,
      metadataKey,
      this.params,
      contextId,
      wrapper.id,
      WITHOUT_FILTERS,
      REDIS_CONTEXT_TYPE,
    );
    return async (payload, context) => {
      try {
        await run(payload, context);
      } catch (error) {
        const filter = filters.find(
          ({ exceptionMetatypes }) =>
            exceptionMetatypes.length === 0 || exceptionMetatypes.some((type) => error instanceof type),
        );
        if (filter === undefined) throw error;
        const host = new ExecutionContextHost([payload, context], classRef, callback);
        host.setType(REDIS_CONTEXT_TYPE);
        await this.results.settle(filter.func(error, host));
      }
    };
  }

  /** One for each class: Nest 11's remembers parameters by the names of class and method, which two classes may share. */
  private creatorOf(classRef: Type): ExternalContextCreator {
    let creator = this.creators.get(classRef);
    if (creator === undefined) {
      creator = this.adapt(ExternalContextCreator.fromContainer(this.container));
      this.creators.set(classRef, creator);
    }
    return creator;
  }

  private adapt(creator: ExternalContextCreator): ExternalContextCreator {
    creator.getContextModuleKey = () => this.hostKey;
    creator.transformToResult = this.results.settle;
    const applyPipes = creator.createPipesFn.bind(creator);
    creator.createPipesFn = (pipes, params) => {
      const isOwn = ({ type }: (typeof params)[number]): boolean =>
        typeof type === 'number' && type !== RedisParamType.PAYLOAD;
      const all = applyPipes(
        pipes,
        params
          .filter((param) => !isOwn(param))
          // only pipes read the type from here on: extractValue holds the one that it was made with
          .map((param) =>
            param.type === RedisParamType.PAYLOAD ? { ...param, type: BODY_PARAM_TYPE } : param,
          ),
      );
      const own = applyPipes([], params.filter(isOwn));
      const { schema } = this;
      return async (args, payload, context, ...values) => {
        const valid: unknown = schema === undefined ? payload : await validatePayload(schema, payload);
        await all?.(args, valid, context, ...values);
        await own?.(args, valid, context, ...values);
      };
    };
    return creator;
  }

  private keyOf({ host }: InstanceWrapper): string {
    for (const [key, module] of this.modules) if (module === host) return key;
    return '';
  }
}

/** Where Nest is to look for the parameters of a handler. */
function keyOfParams(instance: object, methodName: string): string {
  const prototype = Object.getPrototypeOf(instance) as object;
  const params = ownParams(prototype, methodName);
  if (Object.keys(params).length === 0) return REDIS_DEFAULT_ARGS_METADATA;
  const classRef = ownerOf(prototype, methodName)!.constructor;
  Reflect.defineMetadata(REDIS_OWN_ARGS_METADATA, params, classRef, methodName);
  return REDIS_OWN_ARGS_METADATA;
}
