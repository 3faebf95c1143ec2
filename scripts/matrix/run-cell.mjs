// @ts-check
import { readFileSync } from 'node:fs';
import { dirname, delimiter, join } from 'node:path';
import { cacheDirectory } from '../lib/paths.mjs';
import { messageOf } from '../lib/report.mjs';
import { runCommand } from '../lib/run-command.mjs';

/** ms, past which the tests of one combination hang. */
const DEADLINE = 300_000;

/**
 * Runs the tests in one combination.
 *
 * @param {object} run
 * @param {import('./cells.mjs').Cell} run.cell
 * @param {string} run.node the program
 * @param {string} run.folder the repository, or a copy of it
 * @param {string[]} run.tests for Jest
 * @param {string} run.work folder for the results
 * @param {AbortSignal} run.signal ends the run
 * @returns {Promise<{ passed: number, failed: number, words: string }>} `words`: what went wrong
 */
export async function runCell({ cell, node, folder, tests, work, signal }) {
  const results = join(work, `${Object.values(cell).join('-')}.json`);
  const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
  let words = '';
  try {
    await runCommand(node, [jest, '--ci', '--json', `--outputFile=${results}`, ...tests], {
      cwd: folder,
      timeout: DEADLINE,
      signal,
      env: {
        ...process.env,
        // what the tests start is the same Node
        PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
        NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        REDWIRE_CACHE_DIR: cacheDirectory(),
        // three servers in every combination would take three times as long, and differ in what `npm test` has shown
        REDWIRE_KIND: process.env.REDWIRE_KIND || 'redis-8.0',
        REDWIRE_NEST: cell.nest,
        REDWIRE_NEST_PLATFORM: cell.platform,
      },
    });
  } catch (error) {
    words = messageOf(error);
  }
  return read(results, words);
}

/**
 * @param {string} file what Jest wrote
 * @param {string} words the last words of a Jest that failed
 */
function read(file, words) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, words: words || 'Jest ended without writing its results.' };
  }
  // what is skipped is not shown to work
  const leftOut = report.numPendingTests + report.numTodoTests;
  const passed = report.numPassedTests;
  let failed = report.numFailedTests + report.numRuntimeErrorTestSuites + leftOut;
  const messages = report.testResults
    .filter((/** @type {{ status: string }} */ { status }) => status === 'failed')
    .map((/** @type {{ name: string, message: string }} */ { name, message }) => `${name}\n${message}`);
  if (leftOut > 0) messages.push(`${leftOut} tests were skipped or are still to be written.`);
  // it ended badly, or found nothing to run, though no test failed
  if (failed === 0 && (words !== '' || passed === 0)) {
    failed = 1;
    messages.push(words || 'No test ran.');
  }
  return { passed, failed, words: messages.join('\n') };
}
