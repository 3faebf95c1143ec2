import { expect, it } from '@jest/globals';
import { givenSeed, newSeed, Random, SERVER_KINDS } from '../../support/index.js';
import { describeRound, NOTICEABLE, runRound } from '../../support/fault-workload/index.js';

/** How long it goes on, from `npm run soak`. ms */
const TIME = Number(process.env['REDWIRE_SOAK_MINUTES'] ?? 5) * 60_000;
/** Of a round. */
const ANSWERS = 40_000;
const FAULTS = 100;
const LONGEST = 120_000;

// One process for all rounds, so that what a round leaves behind adds up. `npm run soak` starts it; no other run does.
it(
  'goes on for as long as it was told, without a violation',
  async () => {
    const end = performance.now() + TIME;
    const given = givenSeed();
    let rounds = 0;
    for (let seed = given ?? newSeed(); rounds === 0 || performance.now() < end; rounds++) {
      // all of a round follows from its seed: given again, it comes first again
      const random = new Random(seed ^ 0x50ac);
      const [kind, protocol] = [random.pick(SERVER_KINDS), random.pick([2, 3] as const)];
      const mix = { ...NOTICEABLE, gap: random.pick([15_000, 60_000, 250_000]), early: random.next() / 2 };
      const report = await runRound({
        kind,
        protocol,
        seed,
        answers: ANSWERS,
        faults: FAULTS,
        longest: LONGEST,
        mix,
      });
      const memory = process.memoryUsage().rss >> 20;
      const title = `round ${rounds + 1}, ${kind}, RESP${protocol}, a fault in ${mix.gap} bytes, ${memory} MiB, seed ${seed}`;
      process.stderr.write(`${describeRound(title, report)}\n`);
      const again = `npm run soak -- --minutes 0 --seed ${seed}`;
      expect({ again, violations: report.violations }).toEqual({ again, violations: [] });
      seed = given === undefined ? newSeed() : seed + 1;
    }
    expect(rounds).toBeGreaterThan(0);
  },
  TIME + LONGEST + 60_000,
);
