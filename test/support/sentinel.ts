import { SentinelSetup, ServerUnavailableError } from '../../scripts/servers/index.mjs';
import type { SentinelNode, SentinelOptions } from '../../scripts/servers/sentinel.mjs';
import { MISSING_SERVERS } from './servers.js';

export type { SentinelNode, SentinelOptions };
export type TestSentinel = SentinelSetup;

/**
 * Starts a master of this kind with replicas, and sentinels that watch it: 2 and 3 unless told otherwise. Stop it in
 * `afterAll`, or with `await using`.
 */
export async function startSentinel(options: SentinelOptions): Promise<TestSentinel> {
  const reason = MISSING_SERVERS[options.kind];
  if (reason !== undefined) throw new ServerUnavailableError(options.kind, reason);
  return await SentinelSetup.start(options);
}
