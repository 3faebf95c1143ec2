import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EpochGuard } from '../../../../lib/core/cluster/topology/epoch-guard.js';

describe('the epochs of maps of the slots', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('do not go back, except where nobody contradicts for long', () => {
    jest.useFakeTimers();
    const guard = new EpochGuard();
    expect(guard.admits(7)).toBe(true);
    expect(guard.admits(6)).toBe(false);
    expect(guard.admits(7)).toBe(true);
    jest.advanceTimersByTime(6_000);
    // the doubt begins anew
    expect(guard.admits(6)).toBe(false);
    jest.advanceTimersByTime(6_000);
    expect(guard.admits(1)).toBe(true);
    expect(guard.admits(2)).toBe(true);
  });

  it('say nothing where they are not known', () => {
    const guard = new EpochGuard();
    expect(guard.admits(7)).toBe(true);
    expect(guard.admits(0)).toBe(true);
    expect(guard.admits(6)).toBe(false);
  });
});
