// oxlint-disable typescript/no-explicit-any -- `unknown` would refuse factories that say what they expect
import type {
  ConfigurableModuleAsyncOptions,
  InjectionToken,
  OptionalFactoryDependency,
} from '@nestjs/common';
import type { RedisModuleExtras } from './redis-module-extras.interface.js';
import type { RedisModuleOptions } from './redis-module-options.interface.js';

/** What a factory can ask for: a token, or one that may be missing. */
export type RedisInjection = InjectionToken | OptionalFactoryDependency;

/** Type of what is injected for one: a class's instance. Of strings and symbols nothing is known. */
export type RedisInjected<Injection> = Injection extends { token: infer Token; optional: infer Optional }
  ? RedisInjected<Token> | (Optional extends false ? never : undefined)
  : // By the prototype: `any` stands there for a class's own type parameters, so that a factory may say what they are.
    Injection extends { prototype: infer Instance }
    ? Instance
    : any;

/** Types of a factory's arguments. A list whose length is not known says nothing about them. */
export type RedisFactoryArguments<Inject extends readonly RedisInjection[]> = number extends Inject['length']
  ? any[]
  : { -readonly [Index in keyof Inject]: RedisInjected<Inject[Index]> };

/**
 * Refuses a factory whose options do not all exist. TypeScript looks for those that do not in a literal, but not in one that
 * a function returns.
 */
export type RedisKnownOptions<Options> =
  UnknownNames<Options> extends never
    ? unknown
    : { useFactory: { 'RedisModule has no such option': UnknownNames<Options> } };

/** Of each member of a union. */
type UnknownNames<Options> = Options extends unknown
  ? Exclude<keyof Options, keyof RedisModuleOptions>
  : never;

/** Options of `RedisModule.forRootAsync()`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface RedisModuleAsyncOptions<
  Inject extends readonly RedisInjection[] = any[],
  Options extends RedisModuleOptions = RedisModuleOptions,
>
  extends
    Omit<ConfigurableModuleAsyncOptions<RedisModuleOptions, 'createRedisOptions'>, 'inject' | 'useFactory'>,
    RedisModuleExtras {
  /** What the factory is called with. */
  inject?: readonly [...Inject];
  /**
   * Makes the options. Its arguments have the types of what `inject` names.
   *
   * A method, not a property, so that an argument may be annotated with a subclass of what is injected.
   */
  useFactory?(...injected: RedisFactoryArguments<Inject>): Options | Promise<Options>;
}
