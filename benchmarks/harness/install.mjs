import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HOME = new URL('../', import.meta.url);

const readJson = (url) => JSON.parse(readFileSync(url, 'utf8'));
const manifestOf = (name) => new URL(`node_modules/${name}/package.json`, HOME);

/** Installs the peers when one is missing: benchmarks/ has packages of its own, so that the library needs none. */
export function ensureInstalled() {
  const { dependencies } = readJson(new URL('package.json', HOME));
  if (Object.keys(dependencies).every((name) => existsSync(manifestOf(name)))) return;
  console.error('Installing the clients to compare with …');
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(HOME),
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci in benchmarks/ failed${error ? `: ${error.message}` : ''}`);
}

/** The installed version of a package, or of this repository's own. */
export function versionOf(name) {
  const own = readJson(new URL('../package.json', HOME));
  if (name === own.name) return own.version;
  return existsSync(manifestOf(name)) ? readJson(manifestOf(name)).version : 'not installed';
}
