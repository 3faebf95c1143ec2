// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../lib/report.mjs';

/**
 * Asks until there is an answer: what `check` gave that was neither false nor undefined. A check that throws was asked
 * too early, as servers that just start, or just died, refuse to be asked.
 *
 * @template T
 * @param {string} what  what is waited for, to be told when it does not come
 * @param {() => Promise<T | false | undefined> | T | false | undefined} check
 * @param {{ timeout?: number, interval?: number }} [options] ms
 * @returns {Promise<T>}
 */
export async function until(what, check, { timeout = 20_000, interval = 20 } = {}) {
  const deadline = performance.now() + timeout;
  for (;;) {
    let last = 'not yet so';
    try {
      const value = await check();
      if (value !== false && value !== undefined) return value;
    } catch (error) {
      last = messageOf(error);
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeout} ms (last: ${last})`);
    await sleep(interval);
  }
}
