import { isDeepStrictEqual } from 'node:util';
import { type RedisClientOptions } from './core/index.js';
import { POOL_OPTION_NAMES } from './core/pool/pool-options.js';
import { CLIENT_OPTION_NAMES } from './core/check-options.js';
import { unknownOption } from './core/unknown-option.js';
import type {
  RedisModuleAsyncOptions,
  RedisModuleExtras,
  RedisModuleOptions,
  RedisModulePoolOptions,
  RedisOptionsFactory,
} from './interfaces/index.js';
import { aBoolean, aFunction, isObject, oneOf, type OptionChecks } from './option-checks.js';
import {
  DEFAULT_CONNECT_DEADLINE,
  DEFAULT_REDIS_CONNECTION,
  DEFAULT_SHUTDOWN_TIMEOUT,
} from './redis.constants.js';

/** What `RedisModule` adds to the client's options: the one list of what exists. */
const MODULE_OPTIONS: OptionChecks<Omit<RedisModuleOptions, keyof RedisClientOptions>> = {
  pool: (value) => (isObject(value) ? undefined : 'an object'),
  connect: oneOf('eager', 'background', 'lazy'),
  connectDeadline: milliseconds,
  shutdownTimeout: milliseconds,
  telemetry: (value) => (isObject(value) ? undefined : 'an object such as { traces: true }'),
  debug: (value) =>
    typeof value === 'boolean' || typeof value === 'function' ? undefined : 'true, false or a function',
  onHandlerError: aFunction,
  globalEnhancers: aBoolean,
  envelope: aBoolean,
};

const MODULE_OPTION_NAMES = Object.keys(MODULE_OPTIONS);
const EXTRA_NAMES: readonly (keyof RedisModuleExtras)[] = ['name', 'isGlobal'];
const ASYNC_NAMES: readonly string[] = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
];
const TELEMETRY_NAMES: readonly string[] = ['telemetry.traces', 'telemetry.metrics'];

/** A connection's options, sorted by who uses them, with the module's defaults filled in. */
export interface ResolvedModuleOptions {
  /** For the client; the core checks them. */
  readonly client: RedisClientOptions;
  /** For the pool, where the user gave any. */
  readonly pool: RedisModulePoolOptions | undefined;
  readonly connect: NonNullable<RedisModuleOptions['connect']>;
  readonly connectDeadline: number;
  readonly shutdownTimeout: number;
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly debug: NonNullable<RedisModuleOptions['debug']>;
  readonly onHandlerError: RedisModuleOptions['onHandlerError'];
  readonly globalEnhancers: boolean;
  readonly envelope: boolean;
}

/**
 * Sorts and checks the options of one connection.
 *
 * @throws {TypeError} for an option that does not exist, naming the nearest that does, or a value of the wrong kind. No
 *   value is part of the text: it may be a secret.
 */
export function resolveModuleOptions(name: string, options: RedisModuleOptions): ResolvedModuleOptions {
  const owner = `Redis connection "${name}"`;
  if (!isObject(options))
    throw new TypeError(`${owner}: its options must be an object. Did the factory return it?`);
  const client: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options)) {
    if (Object.hasOwn(MODULE_OPTIONS, option))
      checkModuleOption(owner, option as keyof typeof MODULE_OPTIONS, value);
    else if (CLIENT_OPTION_NAMES.includes(option)) client[option] = value;
    else throw misplacedOption(owner, option);
  }
  checkNames(
    owner,
    'pool',
    options.pool,
    POOL_OPTION_NAMES.map((option) => `pool.${option}`),
  );
  checkNames(owner, 'telemetry', options.telemetry, TELEMETRY_NAMES);
  return {
    client,
    pool: options.pool,
    connect: options.connect ?? 'eager',
    connectDeadline: options.connectDeadline ?? DEFAULT_CONNECT_DEADLINE,
    shutdownTimeout: options.shutdownTimeout ?? DEFAULT_SHUTDOWN_TIMEOUT,
    traces: options.telemetry?.traces ?? false,
    metrics: options.telemetry?.metrics ?? false,
    debug: options.debug ?? false,
    onHandlerError: options.onHandlerError,
    globalEnhancers: options.globalEnhancers ?? false,
    envelope: options.envelope ?? false,
  };
}

/** Names of the options in which two registrations of one connection differ; empty where they are the same. */
export function differingOptions(
  one: RedisModuleOptions,
  other: RedisModuleOptions,
): (keyof RedisModuleOptions)[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof RedisModuleOptions>;
  return [...names].filter((name) => !isDeepStrictEqual(one[name], other[name])).toSorted();
}

