import { describe, expect, it } from '@jest/globals';
import { givenSeed, SERVER_KINDS, type ServerKind, totalOf } from '../../support/index.js';
import { describeRound, type RoundReport, runRound } from '../../support/fault-workload/index.js';

/** Over all rounds: commands, those of them that were answered, and faults. `npm run soak` makes more of all. */
const COMMANDS = 201_000;
const ANSWERS = 150_000;
const FAULTS = 600;
/** ms; far above what a round takes. */
const LONGEST = 60_000;

/** The same in every run, so that what fails once fails again; `npm run soak` takes others. */
const SEED = givenSeed() ?? 20_260_101;

const PROTOCOLS = [2, 3] as const;
const ROUNDS = SERVER_KINDS.length * PROTOCOLS.length;
const OF_ROUND = {
  commands: Math.ceil(COMMANDS / ROUNDS),
  answers: Math.ceil(ANSWERS / ROUNDS),
  faults: Math.ceil(FAULTS / ROUNDS),
};

/**
 * What holds whatever the network does, short of changing content: no caller gets another's reply, no write is applied
 * twice, no acknowledged write is missing, every promise settles with an answer or a documented error, messages come in
 * order and none is missed untold, and afterwards the client is as good as new. `support/fault-workload` checks it.
 */
describe(`under faults (REDWIRE_SEED=${SEED})`, () => {
  const reports: RoundReport[] = [];

  /** A round that must be without a violation, and show something. */
  async function goThrough(kind: ServerKind, protocol: 2 | 3): Promise<void> {
    // consecutive seeds: the run's own brings back that of each round
    const seed = SEED + SERVER_KINDS.indexOf(kind) * PROTOCOLS.length + PROTOCOLS.indexOf(protocol);
    const report = await runRound({ kind, protocol, seed, ...OF_ROUND, longest: LONGEST });
    reports.push(report);
    process.stderr.write(`${describeRound(`${kind}, RESP${protocol}, seed ${seed}`, report)}\n`);
    const again = `REDWIRE_SEED=${SEED} npm run jest -- test/integration/core/faults.property.spec.ts`;
    expect({ again, protocol, violations: report.violations }).toEqual({ again, protocol, violations: [] });
    expect(report.messages).toBeGreaterThan(100);
    expect(report.handed).toBeGreaterThan(20);
    // of each kind that this mix has
    const { corrupt, ...struck } = report.faults;
    expect(corrupt).toBe(0);
    expect(Object.entries(struck).filter(([, count]) => count === 0)).toEqual([]);
  }

  // both at once, each with a server of its own: much of a round is waiting for what is stalled
  it.each(SERVER_KINDS)(
    '%s, RESP2 and RESP3',
    (kind) => Promise.all(PROTOCOLS.map((protocol) => goThrough(kind, protocol))),
    LONGEST + 60_000,
  );

  it(`came to ${COMMANDS} commands and ${FAULTS} faults at least`, () => {
    const sum = (count: (report: RoundReport) => number): number =>
      reports.reduce((total, report) => total + count(report), 0);
    expect(sum(({ commands }) => commands)).toBeGreaterThanOrEqual(COMMANDS);
    expect(sum(({ outcomes }) => outcomes['answered'] ?? 0)).toBeGreaterThanOrEqual(ANSWERS);
    expect(sum(({ faults }) => totalOf(faults))).toBeGreaterThanOrEqual(FAULTS);
    // and that not all went well: a proxy that does nothing would show nothing
    expect(sum(({ outcomes }) => outcomes['RedisConnectionError CONNECTION_LOST'] ?? 0)).toBeGreaterThan(100);
    expect(sum(({ gaps }) => gaps)).toBeGreaterThan(0);
  });
});
