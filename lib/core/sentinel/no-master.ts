import { isFatalConnectError } from '../connection/connect-error.js';
import { RedisConnectionError, RedisTimeoutError, type RedisError } from '../errors.js';

/** A Sentinel that was of no help, and why. */
export interface Failure {
  readonly sentinel: string;
  /** Undefined: it knows no master of that name. */
  readonly error: RedisError | undefined;
}

/** Why the Sentinels led nowhere, for each of them, and what to do. */
export function noMaster(
  masterName: string,
  failures: readonly Failure[],
  silent: readonly string[],
): RedisError {
  const said = failures.map(({ sentinel, error }) => `${sentinel} ${wordsOf(error)}`);
  const missing = silent.map((sentinel) => `${sentinel} did not answer in time`);
  const message = `No Sentinel names the master '${masterName}': ${[...said, ...missing].join('; ')}. ${adviceFor(failures)}`;
  const errors = failures.flatMap(({ error }) => (error === undefined ? [] : [error]));
  // what the first says decides whether another attempt is worth while: it is, as long as one Sentinel may yet answer
  const isHopeless =
    silent.length === 0 &&
    errors.length > 0 &&
    failures.every(({ error }) => error && isFatalConnectError(error));
  const cause = isHopeless ? errors[0]!.cause : errors[0];
  const code = isHopeless ? errors[0]!.code : undefined;
  return new RedisConnectionError('connect_failed', message, { cause, code });
}

function wordsOf(error: RedisError | undefined): string {
  if (error === undefined) return 'knows no master of that name';
  if (error instanceof RedisTimeoutError) return 'did not answer in time';
  return `was of no help (${error.message.replace(/\.$/, '')})`;
}

function adviceFor(failures: readonly Failure[]): string {
  if (failures.some(({ error }) => error === undefined))
    return '`sentinel.masterName` is the name in its `sentinel monitor` line.';
  if (failures.some(({ error }) => /^(NOAUTH|WRONGPASS|NOPERM)$/.test(error?.code ?? '')))
    return "The Sentinels have credentials of their own: `sentinel.password`, apart from the servers' `password`.";
  return 'Do the Sentinels run, and are the addresses in `sentinel.nodes` theirs?';
}
