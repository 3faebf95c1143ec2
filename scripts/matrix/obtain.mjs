// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../lib/lock.mjs';
import { cacheDirectory, root } from '../lib/paths.mjs';
import { runCommand } from '../lib/run-command.mjs';

/** ms: a Node is some 40 MB. */
const INSTALL_DEADLINE = 240_000;

/**
 * The program of a Node of this major version: the one that runs, else one that npm has, with the binary inside the
 * package.
 *
 * @param {string} major
 * @returns {Promise<string>}
 */
export async function obtainNode(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = await install(`node-${major}`, { [name]: `^${major}` });
  return join(folder, 'node_modules', name, 'bin', system === 'win' ? 'node.exe' : 'node');
}

/**
 * A `node_modules` with the packages of Nest in this major version; `undefined` for the version that the repository itself has.
 *
 * @param {string} major
 * @returns {Promise<string | undefined>}
 */
export async function obtainNest(major) {
  /** @type {{ devDependencies: Record<string, string> }} */
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (devDependencies['@nestjs/core']?.startsWith(`^${major}.`)) return undefined;
  /** @type {Record<string, string>} */
  const packages = {};
  for (const [name, range] of Object.entries(devDependencies)) {
    if (name.startsWith('@nestjs/')) packages[name] = `^${major}.0.0`;
    // Nest's peers: one copy of each for it and for us
    if (name === 'rxjs' || name === 'reflect-metadata') packages[name] = range;
  }
  return join(await install(`nest-${major}`, packages), 'node_modules');
}

/**
 * @param {string} name
 * @param {Record<string, string>} dependencies
 * @returns {Promise<string>} the folder that they are installed in
 */
async function install(name, dependencies) {
  const manifest = JSON.stringify({ private: true, dependencies }, null, 2);
  const hash = createHash('sha256').update(manifest).digest('hex').slice(0, 8);
  const folder = join(cacheDirectory(), 'matrix', `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return; // another run did it meanwhile
    mkdirSync(dirname(folder), { recursive: true });
    const aside = mkdtempSync(`${folder}-`);
    try {
      writeFileSync(join(aside, 'package.json'), manifest);
      await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'], aside);
      renameSync(aside, folder);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  });
  return folder;
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  const script = process.env.npm_execpath;
  const [command, ...rest] = script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args];
  return runCommand(command, rest, { cwd, timeout: INSTALL_DEADLINE });
}
