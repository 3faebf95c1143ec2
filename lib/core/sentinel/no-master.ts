import { RedisConnectionError, RedisServerError, RedisTimeoutError, type RedisError } from '../errors.js';

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
  // the server's own words decide whether another attempt is worth while: it is, as long as one Sentinel may yet answer
  const refusals = errors.map(({ cause }) => cause).filter((cause) => cause instanceof RedisServerError);
  const isRefused = silent.length === 0 && refusals.length > 0 && refusals.length === failures.length;
  const cause = isRefused ? refusals[0] : errors[0];
  const code = isRefused ? errors[0]!.code : undefined;
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
