// @ts-check
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';

/**
 * `npm run soak`: the workload of `test/integration/core/faults.property.spec.ts` for longer, with seeds of its own.
 * Prints the counts of each round; the first violation ends it with exit code 1 and names the seed that brings it back.
 *
 *     npm run soak
 *     npm run soak -- --minutes 60
 *     npm run soak -- --minutes 0 --seed 7     one round, with this seed
 *
 * The workload is TypeScript, so Jest runs it, by way of `scripts/test.mjs`, which obtains the servers.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
if (!(minutes >= 0 && minutes < 7 * 24 * 60)) {
  throw new TypeError(`--minutes must be a number of minutes, at most a week, not '${values.minutes}'.`);
}
if (values.seed !== undefined && !/^\d+$/.test(values.seed)) {
  throw new TypeError(`--seed must be a whole number, not '${values.seed}'.`);
}

const child = spawn(
  process.execPath,
  [join(root, 'scripts', 'test.mjs'), '--runInBand', '--testMatch', '**/faults.soak.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      REDWIRE_SOAK_MINUTES: String(minutes),
      ...(values.seed === undefined ? {} : { REDWIRE_SEED: values.seed }),
    },
  },
);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => child.kill(signal));
child.once('exit', (code) => (process.exitCode = code ?? 1));
