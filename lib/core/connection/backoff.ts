import type { AllGiven } from '../all-given.js';
import type { ReconnectOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { timerDelay } from '../timer-delay.js';

/** The pauses between attempts to connect: the more of them failed in a row, the longer. */
export class Backoff {
  /** Failed attempts in a row. */
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private keepsProcess = true;

  constructor(private readonly options: ResolvedOptions['reconnect']) {}

  get pausing(): boolean {
    return this.timer !== undefined;
  }

  /** Does a pause keep the process alive? */
  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    if (keepsProcess) this.timer?.ref();
    else this.timer?.unref();
  }

  /** Notes a failed attempt. True where no other is to follow. */
  failed(): boolean {
    this.failures++;
    return this.options === false || this.failures >= this.options.maxAttempts;
  }

  /** Begins a pause, of `delay` ms, unless no attempt is to follow it. */
  pause(onOver: () => void): { attempt: number; delay: number } | undefined {
    if (this.options === false) return undefined;
    // after a connection that was lost none has failed yet
    const attempt = Math.max(this.failures, 1);
    const delay = delayBefore(attempt, this.options);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      onOver();
    }, delay);
    if (!this.keepsProcess) this.timer.unref();
    return { attempt, delay };
  }

  /** Ends the pause that is under way, if any, before its time. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The next pause is as short as the first. */
  reset(): void {
    this.cancel();
    this.failures = 0;
  }
}

/** The delay before attempt `attempt` (1, 2, …), ms: grows by the factor up to the maximum, spread by the jitter. */
function delayBefore(attempt: number, options: AllGiven<ReconnectOptions>): number {
  const delay = Math.min(options.delay * options.factor ** (attempt - 1), options.maxDelay);
  const spread = 1 + options.jitter * (Math.random() * 2 - 1);
  return timerDelay(Math.min(Math.round(delay * spread), options.maxDelay));
}
