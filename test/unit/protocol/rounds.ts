import { Random } from '../../support/random.js';

/** Runs `test` so many times; a failure names the seed and the round, so that `REDWIRE_SEED=… jest` repeats it. */
export function rounds(seed: number, count: number, test: (random: Random, round: number) => void): void {
  const random = new Random(seed);
  for (let round = 0; round < count; round++) {
    try {
      test(random, round);
    } catch (error) {
      throw new Error(`REDWIRE_SEED=${seed}, round ${round}: ${(error as Error).message}`, { cause: error });
    }
  }
}
