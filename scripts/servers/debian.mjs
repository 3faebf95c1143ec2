// @ts-check
import {
  mkdir,
  readdir,
  readFile,
  writeFile,
  copyFile,
  chmod,
  lstat,
  readlink,
  symlink,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram, runCommand } from '../lib/run-command.mjs';

/**
 * Takes programs out of Debian packages without installing anything: an apt of our own with its own lists, cache and
 * empty dpkg status, under a private folder, works for every user and leaves the system's alone. What is unpacked
 * runs with the loader and the libraries of its own release.
 */

const NEEDED = ['apt-get', 'apt-cache', 'dpkg-deb'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const APT_TIMEOUT = 4 * 60_000;

/** Why packages cannot be taken on this machine, or `undefined` where they can. */
export function whyNoDebian() {
  if (process.platform !== 'linux') return `this is ${process.platform}, not a Debian machine`;
  const missing = NEEDED.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) return `${missing.join(', ')} not found: this is not a Debian machine`;
  return undefined;
}

/**
 * The address of the Debian archive as this machine's own apt sources name it. First apt is asked, which knows the
 * origin of every source it has an index of; without an index the source files are read.
 *
 * @returns {Promise<string>}
 */
async function findArchive() {
  if (process.env.REDWIRE_DEBIAN_ARCHIVE) return process.env.REDWIRE_DEBIAN_ARCHIVE;
  const format = '$(REPO_URI) $(ORIGIN)/$(LABEL)';
  const known = await runCommand('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]).catch(() => '');
  for (const line of known.split('\n')) {
    const [address, origin] = line.split(' ');
    if (origin === 'Debian/Debian') return address;
  }
  for (const { address, suites } of await readSources('/etc/apt')) {
    if (
      suites.some((suite) =>
        /^(bookworm|trixie|forky|duke|sid|stable|oldstable|testing|unstable)$/.test(suite),
      )
    ) {
      return address;
    }
  }
  throw new Error(
    "this machine's apt sources name no Debian archive (REDWIRE_DEBIAN_ARCHIVE may hold the address of one)",
  );
}

/**
 * The sources in both of apt's forms: `deb [options] address suite component…` and the paragraphs of a .sources file.
 *
 * @param {string} directory
 */
async function readSources(directory) {
  const parts = join(directory, 'sources.list.d');
  const names = await readdir(parts).catch(() => []);
  const files = [join(directory, 'sources.list'), ...names.toSorted().map((name) => join(parts, name))];
  /** @type {{ address: string, suites: string[] }[]} */
  const sources = [];
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name))) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.list')) {
      for (const line of text.split('\n')) {
        const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
        if (match) sources.push({ address: match[1], suites: [match[2]] });
      }
      continue;
    }
    const withoutComments = text.replaceAll(/^#.*\n?/gm, '');
    for (const paragraph of withoutComments.split(/\n\s*\n/)) {
      const field = (/** @type {string} */ name) =>
        (new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(paragraph)?.[1] ?? '')
          .split(/\s+/)
          .filter(Boolean);
      if (field('Enabled')[0] === 'no' || !field('Types').includes('deb')) continue;
      for (const address of field('URIs')) sources.push({ address, suites: field('Suites') });
    }
  }
  return sources;
}

/** One Debian release, read through an apt of our own. */
export class Release {
  #config;

  /**
   * @param {string} suite
   * @param {string} config
   */
  constructor(suite, config) {
    this.suite = suite;
    this.#config = config;
  }

  /**
   * Fetches the index of a release into `directory`.
   *
   * @param {string} suite
   * @param {string} directory
   */
  static async open(suite, directory) {
    const archive = await findArchive();
    const root = join(directory, `apt-${suite}`);
    const inRoot = (/** @type {string[]} */ ...path) => join(root, ...path);
    await mkdir(inRoot('lists', 'partial'), { recursive: true });
    await mkdir(inRoot('cache', 'archives', 'partial'), { recursive: true });
    await mkdir(inRoot('none'), { recursive: true });
    await writeFile(inRoot('status'), '');
    const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
    await writeFile(inRoot('sources.list'), `deb ${signed}${archive} ${suite} main\n`);
    // Read after the machine's own configuration, whose proxy and transport settings go on counting.
    const settings = {
      'Dir::State': root,
      'Dir::State::lists': inRoot('lists'),
      'Dir::State::status': inRoot('status'),
      'Dir::Cache': inRoot('cache'),
      'Dir::Cache::pkgcache': 'pkgcache.bin', // containers often turn these off, and each call then takes a second
      'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
      'Dir::Etc::sourcelist': inRoot('sources.list'),
      'Dir::Etc::sourceparts': inRoot('none'),
      'Dir::Etc::preferences': inRoot('none', 'preferences'),
      'Dir::Etc::preferencesparts': inRoot('none'),
      'Acquire::Languages': 'none',
      'Acquire::Retries': '2',
      'Acquire::http::Timeout': '20',
      'Acquire::https::Timeout': '20',
      'APT::Sandbox::User': userInfo().username,
      'APT::Get::List-Cleanup': 'false',
    };
    const hooks = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'];
    const config = [
      ...hooks.map((name) => `#clear ${name};`),
      ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
    ].join('\n');
    await writeFile(inRoot('apt.conf'), `${config}\n`);
    const release = new Release(suite, inRoot('apt.conf'));
    await release.#apt('apt-get', ['-qq', '-o', 'APT::Update::Error-Mode=any', 'update']);
    return release;
  }

