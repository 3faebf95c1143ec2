import {
  RedisConnectionError,
  RedisProtocolError,
  RedisServerError,
  RedisTimeoutError,
  type RedisError,
} from './errors.js';
import type { RedisClientOptions, RetryCommand } from './options.js';

const ATTEMPTS = 3;

const PASSING: ReadonlySet<string> = new Set([
  'LOADING',
  'BUSY',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'READONLY',
]);

const SCRIPTS = new Set(['EVAL', 'EVALSHA', 'FCALL']);

function defaultBackoff(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000);
}

/** The server refused without doing anything, and may not refuse for long. */
export function isPassing({ code }: RedisServerError): boolean {
  return PASSING.has(code);
}

/** The same of the server's own words, of which no error was made yet. */
export function isPassingMessage(message: string): boolean {
  const space = message.indexOf(' ');
  return PASSING.has(space === -1 ? message : message.slice(0, space));
}

/** Worth another attempt: refused for now, or not answered where sending it again does no harm. */
export function isRetryable(error: RedisError, command: RetryCommand): boolean {
  if (error instanceof RedisServerError) {
    // the words of a script's error are the script's own: it may have done its work before
    return isPassing(error) && (command.idempotent || !SCRIPTS.has(command.name));
  }
  // a connection that ended, whatever ended it, takes with it what it carried
  const unanswered =
    error instanceof RedisConnectionError ||
    error instanceof RedisProtocolError ||
    (error instanceof RedisTimeoutError && (error.kind === 'socket' || error.kind === 'command'));
  return unanswered && command.idempotent;
}

/**
 * Asks a retry rule.
 *
 * @param attempt attempts that failed so far: 1 at the first failure.
 * @param isPatient by the built-in rule, what passes is waited out for as long as the command has time.
 * @returns the delay before the next one, ms, or false.
 */
export function retryDelay(
  rule: NonNullable<RedisClientOptions['retry']>,
  attempt: number,
  error: RedisError,
  command: RetryCommand,
  isPatient = false,
): number | false {
  if (rule === false) return false;
  if (typeof rule === 'function') return delayOf(rule(attempt, error, command));
  const policy = rule === 'idempotent' ? {} : rule;
  const isOutlasted = isPatient && rule === 'idempotent' && error instanceof RedisServerError;
  if (attempt > (policy.attempts ?? ATTEMPTS) && !isOutlasted) return false;
  const wanted =
    policy.retryOn === undefined
      ? isRetryable(error, command)
      : command.idempotent && policy.retryOn(error, command);
  if (!wanted) return false;
  const { backoff = defaultBackoff } = policy;
  const nth = isOutlasted ? Math.min(attempt, ATTEMPTS) : attempt;
  return delayOf(typeof backoff === 'number' ? backoff : backoff(nth));
}

/** What is no delay (a forgotten `return`, NaN, a negative number) means no further attempt. */
function delayOf(decision: unknown): number | false {
  return typeof decision === 'number' && decision >= 0 && decision < Infinity ? decision : false;
}
