import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { OverflowReporter } from '../../../lib/pubsub/overflow-reporter.js';
import { RepeatedFailures } from '../../../lib/handlers/repeated-failures.js';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('OverflowReporter', () => {
  test('the first at once, the remainder without a further message, the rest at the end', () => {
    const backlog = { dropped: 0 };
    const report = jest.fn();
    const reporter = new OverflowReporter(backlog, report);
    reporter.check();
    expect(report).not.toHaveBeenCalled();
    backlog.dropped = 1;
    reporter.check();
    backlog.dropped = 90;
    reporter.check();
    expect(report.mock.calls).toEqual([[1]]);
    jest.advanceTimersByTime(10_000);
    expect(report.mock.calls).toEqual([[1], [89]]);
    backlog.dropped = 100;
    reporter.stop();
    expect(report.mock.calls).toEqual([[1], [89], [10]]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('RepeatedFailures', () => {
  test('repetitions are counted and told every ten seconds', () => {
    const tell = jest.fn();
    const failures = new RepeatedFailures(tell);
    expect([failures.isNew('a'), failures.isNew('a'), failures.isNew('b'), failures.isNew('a')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(tell).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10_000);
    expect(tell.mock.calls).toEqual([['a', 2]]);
    expect(failures.isNew('b')).toBe(true);
    failures.isNew('a');
    failures.stop();
    expect(tell.mock.calls).toEqual([
      ['a', 2],
      ['a', 1],
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('once nothing repeats, no timer is left', () => {
    const failures = new RepeatedFailures(() => undefined);
    failures.isNew('a');
    jest.advanceTimersByTime(10_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(failures.isNew('a')).toBe(true);
    failures.stop();
  });
});
