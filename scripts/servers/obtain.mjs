// @ts-check
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../lib/lock.mjs';
import { cacheDirectory } from '../lib/paths.mjs';
import { messageOf } from '../lib/report.mjs';
import { findProgram, runCommand } from '../lib/run-command.mjs';
import { makePortable, Release, whyNoDebian } from './debian.mjs';
import { isOfSeries, KIND_NAMES, KINDS, parseVersion, toKind } from './kinds.mjs';

/**
 * Finds the real servers for the tests, or fetches them once into the cache folder.
 *
 *     node scripts/servers/obtain.mjs [--unpacked] [redis-7.0] [redis-8.0] [valkey-9.1]
 *
 * prints the path of each server's binary, a line each in the order asked for; all three when none is named.
 * `--unpacked` passes by what is on the PATH, so that every path lies in the cache folder.
 *
 * @import { ServerKind } from './kinds.mjs'
 *
 * @typedef {object} ServerBinary
 * @property {ServerKind} kind
 * @property {string} path     the server program; its cli lies beside it
 * @property {string} version
 *
 * @typedef {object} ObtainOptions
 * @property {boolean} [unpacked]                only what lies in the cache folder, not what is on the PATH
 * @property {(message: string) => void} [log]   told what takes time
 *
 * @typedef {Partial<Record<ServerKind, ServerBinary>>} ServerBinaries
 * @typedef {Partial<Record<ServerKind, string>>} MissingServers  why each is missing
 */

/** A server that cannot be had on this machine; the message says what would help. */
export class ServerUnavailableError extends Error {
  /** @override */
  name = 'ServerUnavailableError';

  /**
   * @param {ServerKind} kind
   * @param {string} reason
   * @param {ErrorOptions} [options]
   */
  constructor(kind, reason, options) {
    const { product, series } = KINDS[kind];
    super(
      `No ${kind} server: ${reason}. Put a ${product}-server ${series}.x on the PATH, or run on Debian where ` +
        'apt reaches its archive. For tests that need just any server, set REDIS_URL to one you run ' +
        '(redis://127.0.0.1:6379).',
      options,
    );
    this.kind = kind;
    this.reason = reason;
  }
}

/**
 * One server's binary: from the cache folder, else from the PATH, else fetched.
 *
 * @param {string} name
 * @param {ObtainOptions} [options]
 * @returns {Promise<ServerBinary>}
 */
export async function obtain(name, options) {
  const kind = toKind(name);
  const { found, missing } = await obtainAll([kind], options);
  const binary = found[kind];
  if (binary === undefined) throw new ServerUnavailableError(kind, missing[kind] ?? 'not found');
  return binary;
}

/**
 * Several at once: what was found, and of the others why not. Does not throw for a server that cannot be had.
 *
 * @param {readonly ServerKind[]} [kinds]
 * @param {ObtainOptions} [options]
 * @returns {Promise<{ found: ServerBinaries, missing: MissingServers }>}
 */
export async function obtainAll(kinds = KIND_NAMES, { unpacked = false, log = () => {} } = {}) {
  /** @type {ServerBinaries} */
  const found = {};
  /** @type {MissingServers} */
  const missing = {};
  for (const kind of kinds) {
    const binary = (await cached(kind)) ?? (unpacked ? undefined : await onPath(kind));
    if (binary) found[kind] = binary;
  }
  const wanted = kinds.filter((kind) => found[kind] === undefined);
  if (wanted.length === 0) return { found, missing };
  const why = whyNoDebian();
  if (why !== undefined) {
    for (const kind of wanted) missing[kind] = why;
    return { found, missing };
  }
  const home = join(cacheDirectory(), 'servers');
  try {
    await mkdir(home, { recursive: true });
    await withLock(join(home, '.lock'), () => fetchAll(wanted, home, found, missing, log), {
      onWait: () => log('another run is fetching the servers; waiting for it'),
    });
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const denied = code === 'EACCES' || code === 'EROFS' || code === 'EPERM';
    for (const kind of wanted) {
      if (found[kind]) continue;
      missing[kind] ??= denied
        ? `the cache folder ${home} cannot be written by this user (REDWIRE_CACHE_DIR names another)`
        : messageOf(error);
    }
  }
  return { found, missing };
}

/**
 * @param {ServerKind} kind
 * @returns {Promise<ServerBinary | undefined>}
 */
async function cached(kind) {
  const folder = join(cacheDirectory(), 'servers', kind);
  try {
    const { version } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    return { kind, path: join(folder, 'bin', `${KINDS[kind].product}-server`), version };
  } catch {
    return undefined;
  }
}

/**
 * @param {ServerKind} kind
 * @returns {Promise<ServerBinary | undefined>}
 */
async function onPath(kind) {
  const { product, series } = KINDS[kind];
  const path = findProgram(`${product}-server`);
  if (path === undefined) return undefined;
  const version = await versionOf(path);
  return version?.product === product && isOfSeries(version.version, series)
    ? { kind, path, version: version.version }
    : undefined;
}

/**
 * What the binary says it is, or `undefined` where it does not run.
 *
 * @param {string} path
 */
