// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { readArguments } from './lib/read-arguments.mjs';
import { box, messageOf } from './lib/report.mjs';
import { AXES, describeCell, selectCells } from './matrix/cells.mjs';
import { makeTree } from './matrix/make-tree.mjs';
import { obtainNest, obtainNode } from './matrix/obtain.mjs';
import { runCell } from './matrix/run-cell.mjs';
import { KIND_NAMES, obtainAll } from './servers/index.mjs';

/**
 * `npm run test:matrix`: the tests of the Nest module on every Nest, Node and HTTP platform that it supports. Other Nodes and
 * another Nest come from npm, into the cache; nothing of the system or of the repository's node_modules is changed.
 */
const TESTS = ['test/unit/nest', 'test/integration/nest', 'test/docs/nest.spec.ts'];

const USAGE = `npm run test:matrix                                           everything
npm run test:matrix -- --only node=24,nest=11                 some combinations
npm run test:matrix -- --only node=20 --only node=26,nest=12  those of either
npm run test:matrix -- test/integration/nest/lifecycle.spec.ts

${Object.entries(AXES)
  .map(([name, values]) => `${name.padEnd(9)} ${values.join(', ')}`)
  .join('\n')}
tests     ${TESTS.join(', ')}

Ends with a table, and exit code 1 where a combination failed.`;

async function main() {
  const only = /** @type {const} */ ({ type: 'string', multiple: true, default: [] });
  const { values, positionals } = readArguments(USAGE, { only }, true);
  const cells = selectCells(values.only);
  const tests = positionals.length > 0 ? positionals : TESTS;

  await ensureInstalled();
  const log = (/** @type {string} */ message) => process.stderr.write(`[servers] ${message}\n`);
  process.env.REDWIRE_SERVERS = JSON.stringify(await obtainAll(KIND_NAMES, { log }));
  const stopped = new AbortController();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => stopped.abort());
  const work = mkdtempSync(join(tmpdir(), 'redwire-matrix-'));
  try {
    /** @type {Map<string, Promise<string>>} */
    const trees = new Map();
    const rows = [];
    for (const cell of cells) {
      if (stopped.signal.aborted) throw new Error('It was stopped.');
      process.stdout.write(`\n==> ${describeCell(cell)}\n`);
      const start = performance.now();
      let outcome;
      try {
        if (!trees.has(cell.nest)) trees.set(cell.nest, treeFor(cell.nest, work));
        const folder = /** @type {string} */ (await trees.get(cell.nest));
        outcome = await runCell({
          cell,
          node: await obtainNode(cell.node),
          folder,
          tests,
          work,
          signal: stopped.signal,
        });
      } catch (error) {
        outcome = { passed: 0, failed: 1, words: messageOf(error) };
      }
      const seconds = Math.round((performance.now() - start) / 1_000);
      if (outcome.words) process.stdout.write(`${outcome.words}\n`);
      process.stdout.write(`${outcome.passed} passed, ${outcome.failed} failed, ${seconds} s\n`);
      rows.push({ ...cell, passed: outcome.passed, failed: outcome.failed, seconds });
    }
    process.stdout.write('\n');
    console.table(rows);
    if (rows.some(({ failed }) => failed > 0)) process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Where the tests run: in a copy of the repository, so that a long run is not disturbed by work on it.
 *
 * @param {string} nest
 * @param {string} work
 */
async function treeFor(nest, work) {
  const modules = await obtainNest(nest);
  const folder = join(work, `nest-${nest}`);
  makeTree(folder, modules);
  return folder;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${box('The matrix could not be run', messageOf(error))}\n`);
  process.exitCode = 1;
}
