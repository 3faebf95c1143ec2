import { onceAborted } from '../abort-signals.js';
import type { RedisError } from '../errors.js';
import type { CommandObserver } from '../observer.js';
import type { CallOptions } from '../options.js';

interface Observation {
  observer: CommandObserver;
  state: unknown;
}

/** What a call may ask for instead of the client's settings, and what matters after it was issued. */
export type CallSettings = Pick<CallOptions, 'timeout' | 'retry' | 'idempotent'>;

/** What only some commands carry: most have none, and the hot path tests for null. */
export class CommandContext implements CallSettings {
  /** This call's retry rule; undefined stands for the client's. */
  retry: CallOptions['retry'];
  /** The caller's word that sending it twice does no harm. */
  idempotent: boolean | undefined;
  /** This call's own `timeout`, ms; undefined stands for `commandTimeout`. */
  timeout: number | undefined;
  /** Attempts that failed so far. */
  attempts = 0;
  /** A connection took it along when it ended: the server may have carried it out. */
  lost = false;
  /** What the retry rule threw instead of deciding. */
  retryFault: unknown;
  /** Waits on the server, on a connection of its own. */
  blocking = false;
  /** How long its answer may take once it was sent, ms: of a blocking command, whose own timeout says so. */
  longest = Infinity;
  /** The server was asked to end its wait: why its caller fails once that has worked; with null the caller gets `null`. */
  calledOff: (() => RedisError) | null | undefined;
  /** The server has ended its wait when it was asked to. */
  unblocked = false;
  /** Called once, when the command is settled. A second handler on its promise would hide its caller from V8's async stacks. */
  onSettled: (() => void) | undefined;
  private observations: Observation[] | undefined;
  private forgetSignal: (() => void) | undefined;

  /** Calls `onAbort` when the signal fires before the command is settled. */
  watch(signal: AbortSignal, onAbort: () => void): void {
    this.forgetSignal = onceAborted(signal, onAbort);
  }

  observed(observer: CommandObserver, state: unknown): void {
    (this.observations ??= []).push({ observer, state });
  }

  /** The command was settled, with an error or without. */
  finish(error: Error | undefined): void {
    this.forgetSignal?.();
    this.forgetSignal = undefined;
    this.onSettled?.();
    if (this.observations === undefined) return;
    for (const { observer, state } of this.observations) {
      try {
        observer.end(state, error);
      } catch {
        // an observer's fault must not reach the command's caller
      }
    }
    this.observations = undefined;
  }
}
