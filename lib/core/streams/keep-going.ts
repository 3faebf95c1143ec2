import { onceAborted } from '../abort-signals.js';
import { timerDelay } from '../timer-delay.js';

const FIRST_DELAY = 100;
const LONGEST_DELAY = 5_000;

/**
 * Repeats a step until it gives false or the signal fires. After one that failed it pauses, the longer the more failed in a row:
 * an outage makes no hot loop.
 *
 * @param report hears of a failure; false ends the repeating.
 */
export async function keepGoing(
  step: () => Promise<unknown>,
  report: (error: unknown) => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if ((await step()) === false) return;
      failures = 0;
    } catch (error) {
      if (signal.aborted || !(await report(error))) return;
      const delay = Math.min(FIRST_DELAY * 2 ** failures++, LONGEST_DELAY);
      // spread, so that a fleet does not return as one
      await pause(delay * (0.75 + Math.random() / 2), signal);
    }
  }
}

/** Waits for `ms`, or until the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(end, timerDelay(ms));
    const forget = onceAborted(signal, end);
  });
}
