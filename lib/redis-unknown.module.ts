import { Global, Module, Scope, type InjectionToken, type Provider, type Type } from '@nestjs/common';
import { INQUIRER, ModulesContainer } from '@nestjs/core';
import { DEFAULT_REDIS_CONNECTION, REDIS_CONNECTION_NAME } from './redis.constants.js';
import { connectionTokens } from './redis.tokens.js';
import { unknownConnection } from './unknown-connection.js';

// Nest's own keys for constructor parameters and properties: needed to tell an @Optional() one
const PARAMETER_TYPES = 'design:paramtypes';
const DECLARED_PARAMETERS = 'self:paramtypes';
const OPTIONAL_PARAMETERS = 'optional:paramtypes';
const DECLARED_PROPERTIES = 'self:properties_metadata';
const OPTIONAL_PROPERTIES = 'optional:properties_metadata';

/**
 * The module's providers and exports: Nest reads these very arrays when it scans an application, and by then
 * {@link expectConnection} and {@link announceConnection} have left in them what is asked for and never registered.
 */
const providers: Provider[] = [];
const tokens: InjectionToken[] = [];
const expected = new Set<string>();
const announced = new Set<string>();

/** Notes that something injects this connection; called as decorators run. */
export function expectConnection(name: string): void {
  if (announced.has(name) || expected.has(name)) return;
  expected.add(name);
  for (const token of connectionTokens(name)) {
    tokens.push(token);
    providers.push({
      provide: token,
      // made once for each that injects it, and never by itself
      scope: Scope.TRANSIENT,
      inject: [INQUIRER, ModulesContainer],
      useFactory: (inquirer: object | undefined, modules: ModulesContainer) =>
        refuse(name, token, inquirer, modules),
    });
  }
}

/** Notes that a `RedisModule` registers this connection; called as modules are defined. */
export function announceConnection(name: string): void {
  announced.add(name);
  if (!expected.delete(name)) return;
  for (const token of connectionTokens(name)) {
    const index = tokens.indexOf(token);
    tokens.splice(index, 1);
    providers.splice(index, 1);
  }
}

// injected by class, which no decorator of ours sees
expectConnection(DEFAULT_REDIS_CONNECTION);

/**
 * Answers for the connections that are injected somewhere and registered nowhere, so that a mistyped name fails with
 * the names that exist instead of Nest's "can't resolve dependencies".
 */
@Global()
@Module({ providers, exports: tokens })
export class RedisUnknownModule {}

function refuse(
  name: string,
  token: InjectionToken,
  inquirer: object | undefined,
  modules: ModulesContainer,
): unknown {
  const consumer = inquirer?.constructor as Type | undefined;
  if (consumer !== undefined && isOptionalIn(consumer, token)) return undefined;
  const known = new Set<string>();
  for (const module of modules.values()) {
    const registered: unknown = module.providers.get(REDIS_CONNECTION_NAME)?.instance;
    if (typeof registered === 'string') known.add(registered);
    // registered after the boot, by a module that LazyModuleLoader loaded: Nest may find us before it
    if (registered === name) {
      const instance: unknown = module.providers.get(token)?.instance;
      if (instance !== null && instance !== undefined) return instance;
    }
  }
  const asker = consumer === undefined || consumer === Object ? 'A provider' : consumer.name;
  if (known.has(name)) {
    throw new Error(
      `${asker} asks for the Redis connection "${name}", which a module registers that was loaded after the application had booted, while ${asker} was known before. ` +
        `Import the file of ${asker} no earlier than that of the module, or import the RedisModule of "${name}" in the application.`,
    );
  }
  throw unknownConnection(name, [...known], asker);
}

function isOptionalIn(consumer: Type, token: InjectionToken): boolean {
  const read = <T>(key: string): T[] => (Reflect.getMetadata(key, consumer) as T[] | undefined) ?? [];
  const types = read<InjectionToken>(PARAMETER_TYPES);
  const declared = new Map(
    read<{ index: number; param: InjectionToken }>(DECLARED_PARAMETERS).map(({ index, param }) => [
      index,
      param,
    ]),
  );
  if (read<number>(OPTIONAL_PARAMETERS).some((index) => (declared.get(index) ?? types[index]) === token))
    return true;
  const optional = read<string>(OPTIONAL_PROPERTIES);
  return read<{ key: string; type: InjectionToken }>(DECLARED_PROPERTIES).some(
    ({ key, type }) => type === token && optional.includes(key),
  );
}
