import { describe, expect, it } from '@jest/globals';
import { givenSeed, SERVER_KINDS } from '../../support/index.js';
import { type PoolRoundReport, runPoolRound } from '../../support/pool-workload/index.js';

/** The same in every run, so that what fails once fails again. */
const SEED = givenSeed() ?? 20_260_201;

/** Rounds that run side by side, with seeds in a row: each draws the settings of its pool. */
const ROUNDS = 4;
const TURNS = 40;
/** ms */
const LONGEST = 1_200;
const LULLS = 2;

/** Each of these must have happened in the rounds of a kind, or they show nothing. */
const HAPPENINGS = [
  'lent',
  'left MULTI',
  'left WATCH',
  'left WATCH and MULTI',
  'left unanswered MULTI',
  'left SELECT',
  'left name',
  'left subscription',
  'left blocking command',
  'left commands in flight',
  'left end of the connection',
  'second release',
  'use after release',
  'killed by the server',
  'server restarted',
  'RedisAbortError ABORTED',
  'RedisTimeoutError pool',
  'RedisConnectionError CONNECTION_LOST',
];

/**
 * What holds of a pool whatever its borrowers, the server and the network do: its numbers are true, no connection is lent
 * to two, nobody finds what another left, who came first is served first, everybody is told something, and the
 * connections that are to be kept come back. `support/pool-workload` checks it.
 */
describe(`a pool under faults (REDWIRE_SEED=${SEED})`, () => {
  it.each(SERVER_KINDS)(
    '%s',
    async (kind) => {
      const reports = await Promise.all(
        Array.from({ length: ROUNDS }, (_, nth) =>
          runPoolRound({
            kind,
            seed: SEED + SERVER_KINDS.indexOf(kind) * ROUNDS + nth,
            turns: TURNS,
            longest: LONGEST,
            lulls: LULLS,
          }),
        ),
      );
      for (const report of reports) process.stderr.write(`[pool] ${kind} ${describeRound(report)}\n`);
      const again = `REDWIRE_SEED=${SEED} npm run jest -- test/integration/core/pool.property.spec.ts`;
      const violations = reports.flatMap(({ settings, violations: found }) =>
        [...new Set(found)].map((what) => `${settings} ${what}`),
      );
      expect({ again, violations }).toEqual({ again, violations: [] });
      for (const what of HAPPENINGS) {
        const times = reports.reduce((sum, { counts }) => sum + (counts[what] ?? 0), 0);
        expect({ what, happened: times > 0 }).toEqual({ what, happened: true });
      }
    },
    120_000,
  );
});

function describeRound({ settings, counts, faults, checks, time }: PoolRoundReport): string {
  const list = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return `${settings}: ${faults} faults, ${checks} checks in ${(time / 1_000).toFixed(1)} s; ${list.join(', ')}`;
}
