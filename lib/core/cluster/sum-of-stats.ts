import type { SharedEngine } from '../engine/shared-engine.js';
import type { RedisPoolStats } from '../observation/connection-observer.js';

/** The connections that several nodes lend, together. */
export function sumOfStats(
  engines: readonly SharedEngine[],
  { min, max }: Pick<RedisPoolStats, 'min' | 'max'>,
): RedisPoolStats {
  const all = engines.map(({ lending }) => lending.stats());
  const total = (name: keyof RedisPoolStats): number => all.reduce((sum, stats) => sum + stats[name], 0);
  return {
    active: total('active'),
    idle: total('idle'),
    waiting: total('waiting'),
    total: total('total'),
    min,
    max,
  };
}
