import type { Route } from '../connection/route.js';
import { CommandGuard } from '../guard/command-guard.js';
import { CommandObservers } from '../observation/command-observers.js';
import { ConnectionObservers } from '../observation/connection-observers.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { EngineParts } from './client-engine.js';

/** What the engines of a new client or pool share. */
export function createParts(options: ResolvedOptions, route: Route): EngineParts {
  return {
    options,
    route,
    guard: new CommandGuard(options.guard),
    observers: new CommandObservers(options),
    connectionObservers: new ConnectionObservers(options),
  };
}
