import { FixedRoute, type Route } from '../connection/route.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { SentinelRoute } from '../sentinel/sentinel-route.js';
import { Sentinels } from '../sentinel/sentinels.js';

/** Leads a pool's connections to the one server that takes writes. */
export function createMasterRoute(options: ResolvedOptions): Route {
  const { sentinel } = options;
  if (sentinel === undefined) return new FixedRoute(options);
  return new SentinelRoute(options, new Sentinels(options, sentinel));
}
