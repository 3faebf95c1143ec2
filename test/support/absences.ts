import { describe, expect, test } from '@jest/globals';
import { announceAbsence, isRequired } from '../../scripts/lib/absences.mjs';

/** Something a suite needs: there, or not there and why. */
export type Found<T> = ({ available: true } & T) | { available: false; reason: string };

/**
 * Stands where a suite would, when what it needs is not on this machine: says so loudly, and registers one test that
 * fails when `REDWIRE_REQUIRE` asks for it.
 *
 * ```ts
 * const docker = await findDocker();
 * if (docker.available) describe('in a container', () => { … });
 * else describeAbsence('docker', docker.reason);
 * ```
 */
export function describeAbsence(what: 'docker' | 'chromium', reason: string): void {
  announceAbsence(what, reason);
  describe(`without ${what}`, () => {
    test(`says why ${what} is absent, and nothing requires it`, () => {
      expect(reason).not.toBe('');
      if (isRequired(what)) throw new Error(`REDWIRE_REQUIRE asks for ${what}, which is absent: ${reason}`);
    });
  });
}
