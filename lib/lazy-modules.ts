import { Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';

/** What Nest calls at shutdown. */
export type ShutdownHooks = OnModuleDestroy & OnApplicationShutdown;

const SHUTDOWN_HOOKS = Symbol('nestjs-redwire:shutdown-hooks');

/**
 * Calls `work` after each module that `LazyModuleLoader` has loaded, before its `load()` resolves. Nest tells nobody of such
 * modules and runs none of their hooks, so the application's loader is what we hold on to.
 */
export function afterLazyLoad(loader: LazyModuleLoader, work: (loaded: ModuleRef) => Promise<void>): void {
  const load = loader.load.bind(loader);
  loader.load = async (...args) => {
    const loaded = await load(...args);
    await work(loaded);
    return loaded;
  };
}

/** What was loaded: the module whose reference this is, and all that it imports. */
export function modulesOf(modules: ModulesContainer, loaded: ModuleRef): ReadonlySet<Module> {
  const found = new Set<Module>();
  for (const module of modules.values())
    if (module.getProviderByKey(ModuleRef)?.instance === loaded) found.add(module);
  // a set's iteration comes to what is added meanwhile
  for (const module of found) for (const imported of module.imports) found.add(imported);
  return found;
}

/** True where this module came into an application that had booted: Nest gives such ones no place in the order of hooks. */
export function isLoadedLazily(modules: ModulesContainer, metatype: object): boolean {
  for (const module of modules.values()) if (module.metatype === metatype) return module.distance === 0;
  return false;
}

/**
 * Has the hooks called at shutdown, for an application that got its first `RedisModule` from `LazyModuleLoader`: by the module
 * that holds the loader itself, which is there from the beginning. What stands in for a boot is incomplete, and said.
 */
export function shutDownWithApplication(modules: ModulesContainer, hooks: ShutdownHooks): void {
  for (const module of modules.values()) {
    if (module.providers.has(LazyModuleLoader))
      module.addProvider({ provide: SHUTDOWN_HOOKS, useValue: hooks });
  }
  new Logger('RedisModule').warn(
    'RedisModule was loaded by LazyModuleLoader into an application that had booted without it. Its connections open, and close with the application; ' +
      'handlers that were loaded in the same step hear nothing. Import a RedisModule in the application itself to have them heard.',
  );
}
