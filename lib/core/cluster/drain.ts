import { setTimeout as sleep } from 'node:timers/promises';

/** ms between two looks. */
const PAUSE = 5;

/** Waits until nothing is under way, or `timeout` ms have passed. Gives what is left of them. */
export async function drain(isBusy: () => boolean, timeout: number): Promise<number> {
  const started = performance.now();
  const left = (): number => Math.max(0, timeout - (performance.now() - started));
  while (isBusy() && left() > 0) await sleep(PAUSE);
  return left();
}
