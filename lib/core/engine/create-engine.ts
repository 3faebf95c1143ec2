import { ClusterEngine } from '../cluster/cluster-engine.js';
import { FixedRoute } from '../connection/route.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { SentinelEngine } from '../sentinel/sentinel-engine.js';
import type { ClientEngine } from './client-engine.js';
import { createParts } from './create-parts.js';
import { SharedEngine } from './shared-engine.js';

/** The engine of a new client, by what its options lead to. Opens nothing. */
export function createEngine(options: ResolvedOptions): ClientEngine {
  if (options.cluster !== undefined) return new ClusterEngine(options);
  if (options.sentinel !== undefined) return new SentinelEngine(options, options.sentinel);
  return new SharedEngine(createParts(options, new FixedRoute(options)));
}
