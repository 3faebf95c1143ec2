import { RedisConnectionError, RedisServerError, type RedisError } from './errors.js';
import type { RedisClientOptions, RetryCommand } from './options.js';

const ATTEMPTS = 3;

/** The server refused without doing anything, and may not refuse for long. */
const PASSING = new Set(['LOADING', 'BUSY', 'TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY']);

function defaultBackoff(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000);
}

/** Worth another attempt: refused for now, or lost on its way where sending it again does no harm. */
export function isRetryable(error: RedisError, command: RetryCommand): boolean {
  if (error instanceof RedisServerError) return PASSING.has(error.code);
  return error instanceof RedisConnectionError && command.idempotent;
}

/**
 * Asks a retry rule.
 *
 * @param attempt attempts that failed so far: 1 at the first failure.
 * @returns the delay before the next one, ms, or false.
 */
export function retryDelay(
  rule: NonNullable<RedisClientOptions['retry']>,
  attempt: number,
  error: RedisError,
  command: RetryCommand,
): number | false {
  if (rule === false) return false;
  if (typeof rule === 'function') return rule(attempt, error, command);
  const policy = rule === 'idempotent' ? {} : rule;
  if (attempt > (policy.attempts ?? ATTEMPTS)) return false;
  const wanted =
    policy.retryOn === undefined
      ? isRetryable(error, command)
      : command.idempotent && policy.retryOn(error, command);
  if (!wanted) return false;
  const { backoff = defaultBackoff } = policy;
  return typeof backoff === 'number' ? backoff : backoff(attempt);
}
