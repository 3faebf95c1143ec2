import type { ReconnectOptions } from '../options.js';
import { timerDelay } from '../timer-delay.js';

/** Delay before attempt `attempt` (1, 2, …), ms: grows by the factor up to the maximum, spread by the jitter. */
export function reconnectDelay(attempt: number, options: Required<ReconnectOptions>): number {
  const delay = Math.min(options.delay * options.factor ** (attempt - 1), options.maxDelay);
  const spread = 1 + options.jitter * (Math.random() * 2 - 1);
  return timerDelay(Math.min(Math.round(delay * spread), options.maxDelay));
}
