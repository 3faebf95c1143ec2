// @ts-check
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announceAbsence, readAbsences } from './lib/absences.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { root } from './lib/paths.mjs';
import { box, messageOf } from './lib/report.mjs';
import { KIND_NAMES, obtainAll } from './servers/index.mjs';

/**
 * `npm test`, from a fresh clone with nothing but Node and npm: installs the dependencies, obtains the servers, runs
 * Jest with the arguments given, lists what could not be run, and ends with the line `N passed, N failed`.
 *
 *     npm test
 *     npm test -- test/unit --watch=false
 */
async function main() {
  await ensureInstalled();

  const folder = mkdtempSync(join(tmpdir(), 'redwire-test-'));
  try {
    const absences = join(folder, 'absences.jsonl');
    const results = join(folder, 'results.json');
    process.env.REDWIRE_ABSENCES = absences;
    process.env.REDWIRE_SERVERS = JSON.stringify(await obtainServers());

    const code = await runJest(['--json', `--outputFile=${results}`, ...process.argv.slice(2)]);
    const { passed, failed, problem } = count(results);
    const missing = readAbsences(absences);
    if (missing.length > 0) {
      const lines = missing.map(({ what, reason }) => `- ${what}: ${reason}`);
      process.stderr.write(`${box('Not everything could be run here', lines)}\n`);
    }
    if (problem) process.stderr.write(`${box('The test run is not whole', problem)}\n`);
    else if (code !== 0 && failed === 0) {
      process.stderr.write(
        `${box('The test run failed', `Jest ended with exit code ${code}: see above.`)}\n`,
      );
    }
    await lastLine(`${passed} passed, ${failed} failed`);
    process.exitCode = code !== 0 ? code : failed > 0 || passed === 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The servers, found before Jest starts so that what is said about them comes first. */
async function obtainServers() {
  const log = (/** @type {string} */ message) => process.stderr.write(`[servers] ${message}\n`);
  const servers = await obtainAll(KIND_NAMES, { log });
  for (const [kind, reason] of Object.entries(servers.missing)) announceAbsence(kind, reason);
  const found = Object.values(servers.found).map(({ kind, version }) => `${kind} (${version})`);
  if (found.length > 0) log(`found ${found.join(', ')}`);
  return servers;
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function runJest(args) {
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`;
  const env = { ...process.env, NODE_OPTIONS: options.trim() };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [jest, ...args], { cwd: root, env, stdio: 'inherit' });
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, forward);
    child.once('error', (error) => {
      process.stderr.write(`Jest could not be started: ${messageOf(error)}\n`);
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) process.stderr.write(`Jest was ended by ${signal}.\n`);
      resolve(code ?? 1);
    });
  });
}

/**
 * Jest's own numbers. A suite that could not even run its tests counts as one that failed.
 *
 * @param {string} file
 * @returns {{ passed: number, failed: number, problem?: string }}
 */
function count(file) {
  let results;
  try {
    results = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, problem: 'Jest ended without writing its results: see above.' };
  }
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  if (results.wasInterrupted) return { passed, failed: failed + 1, problem: 'Jest was interrupted.' };
  // a forgotten it.only or it.skip leaves out what must hold
  const leftOut = results.numPendingTests + results.numTodoTests;
  if (leftOut > 0 && process.env.REDWIRE_REQUIRE)
    return {
      passed,
      failed: failed + leftOut,
      problem: `${leftOut} tests were skipped or are still to be written.`,
    };
  if (passed + failed === 0)
    return { passed, failed, problem: 'No test ran. Do the arguments match any test file?' };
  return { passed, failed };
}

/**
 * On stdout, whole, and last: what is on its way to either stream goes out first.
 *
 * @param {string} line
 * @returns {Promise<void>}
 */
function lastLine(line) {
  return new Promise((resolve) =>
    process.stderr.write('', () => process.stdout.write(`${line}\n`, () => resolve())),
  );
}

await main().catch(async (error) => {
  process.stderr.write(`${box('The tests could not be run', messageOf(error))}\n`);
  await lastLine('0 passed, 1 failed');
  process.exitCode = 1;
});
