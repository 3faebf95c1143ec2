import { describe, expect, it } from '@jest/globals';
import { givenSeed, SERVER_KINDS, totalOf } from '../../support/index.js';
import { describeRound, type RoundReport, runRound } from '../../support/fault-workload/index.js';

/** Over all rounds: commands that were answered, and faults. */
const ANSWERS = 204_000;
const FAULTS = 600;
/** ms; far above what a round takes. */
const LONGEST = 60_000;

/** The same in every run, so that what fails once fails again; `npm run soak` takes others. */
const SEED = givenSeed() ?? 20_260_101;

const ROUNDS = SERVER_KINDS.flatMap((kind) =>
  [2, 3].map((protocol) => ({ kind, protocol: protocol as 2 | 3 })),
);
const ANSWERS_OF_ROUND = Math.ceil(ANSWERS / ROUNDS.length);
const FAULTS_OF_ROUND = Math.ceil(FAULTS / ROUNDS.length);

/**
 * What holds whatever the network does, short of changing content: no caller gets another's reply, no write is applied
 * twice, no acknowledged write is missing, every promise settles with an answer or a documented error, messages come in
 * order and none is missed untold, and afterwards the client is as good as new. `support/fault-workload` checks it.
 */
describe(`under faults (REDWIRE_SEED=${SEED})`, () => {
  const reports: RoundReport[] = [];

  it.each(ROUNDS)(
    '$kind, RESP$protocol',
    async ({ kind, protocol }) => {
      // consecutive seeds: the run's own brings back that of each round
      const seed = SEED + ROUNDS.findIndex((round) => round.kind === kind && round.protocol === protocol);
      const report = await runRound({
        kind,
        protocol,
        seed,
        answers: ANSWERS_OF_ROUND,
        faults: FAULTS_OF_ROUND,
        longest: LONGEST,
      });
      reports.push(report);
      process.stderr.write(`${describeRound(`${kind}, RESP${protocol}, seed ${seed}`, report)}\n`);
      const again = `REDWIRE_SEED=${SEED} npm run jest -- test/integration/core/faults.property.spec.ts`;
      expect({ again, violations: report.violations }).toEqual({ again, violations: [] });
      expect(report.messages).toBeGreaterThan(100);
      expect(report.handed).toBeGreaterThan(20);
      // of each kind that this mix has
      const { corrupt, ...struck } = report.faults;
      expect(corrupt).toBe(0);
      expect(Object.entries(struck).filter(([, count]) => count === 0)).toEqual([]);
    },
    LONGEST + 60_000,
  );

  it(`came to ${ANSWERS} answers and ${FAULTS} faults at least`, () => {
    const sum = (count: (report: RoundReport) => number): number =>
      reports.reduce((total, report) => total + count(report), 0);
    expect(sum(({ outcomes }) => outcomes['answered'] ?? 0)).toBeGreaterThanOrEqual(ANSWERS);
    expect(sum(({ faults }) => totalOf(faults))).toBeGreaterThanOrEqual(FAULTS);
    // and that not all went well: a proxy that does nothing would show nothing
    expect(sum(({ outcomes }) => outcomes['RedisConnectionError CONNECTION_LOST'] ?? 0)).toBeGreaterThan(100);
    expect(sum(({ gaps }) => gaps)).toBeGreaterThan(0);
  });
});