  /**
   * @param {string} program
   * @param {string[]} args
   * @param {string} [cwd]
   */
  #apt(program, args, cwd) {
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    return runCommand(program, ['-c', this.#config, ...args], { cwd, env, timeout: APT_TIMEOUT });
  }

  /**
   * The paragraphs about these packages, the newest version of each.
   *
   * @param {string[]} names
   * @returns {Promise<Map<string, { version: string, depends: string[] }>>}
   */
  async #describe(names) {
    const text = await this.#apt('apt-cache', ['show', '--no-all-versions', ...names]).catch(() => '');
    const found = new Map();
    for (const paragraph of text.split(/\n\s*\n/)) {
      const field = (/** @type {string} */ name) =>
        new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
      const name = field('Package');
      if (name === '') continue;
      const depends = [field('Pre-Depends'), field('Depends')]
        .flatMap((list) => list.split(','))
        .map(
          (choice) =>
            choice
              .split('|')[0]
              .trim()
              .split(/[\s:(]/)[0],
        );
      found.set(name, { version: field('Version').replace(/^\d+:/, ''), depends: depends.filter(Boolean) });
    }
    return found;
  }

  /**
   * The version of a package here without Debian's epoch, or `undefined`.
   *
   * @param {string} name
   */
  async versionOf(name) {
    return (await this.#describe([name])).get(name)?.version;
  }

  /**
   * Downloads packages with the libraries they need, and those need, and unpacks all into `directory`. Whatever is
   * needed and not a library (users, init scripts, perl) is left out.
   *
   * @param {string[]} packages
   * @param {string} directory
   * @returns {Promise<string[]>} what was taken, as `name version`
   */
  async unpack(packages, directory) {
    const taken = new Map();
    for (let wanted = packages; wanted.length > 0;) {
      const found = await this.#describe(wanted);
      for (const [name, facts] of found) taken.set(name, facts.version);
      const next = [...found.values()].flatMap((facts) => facts.depends);
      wanted = [...new Set(next)].filter((name) => /^(lib|lua-|zlib1g$)/.test(name) && !taken.has(name));
    }
    const missing = packages.filter((name) => !taken.has(name));
    if (missing.length > 0) throw new Error(`Debian ${this.suite} has no ${missing.join(', ')}`);
    const debs = join(directory, '.debs');
    await mkdir(debs, { recursive: true });
    await this.#apt('apt-get', ['-qq', 'download', ...taken.keys()], debs);
    for (const name of await readdir(debs)) {
      await runCommand('dpkg-deb', ['--extract', join(debs, name), directory]);
    }
    return [...taken].map(([name, version]) => `${name} ${version}`).toSorted();
  }
}

const WRAPPER = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/..
exec "$here/lib/ld.so" --inhibit-cache --library-path "$here/lib" --argv0 "\${0##*/}" "$here/libexec/\${0##*/}" "$@"
`;

/**
 * Makes a folder that runs anywhere out of an unpacked tree: `lib` holds the loader and just the libraries that the
 * programs are linked with, `libexec` the programs, `bin` scripts that become them (by exec, so that pid, signals
 * and exit code are the server's own).
 *
 * @param {string} tree
 * @param {RegExp} programs which of usr/bin
 * @param {string} target
 */
export async function makePortable(tree, programs, target) {
  const inTarget = (/** @type {string[]} */ ...path) => join(target, ...path);
  for (const name of ['bin', 'lib', 'libexec']) await mkdir(inTarget(name), { recursive: true });
  const files = (await readdir(tree, { recursive: true, withFileTypes: true })).map((entry) => ({
    entry,
    path: join(entry.parentPath ?? entry.path, entry.name),
  }));
  const loader = files.find(({ entry }) => entry.isFile() && /^ld-linux.*\.so\.\d+$/.test(entry.name))?.path;
  if (loader === undefined)
    throw new Error("the packages' own loader (ld-linux) is not among what was unpacked");
  await copyFile(loader, inTarget('lib', 'ld.so'));
  await chmod(inTarget('lib', 'ld.so'), 0o755);
  const libraries = files.filter(
    ({ entry }) => entry.isDirectory() && /-linux-gnu[a-z0-9]*$/.test(entry.name),
  );
  const searched = libraries.map(({ path }) => path).join(':');

  const names = (await readdir(join(tree, 'usr', 'bin'))).filter((name) => programs.test(name));
  for (const name of names) {
    const source = join(tree, 'usr', 'bin', name);
    const program = inTarget('libexec', name);
    if ((await lstat(source)).isSymbolicLink()) {
      const link = basename(await readlink(source));
      if (!names.includes(link)) continue;
      await symlink(link, program);
    } else {
      await copyFile(source, program);
      await chmod(program, 0o755);
      const ldd = ['--inhibit-cache', '--library-path', searched, '--list', source];
      for (const line of (await runCommand(inTarget('lib', 'ld.so'), ldd)).split('\n')) {
        const [, library, path] = /^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/.exec(line) ?? [];
        if (library === undefined || basename(library).startsWith('ld-linux')) continue;
        if (!path.startsWith(tree))
          throw new Error(`${name} needs ${library}, which the packages taken do not have`);
        await copyFile(path, inTarget('lib', basename(library)));
      }
    }
    await writeFile(inTarget('bin', name), WRAPPER, { mode: 0o755 });
  }
}
