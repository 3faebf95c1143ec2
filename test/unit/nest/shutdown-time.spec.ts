import 'reflect-metadata';
import { afterEach, expect, jest, test } from '@jest/globals';
import { RedisConnection } from '../../../lib/redis-connection.js';

afterEach(() => {
  jest.restoreAllMocks();
});

test('the time of works at once counts once against shutdownTimeout', async () => {
  const connection = new RedisConnection('default', { shutdownTimeout: 1_000 });
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const limits = jest.spyOn(globalThis, 'setTimeout');
  const ends: (() => void)[] = [];
  const spend = (): Promise<boolean> =>
    connection.spendShutdownTime(new Promise((resolve) => void ends.push(resolve)));
  const both = Promise.all([spend(), spend()]);
  now = 600;
  for (const end of ends) end();
  expect(await both).toEqual([true, true]);
  const third = spend();
  ends.at(-1)!();
  expect(await third).toBe(true);
  expect(limits.mock.calls.map(([, limit]) => limit)).toEqual([1_000, 1_000, 400]);
});
