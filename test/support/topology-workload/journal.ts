import {
  RedisDisconnectedError,
  RedisError,
  RedisProtocolError,
  RedisServerError,
} from 'nestjs-redwire/core';
import { Watchdog } from '../fault-workload/watchdog.js';

/** Violations and losses kept: the first ones tell, a thousand more of the same do not. */
const MOST_KEPT = 20;

export type Operation = 'set' | 'get' | 'incr';

/** What became of one command, and when. Times as `performance.now()` has them. */
export interface Outcome {
  readonly operation: Operation;
  readonly key: string;
  readonly pipelined: boolean;
  readonly startedAt: number;
  readonly at: number;
  /** `ok`, or the error's code. */
  readonly code: string;
}

/**
 * What a caller knows of its command: the reply; an error that says it was not applied (`refused`) or leaves that open
 * (`unknown`); or that it never settled (`hanging`).
 */
export type Answer =
  { readonly state: 'ok'; readonly value: unknown } | { readonly state: 'refused' | 'unknown' | 'hanging' };

/**
 * What must never happen: a reply, or a value, that belongs elsewhere (`mixed`); effects of one command before those of
 * an earlier one of its pipeline (`order`); one applied twice, or although it was refused; a promise that does not settle;
 * an error that is none of the documented ones.
 */
export type Wrong = 'mixed' | 'order' | 'twice' | 'refused' | 'unsettled' | 'undocumented';

/** All outcomes of a load, and what was found wrong. */
export class Journal {
  readonly outcomes: Outcome[] = [];
  /** Those that were not `ok`. */
  readonly failures: Outcome[] = [];
  readonly violations: string[] = [];
  /** Acknowledged writes that were found to be gone: wrong, unless the servers themselves may lose some. */
  readonly losses: string[] = [];
  lost = 0;
  unsettled = 0;
  private serial = 0;
  private readonly giveUp = new Map<string, () => void>();
  private readonly watchdog = new Watchdog(0, (what) => this.giveUp.get(what)?.());

  /** @param limit ms within which a promise must settle */
  constructor(private readonly limit: number) {}

  violation(kind: Wrong, what: string): void {
    if (this.violations.length < MOST_KEPT) this.violations.push(`${kind}: ${what}`);
  }

  loss(what: string): void {
    this.lost++;
    if (this.losses.length < MOST_KEPT) this.losses.push(`lost: ${what}`);
  }

  /** Awaits one command, for as long as it may take. */
  async attempt(operation: Operation, key: string, issue: () => Promise<unknown>): Promise<Answer> {
    const startedAt = performance.now();
    const answer = await this.settle(`${operation} ${key}`, issue);
    return this.note({ operation, key, pipelined: false, startedAt }, answer);
  }

  /** Awaits a whole pipeline: what `exec()` gave, or the error it met. */
  async settle(
    what: string,
    issue: () => Promise<unknown>,
  ): Promise<{ value: unknown } | { error: unknown } | undefined> {
    const id = `${what} (${this.serial++})`;
    const hanging = new Promise<undefined>((resolve) => {
      this.giveUp.set(id, () => {
        this.unsettled++;
        this.violation('unsettled', `${what} after ${this.limit} ms`);
        resolve(undefined);
      });
    });
    try {
      // async: a client that throws at once is no different from one that rejects
      const result = (async () => ({ value: await issue() }))();
      return await Promise.race([this.watchdog.guard(result, this.limit, id), hanging]);
    } catch (error) {
      return { error };
    } finally {
      this.giveUp.delete(id);
    }
  }

  /** Notes what one command came to. */
  note(
    command: Pick<Outcome, 'operation' | 'key' | 'pipelined' | 'startedAt'>,
    result: { value: unknown } | { error: unknown } | undefined,
  ): Answer {
    const code = result === undefined ? 'UNSETTLED' : 'error' in result ? codeOf(result.error) : 'ok';
    const outcome = { ...command, at: performance.now(), code };
    this.outcomes.push(outcome);
    if (code !== 'ok') this.failures.push(outcome);
    if (result === undefined) return { state: 'hanging' };
    if ('value' in result) return { state: 'ok', value: result.value };
    this.checkDocumented(`${command.operation} ${command.key}`, result.error);
    return { state: isRefusal(result.error) ? 'refused' : 'unknown' };
  }

  stop(): void {
    this.watchdog.stop();
  }

  private checkDocumented(what: string, error: unknown): void {
    // not of the expected shape: another's reply
    if (error instanceof RedisProtocolError) this.violation('mixed', `${what}: ${error.message}`);
    else if (!(error instanceof RedisError)) this.violation('undocumented', `${what}: ${String(error)}`);
  }
}

/** The server said no, or it was never sent. Of all else nobody knows whether it was applied. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof RedisServerError ||
    (error instanceof RedisDisconnectedError && error.code === 'QUEUE_FULL')
  );
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return String(code ?? name);
}
