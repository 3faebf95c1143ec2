// @ts-check
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.mjs';

/** What the tests of the module read. */
const SOURCES = [
  'lib',
  'test',
  'scripts',
  'docs',
  'README.md',
  'package.json',
  'jest.config.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
];

/**
 * Makes a copy of the repository whose `node_modules` is the repository's own but for what another one has: an other
 * Nest. A copy, since links to the sources would lead back to where the repository's Nest is found.
 *
 * @param {string} folder where the copy is made; must not exist
 * @param {string | undefined} modules the `node_modules` that come first
 */
export function makeTree(folder, modules) {
  mkdirSync(folder, { recursive: true });
  for (const name of SOURCES) cpSync(join(root, name), join(folder, name), { recursive: true });
  const own = join(folder, 'node_modules');
  mkdirSync(own);
  const taken = new Set();
  for (const from of [modules, join(root, 'node_modules')]) {
    if (from === undefined) continue;
    for (const name of packagesIn(from)) {
      if (taken.has(name)) continue;
      taken.add(name);
      const [scope] = name.split('/');
      if (scope !== name) mkdirSync(join(own, String(scope)), { recursive: true });
      symlinkSync(join(from, name), join(own, name), 'junction');
    }
  }
}

/**
 * @param {string} modules
 * @returns {string[]}
 */
function packagesIn(modules) {
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return [];
    if (!name.startsWith('@')) return [name];
    return readdirSync(join(modules, name)).map((each) => `${name}/${each}`);
  });
}
