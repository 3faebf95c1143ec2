// @ts-check
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideServer } from './demo/server.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { root } from './lib/paths.mjs';
import { box, messageOf } from './lib/report.mjs';
import { runCommand } from './lib/run-command.mjs';

/**
 * Packs the package as it would be published, and installs it into applications of strangers, in folders
 * outside the repository: ESM and CommonJS, Nest 12 and Nest 11, with and without the optional peers. Each runs against
 * a real server and must end by itself.
 *
 *     node scripts/smoke.mjs [--keep] [part of an application's name]
 *
 * @typedef {object} Outsider
 * @property {string} name
 * @property {string} source          folder in scripts/smoke
 * @property {'module' | 'commonjs'} [type]
 * @property {Record<string, string>} [dependencies]
 * @property {boolean} [compiled]     by tsc, with the types checked; else the sources run as they are
 * @property {boolean} [alone]        no peers at all
 * @property {NodeJS.ProcessEnv} [environment]
 */

const RUN_DEADLINE = 20_000;
const INSTALL_DEADLINE = 120_000;

/** @param {string} version */
const nest = (version) => ({
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.2',
});
/** @param {string} version */
const nestWithTerminus = (version) => ({ ...nest(version), '@nestjs/terminus': version });
const types = { '@types/node': '^20.19.0' };

/** @type {Outsider[]} */
const OUTSIDERS = [
  {
    name: 'Nest 12, TypeScript, ESM, with OpenTelemetry',
    source: 'typescript',
    type: 'module',
    compiled: true,
    dependencies: { ...nestWithTerminus('^12.0.0'), ...types, '@opentelemetry/api': '^1.9.0' },
    environment: { TRACES: 'on' },
  },
  {
    name: 'Nest 11, TypeScript, CommonJS',
    source: 'typescript',
    type: 'commonjs',
    compiled: true,
    dependencies: { ...nestWithTerminus('^11.0.0'), ...types },
  },
  {
    name: 'Nest 12, JavaScript, require()',
    source: 'commonjs',
    type: 'commonjs',
    dependencies: nestWithTerminus('^12.0.0'),
  },
  {
    name: 'Nest 12 without the optional peers',
    source: 'bare',
    type: 'module',
    dependencies: nest('^12.0.0'),
  },
  { name: 'the client without Nest', source: 'core', type: 'module', alone: true },
];

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

async function main() {
  const [wanted = ''] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const outsiders = OUTSIDERS.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()));
  if (outsiders.length === 0) throw new Error(`No application is called "${wanted}".`);

  await ensureInstalled();
  const work = mkdtempSync(join(tmpdir(), 'redwire-smoke-'));
  const server = await provideServer({ say });
  try {
    if (server.standIn) throw new Error('The smoke test needs a real server. REDIS_URL names one.');
    say(`node ${process.version}; server: ${server.about}`);
    const tarball = await pack(work);
    let failed = 0;
    for (const outsider of outsiders) {
      const folder = join(work, String(OUTSIDERS.indexOf(outsider)));
      const start = performance.now();
      try {
        const about = await tryOut(outsider, tarball, folder, String(server.environment.REDIS_URL));
        say(`ok    ${outsider.name}: ${about} (${seconds(start)})`);
      } catch (error) {
        failed += 1;
        say(`FAIL  ${outsider.name} (${seconds(start)})\n${messageOf(error)}`);
      }
    }
    if (failed > 0)
      throw new Error(`${failed} of ${outsiders.length} applications do not work with the package.`);
    say(`all ${outsiders.length} applications work with the packed package`);
  } finally {
    await server.stop();
    if (process.argv.includes('--keep')) say(`kept: ${work}`);
    else rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} work
 * @returns {Promise<string>} the tarball
 */
