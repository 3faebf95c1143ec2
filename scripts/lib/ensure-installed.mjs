// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDirectory, root as repository } from './paths.mjs';
import { messageOf } from './report.mjs';

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, optional?: boolean, link?: boolean }} Locked
 */

/**
 * Makes a fresh clone ready: runs `npm ci` where node_modules is missing or is not what package-lock.json says. What is
 * installed is compared by content, not by date: a checkout that only touches the lock file costs nothing, and nobody's
 * node_modules is taken away for it.
 *
 * @param {{ root?: string, log?: (message: string) => void }} [options]
 */
export async function ensureInstalled({ root = repository, log = say } = {}) {
  if (whyInstall(root) === undefined) return;
  await withLock(
    join(cacheDirectory(), 'install.lock'),
    async () => {
      const why = whyInstall(root); // another run may have done it meanwhile
      if (why === undefined) return;
      log(`installing the dependencies (${why})`);
      const start = performance.now();
      await npm(['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund'], root);
      log(`installed in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
    },
    { onWait: () => log('another run is installing the dependencies; waiting for it') },
  );
}

/**
 * Why the dependencies must be installed, or `undefined` when they are as the lock file wants them. npm itself notes what
 * it installed in node_modules/.package-lock.json, as its last step.
 *
 * @param {string} root
 * @returns {string | undefined}
 */
export function whyInstall(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  if (wanted === undefined)
    throw new Error(`There is no package-lock.json in ${root}: is this the repository's root?`);
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  for (const [path, facts] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined && facts.optional) continue; // for another platform
    if (found?.version !== facts.version || (facts.integrity && found?.integrity !== facts.integrity)) {
      return `node_modules is not what package-lock.json says: ${path.replace(/^node_modules\//, '')}`;
    }
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {Record<string, Locked> | undefined}
 */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<void>}
 */
function npm(args, cwd) {
  // Under `npm test` the very npm that runs us; else the one on the PATH.
  const script = process.env.npm_execpath;
  const [command, ...rest] = script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args];
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32' && command === 'npm';
    const child = spawn(command, rest, { cwd, shell, stdio: ['ignore', 2, 2] });
    child.once('error', (error) => reject(new Error(`npm could not be started: ${messageOf(error)}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve();
      const how = signal ?? `exit code ${code}`;
      reject(
        new Error(`npm ci ended with ${how} (see above). Is the package registry reachable? Then try again.`),
      );
    });
  });
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`[install] ${message}\n`);
}
