import {
  RedisAbortError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisError,
  RedisServerError,
  RedisTimeoutError,
} from 'nestjs-redwire/core';
import { Watchdog } from './watchdog.js';

/** Past its deadline a promise may take so much longer before it counts as hanging, ms. */
const SLACK = 20_000;
/** Violations kept: the first ones tell, a thousand more of the same do not. */
const MOST_KEPT = 20;

/** What is known of a command besides its promise. */
export interface Attempt {
  /** Names it in a violation: `GET of k:17`. */
  readonly what: string;
  /** ms that it may take by what is documented. */
  readonly limit: number;
  /** The caller gave a signal. */
  readonly abortable?: boolean;
  /** The one code that the server may refuse it with; then it must not be answered otherwise. */
  readonly refusal?: string;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** What became of all commands of a round, and what must not have happened. */
export class Journal {
  /** Commands issued. */
  commands = 0;
  /** How often each outcome came: `answered`, or an error's class and code. */
  readonly outcomes: Record<string, number> = {};
  readonly violations: string[] = [];
  readonly watchdog = new Watchdog(SLACK, (what) => this.violation(`${what} did not settle`));

  /** Commands that were answered as they should be. */
  get answered(): number {
    return this.outcomes['answered'] ?? 0;
  }

  violation(what: string): void {
    if (this.violations.length < MOST_KEPT) this.violations.push(what);
  }

  /** Awaits a command; notes how it ended, and that it ended in a documented way. */
  async attempt<T>(promise: Promise<T>, attempt: Attempt): Promise<Outcome<T>> {
    this.commands++;
    try {
      const value = await this.watchdog.guard(promise, attempt.limit, attempt.what);
      this.count('answered');
      if (attempt.refusal !== undefined) this.violation(`${attempt.what} was answered: ${show(value)}`);
      return { ok: true, value };
    } catch (error) {
      this.count(nameOf(error));
      if (!isDocumented(error, attempt)) this.violation(`${attempt.what} failed with ${describe(error)}`);
      return { ok: false };
    }
  }

  /** The same for a command whose one right answer is known. */
  async expect<T>(promise: Promise<T>, expected: T, attempt: Attempt): Promise<boolean> {
    const outcome = await this.attempt(promise, attempt);
    if (outcome.ok) this.same(outcome.value, expected, attempt.what);
    return outcome.ok;
  }

  same(actual: unknown, expected: unknown, what: string): void {
    if (!isSame(actual, expected))
      this.violation(`${what} was answered with ${show(actual)} instead of ${show(expected)}`);
  }

  private count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}

/** Compares texts, Buffers, numbers, and lists and records of them; quicker than `expect` where there are many. */
export function isSame(actual: unknown, expected: unknown): boolean {
  if (actual === expected) return true;
  if (Buffer.isBuffer(expected)) return Buffer.isBuffer(actual) && expected.equals(actual);
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null)
    return false;
  const [wanted, given] = [Object.entries(expected), actual as Record<string, unknown>];
  return (
    wanted.length === Object.keys(given).length && wanted.every(([key, value]) => isSame(given[key], value))
  );
}

/** A reply that is not of the expected shape would be a RedisProtocolError: it is no excuse, it is another's reply. */
function isDocumented(error: unknown, { abortable = false, refusal }: Attempt): boolean {
  if (error instanceof RedisServerError) return error.code === refusal;
  if (error instanceof RedisAbortError) return abortable;
  return (
    error instanceof RedisConnectionError ||
    error instanceof RedisTimeoutError ||
    error instanceof RedisDisconnectedError
  );
}

function nameOf(error: unknown): string {
  if (error instanceof RedisTimeoutError) return `${error.name} ${error.kind}`;
  if (error instanceof RedisError) return `${error.name} ${error.code}`;
  return String((error as Error | null)?.name);
}

function describe(error: unknown): string {
  return `${nameOf(error)}: ${(error as Error | null)?.message}`;
}

function show(value: unknown): string {
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : (JSON.stringify(value) ?? 'undefined');
  return text.length <= 80 ? text : `${text.slice(0, 80)}… (${text.length} characters)`;
}
