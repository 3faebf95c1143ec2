import { expect } from '@jest/globals';
import type { RedisClient, Subscription } from '../../../../../lib/core/index.js';
import { eventually } from '../../../../support/index.js';

/** What was published: when it was begun, and for how many by what the server said. */
interface Published {
  /** ms of `performance.now()`. */
  readonly begun: number;
  readonly done: boolean;
}

/** Publishes 0, 1, 2, … one after the other, all the time. Those that fail are left out. */
export function publishNumbers(
  client: RedisClient,
  channel: string,
  word: 'publish' | 'spublish' = 'spublish',
) {
  const log: Published[] = [];
  let wanted = true;
  const work = (async () => {
    while (wanted) {
      const begun = performance.now();
      const done = await client[word](channel, String(log.length)).then(
        () => true,
        () => false,
      );
      log.push({ begun, done });
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const stop = async (): Promise<void> => {
    wanted = false;
    await work;
  };
  return {
    log,
    get last() {
      return log.findLastIndex(({ done }) => done);
    },
    /** Resolves when another 20 were published. */
    async more() {
      const until = log.length + 20;
      await eventually(() => expect(log.length).toBeGreaterThan(until), { timeout: 20_000 });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Notes the numbers that a subscription hears, and its gaps. */
export function listenToNumbers(subscription: Subscription) {
  const numbers: number[] = [];
  /** `from` and `to` in ms of `performance.now()`. */
  const gaps: { from: number; to: number }[] = [];
  subscription.on('message', ({ data }) => numbers.push(Number(data)));
  subscription.on('resubscribed', ({ gap }) => {
    const now = performance.now();
    gaps.push({ from: now - gap, to: now });
  });
  return {
    numbers,
    gaps,
    get last() {
      return numbers.at(-1) ?? -1;
    },
    /** In order, none twice; and what is missing was published in a gap or just before: the server had it, and lost it with the slot. */
    check(log: readonly Published[]) {
      expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
      const heard = new Set(numbers);
      const lastGap = gaps.at(-1)?.to ?? -Infinity;
      const missing = log.flatMap(({ begun, done }, number) =>
        done && begun > lastGap && number > numbers[0]! && !heard.has(number) ? [number] : [],
      );
      expect(missing).toEqual([]);
    },
  };
}
