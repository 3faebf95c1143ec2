import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../scripts/lib/report.mjs';

/**
 * Waits for a condition instead of for a time: calls `check` until it neither throws, nor gives `false`, and passes on
 * what it gave. So it takes assertions as well as questions:
 *
 * ```ts
 * await eventually(() => expect(received).toEqual(['a', 'b']));
 * await eventually(async () => (await client.ping()) === 'PONG', { timeout: 2_000 });
 * ```
 *
 * After `timeout` ms it fails with what `check` last threw as the cause.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeout = 5_000, interval = 10 }: { timeout?: number; interval?: number } = {},
): Promise<Exclude<Awaited<T>, false>> {
  const caller = new Error('eventually');
  const deadline = performance.now() + timeout;
  for (;;) {
    let cause: unknown;
    try {
      const value = await check();
      if (value !== false) return value as Exclude<Awaited<T>, false>;
      cause = new Error('the condition was still false');
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const failure = new Error(`Not so within ${timeout} ms: ${messageOf(cause)}`, { cause });
      failure.stack = `${failure.name}: ${failure.message}\n${caller.stack?.split('\n').slice(2).join('\n')}`;
      throw failure;
    }
    await sleep(interval);
  }
}