export async function versionOf(path) {
  return parseVersion(await runCommand(path, ['--version'], { timeout: 10_000 }).catch(() => ''));
}

/**
 * Under the lock: looks again, since another run may have fetched them meanwhile, and then fetches the rest. The index
 * of a release is read once for all that is taken from it.
 *
 * @param {ServerKind[]} wanted
 * @param {string} home
 * @param {ServerBinaries} found
 * @param {MissingServers} missing
 * @param {(message: string) => void} log
 */
async function fetchAll(wanted, home, found, missing, log) {
  await removeLeftovers(home);
  const work = await mkdtemp(join(home, '.work-'));
  /** @type {Map<string, Promise<Release>>} */
  const releases = new Map();
  const release = (/** @type {string} */ suite) => {
    let opened = releases.get(suite);
    if (opened === undefined) {
      log(`reading the index of Debian ${suite}`);
      opened = Release.open(suite, work);
      releases.set(suite, opened);
    }
    return opened;
  };
  try {
    for (const kind of wanted) {
      try {
        found[kind] = (await cached(kind)) ?? (await fetchOne(kind, home, work, release, log));
      } catch (error) {
        missing[kind] = messageOf(error);
      }
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * @param {ServerKind} kind
 * @param {string} home
 * @param {string} work
 * @param {(suite: string) => Promise<Release>} release
 * @param {(message: string) => void} log
 * @returns {Promise<ServerBinary>}
 */
async function fetchOne(kind, home, work, release, log) {
  const start = performance.now();
  const { product, packages } = KINDS[kind];
  const source = await chooseRelease(kind, release);
  const tree = join(work, `tree-${kind}`);
  const target = join(work, kind);
  await mkdir(tree, { recursive: true });
  log(`${kind}: fetching the packages of Debian ${source.suite}`);
  const taken = await source.unpack(packages, tree);
  await makePortable(tree, new RegExp(`^${product}-`), target);
  const version = await versionOf(join(target, 'bin', `${product}-server`));
  if (version === undefined)
    throw new Error(`what was unpacked from Debian ${source.suite} does not run here`);
  if (!isOfSeries(version.version, KINDS[kind].series)) {
    log(`${kind}: Debian no longer has ${KINDS[kind].series}; ${version.version} stands in for it`);
  }
  const manifest = { kind, suite: source.suite, version: version.version, packages: taken };
  await writeFile(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const final = join(home, kind);
  try {
    await rename(target, final);
  } catch (error) {
    // Another run published its own meanwhile, or a folder without a manifest lies in the way.
    const other = await cached(kind);
    if (other) return other;
    await rm(final, { recursive: true, force: true });
    await rename(target, final).catch(() => {
      throw error;
    });
  }
  await rm(tree, { recursive: true, force: true });
  log(
    `${kind}: ${product} ${version.version}, ready in ${((performance.now() - start) / 1_000).toFixed(1)} s`,
  );
  return { kind, path: join(final, 'bin', `${product}-server`), version: version.version };
}

/**
 * The first release that has the wanted series. Releases move on: where none has it any more, the first with the same
 * major version does.
 *
 * @param {ServerKind} kind
 * @param {(suite: string) => Promise<Release>} open
 */
async function chooseRelease(kind, open) {
  const { packages, series, suites } = KINDS[kind];
  /** @type {Release | undefined} */
  let second;
  const seen = [];
  for (const suite of suites) {
    let version;
    try {
      const release = await open(suite);
      version = await release.versionOf(packages[0]);
      if (version !== undefined && isOfSeries(version, series)) return release;
      if (version !== undefined && isOfSeries(version, series.split('.')[0])) second ??= release;
      seen.push(`Debian ${suite} has ${version === undefined ? 'none' : version}`);
    } catch (error) {
      const said = messageOf(error);
      seen.push(`Debian ${suite} could not be read (${/^E: (.*)$/m.exec(said)?.[1].trim() ?? said})`);
    }
  }
  if (second) return second;
  throw new Error(seen.join('; '));
}

/** What a killed run left behind. @param {string} home */
async function removeLeftovers(home) {
  for (const name of await readdir(home)) {
    if (!name.startsWith('.work-')) continue;
    const path = join(home, name);
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > 60 * 60_000) await rm(path, { recursive: true, force: true });
  }
}

async function main() {
  const args = process.argv.slice(2);
  const unpacked = args.includes('--unpacked');
  const names = args.filter((arg) => arg !== '--unpacked');
  const kinds = names.length > 0 ? names.map(toKind) : KIND_NAMES;
  const log = (/** @type {string} */ message) => process.stderr.write(`[servers] ${message}\n`);
  const { found, missing } = await obtainAll(kinds, { unpacked, log });
  for (const kind of kinds) {
    const binary = found[kind];
    if (binary) process.stdout.write(`${binary.path}\n`);
    else process.stderr.write(`${new ServerUnavailableError(kind, missing[kind] ?? 'not found').message}\n`);
  }
  if (kinds.some((kind) => found[kind] === undefined)) process.exitCode = 1;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  });
}
