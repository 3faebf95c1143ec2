import type { Route } from '../connection/route.js';
import { CommandGuard } from '../guard/command-guard.js';
import { CommandObservers } from '../observation/command-observers.js';
import { ConnectionObservers } from '../observation/connection-observers.js';
import { optionsAt, type ResolvedOptions } from '../resolve-options.js';
import type { EngineParts } from './client-engine.js';

/** What the engines of a new client or pool share. */
export function createParts(options: ResolvedOptions, route: Route): EngineParts {
  // what is told before it is known which server it is about
  const [first] = (options.sentinel ?? options.cluster)?.nodes ?? [];
  const told = first === undefined ? options : optionsAt(options, first);
  return {
    options,
    route,
    guard: new CommandGuard(options.guard),
    observers: new CommandObservers(told),
    connectionObservers: new ConnectionObservers(told),
  };
}
