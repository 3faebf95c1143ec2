import type { ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress, ResolvedSentinel } from '../resolve-topology.js';

/** Sentinels that were lost are looked for as often as this, ms, at the least. */
const LONGEST_PAUSE = 2_000;

/** Where `connectTimeout` is none, ms. */
const DEFAULT_PATIENCE = 10_000;

/** How long a question to the Sentinels may take, ms. */
export function patienceOf({ connectTimeout }: ResolvedOptions): number {
  return connectTimeout === 0 || connectTimeout === Infinity ? DEFAULT_PATIENCE : connectTimeout;
}

/** The client's settings, made those of a connection to one of its Sentinels: with their own secrets, and none of the servers'. */
export function sentinelConnectionOptions(
  options: ResolvedOptions,
  { credentials, tls }: ResolvedSentinel,
  { host, port }: ResolvedAddress,
): ResolvedOptions {
  const own = {
    ...options,
    host,
    port,
    path: undefined,
    credentials,
    database: 0,
    protocol: 'auto' as const,
    reconnect: { delay: 100, factor: 2, maxDelay: LONGEST_PAUSE, jitter: 0.25, maxAttempts: Infinity },
    retry: false as const,
  };
  Object.defineProperty(own, 'tls', { get: () => tls });
  return Object.freeze(own) as ResolvedOptions;
}