/** True for a function, and for an object that has one among its values. */
export function holdsFunction(value: unknown): boolean {
  return typeof value === 'function' || (isObject(value) && Object.values(value).some(holdsFunction));
}

/** Checks that `forRoot()` was given an object at all. @throws {TypeError} */
export function checkOptionsObject(options: unknown): void {
  if (isObject(options)) return;
  throw new TypeError(
    "RedisModule.forRoot(): its argument is an object of options. Write RedisModule.forRoot({ url: 'redis://…' }).",
  );
}

/** Checks what `useClass` or `useExisting` made, which can have its method as a property of its own. @throws {TypeError} */
export function checkOptionsFactory(factory: unknown): void {
  const method: unknown = (factory as Partial<RedisOptionsFactory> | null | undefined)?.createRedisOptions;
  if (typeof method === 'function') return;
  const className = (factory as object | null | undefined)?.constructor?.name ?? String(factory);
  throw new TypeError(
    `RedisModule.forRootAsync(): ${className} has no method createRedisOptions(). A class for useClass or useExisting implements RedisOptionsFactory.`,
  );
}

/** Checks the name and the rest of what decides about a module's tokens. @throws {TypeError} */
export function checkExtras(method: string, { name, isGlobal }: RedisModuleExtras): void {
  if (name !== undefined) checkConnectionName(method, name);
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean') {
    throw new TypeError(`${method}: 'isGlobal' must be true or false.`);
  }
}

/** Checks what `forRootAsync()` was given, as far as it can be known before the factory runs. @throws {TypeError} */
export function checkAsyncOptions(options: Omit<RedisModuleAsyncOptions, 'inject'>): void {
  const method = 'RedisModule.forRootAsync()';
  if (!isObject(options))
    throw new TypeError(`${method}: give it an object with useFactory, useClass or useExisting.`);
  const known = [...ASYNC_NAMES, ...EXTRA_NAMES];
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    if (CLIENT_OPTION_NAMES.includes(option) || MODULE_OPTION_NAMES.includes(option)) {
      throw new TypeError(`${method}: '${option}' belongs in what the factory returns.`);
    }
    throw new TypeError(`${method}: ${unknownOption(option, known).message}`);
  }
  const sources = [options.useFactory, options.useClass, options.useExisting].filter(
    (source) => source !== undefined,
  );
  if (sources.length !== 1) {
    const found = sources.length === 0 ? 'none of them' : 'more than one of them';
    throw new TypeError(
      `${method}: give exactly one of useFactory, useClass and useExisting; there is ${found}.`,
    );
  }
  checkExtras(method, options);
}

/** Checks a connection's name wherever one is given. @throws {TypeError} */
export function checkConnectionName(asker: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(
      `${asker}: a connection's name must be a string that is not empty. Leave it out for "${DEFAULT_REDIS_CONNECTION}".`,
    );
  }
}

function checkModuleOption(owner: string, option: keyof typeof MODULE_OPTIONS, value: unknown): void {
  const expected = value === undefined ? undefined : MODULE_OPTIONS[option](value);
  if (expected !== undefined) throw new TypeError(`${owner}: option '${option}' must be ${expected}.`);
}

function checkNames(
  owner: string,
  parent: string,
  given: object | undefined,
  known: readonly string[],
): void {
  for (const option of Object.keys(given ?? {})) {
    const path = `${parent}.${option}`;
    if (!known.includes(path)) throw new TypeError(`${owner}: ${unknownOption(path, known).message}`);
  }
}

function misplacedOption(owner: string, option: string): TypeError {
  if ((EXTRA_NAMES as readonly string[]).includes(option)) {
    return new TypeError(
      `${owner}: '${option}' belongs beside useFactory, not in what it returns: it decides what can be injected.`,
    );
  }
  if (POOL_OPTION_NAMES.includes(option)) {
    return new TypeError(`${owner}: '${option}' is an option of the pool. Write pool: { ${option}: … }.`);
  }
  return new TypeError(
    `${owner}: ${unknownOption(option, [...CLIENT_OPTION_NAMES, ...MODULE_OPTION_NAMES]).message}`,
  );
}

function milliseconds(value: unknown): string | undefined {
  return typeof value === 'number' && value >= 1 ? undefined : 'a number of milliseconds, 1 or more';
}