async function pack(work) {
  const answer = await npm(['pack', '--json', '--pack-destination', work], root);
  const [{ filename, size, unpackedSize, files }] = JSON.parse(answer);
  const kilobytes = (/** @type {number} */ bytes) => `${Math.round(bytes / 1_000)} kB`;
  say(`packed: ${filename}, ${files.length} files, ${kilobytes(size)} (${kilobytes(unpackedSize)} unpacked)`);
  const paths = files.map((/** @type {{ path: string }} */ { path }) => path);
  const expected = /^(?:dist\/.+\.(?:js|d\.ts)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
  const strange = paths.filter((/** @type {string} */ path) => !expected.test(path));
  if (strange.length > 0) throw new Error(`This does not belong in the package: ${strange.join(', ')}`);
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targets = [
    ...Object.values(exports).flatMap((entry) => Object.values(Object(entry))),
    ...Object.values(bin),
  ];
  for (const target of targets) {
    const path = String(target).replace(/^\.\//, '');
    if (path.startsWith('dist/') && !paths.includes(path))
      throw new Error(`${path} is exported and not packed.`);
  }
  return join(work, filename);
}

/**
 * @param {Outsider} outsider
 * @param {string} tarball
 * @param {string} folder
 * @param {string} url
 * @returns {Promise<string>} what it did
 */
async function tryOut({ source, type, dependencies, compiled, alone, environment }, tarball, folder, url) {
  mkdirSync(folder);
  cpSync(join(root, 'scripts', 'smoke', source), folder, { recursive: true });
  const manifest = {
    private: true,
    type,
    dependencies: { ...dependencies, 'nestjs-redwire': `file:${tarball}` },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const peers = alone ? ['--legacy-peer-deps'] : ['--strict-peer-deps'];
  await npm(
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', ...peers],
    folder,
  );
  await program(folder, ['commands', '--help']);
  let checked = '';
  if (compiled) {
    const own = ['--only', 'STRLEN', '--prefix', 'raw', '--out', 'own-commands.ts'];
    await program(folder, ['commands', '--url', url, ...own]);
    checked = await compile(folder);
  }

  const main = ['dist/main.js', 'main.mjs', 'main.cjs'].find((path) => existsSync(join(folder, path))) ?? '';
  const env = { ...process.env, ...environment, NODE_OPTIONS: '', REDIS_URL: url };
  const output = await runCommand(process.execPath, [main], { cwd: folder, env, timeout: RUN_DEADLINE });
  const versions = ['@nestjs/core', '@nestjs/terminus', '@opentelemetry/api'].flatMap((name) => {
    const version = installedVersion(folder, name);
    return version ? [`${name} ${version}`] : [];
  });
  return [checked + output.trim(), ...versions].join(', ');
}

/**
 * Compiles as strangers do. The package's own declarations must hold without `skipLibCheck` too; those of others may not.
 *
 * @param {string} folder
 */
async function compile(folder) {
  const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const run = (/** @type {string[]} */ args) =>
    runCommand(process.execPath, [tsc, '-p', '.', ...args], { cwd: folder, timeout: 60_000 });
  await run(['--skipLibCheck']);
  const whole = await run(['--noEmit', '--skipLibCheck', 'false']).catch(messageOf);
  const ours = whole.split('\n').filter((line) => line.includes('node_modules/nestjs-redwire/'));
  if (ours.length > 0)
    throw new Error(`The package's declarations do not hold by themselves:\n${ours.join('\n')}`);
  return 'compiled, ';
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

/**
 * The package's own program, as `npx` runs it; nothing is installed for it.
 *
 * @param {string} folder
 * @param {string[]} args
 */
async function program(folder, args) {
  const said = await npm(['exec', '--no', '--', 'nestjs-redwire', ...args], folder);
  if (args.includes('--help') && !said.includes('--url URL')) throw new Error(`The help was this:\n${said}`);
}

/**
 * @param {string} folder
 * @param {string} name
 * @returns {string | undefined}
 */
function installedVersion(folder, name) {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/** @param {number} start */
function seconds(start) {
  return `${((performance.now() - start) / 1_000).toFixed(1)} s`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${box('The smoke test failed', messageOf(error))}\n`);
  process.exitCode = 1;
}
