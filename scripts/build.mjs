// @ts-check
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClassNames } from './lib/class-names.mjs';
import { withLock } from './lib/lock.mjs';
import { cacheDirectory, root } from './lib/paths.mjs';
import { box, messageOf } from './lib/report.mjs';
import { runCommand } from './lib/run-command.mjs';

/**
 * `npm run build`: compiles the library to `dist`, from nothing. With `--sample` the sample too, to `sample/dist`.
 *
 * @typedef {{ files: number, bytes: number, ms: number }} Built
 */

/** What users import; see `exports` in package.json. */
const ENTRIES = ['index.js', 'core/index.js', 'terminus/index.js'];

/** The package: what `npm pack` takes. */
export function buildLibrary() {
  return compile('tsconfig.build.json', 'dist', bundle, [
    ['--emitDeclarationOnly'],
    // the declarations have the comments: in the code they would only be read past at each start
    ['--declaration', 'false', '--removeComments'],
  ]);
}

/**
 * Joins the modules to one file an entry and what the entries share: to find and link some hundred files takes
 * Node several times as long as to compile them. Declarations stay as they are. Nothing is minified, so that a stack trace or
 * a debugger shows code that can be read.
 *
 * @param {string} folder
 */
async function bundle(folder) {
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name));
  const { build } = await esbuild();
  const result = await build({
    entryPoints: ENTRIES.map((entry) => join(folder, entry)),
    outdir: folder,
    outbase: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    write: false,
    absWorkingDir: folder,
  });
  for (const module of modules) rmSync(module);
  for (const { path, text } of result.outputFiles) writeFileSync(path, withClassNames(text));
  await bundleProgram(join(folder, 'cli.js'));
}

/** Not before it is used: the demo imports this file, and installs what is missing only then. */
const esbuild = () => import('esbuild');

/**
 * The program `nestjs-redwire`, with what it needs of the generator in scripts/commands: that is plain JavaScript, and at
 * home outside `lib`. The client it takes from the package, as any user does.
 *
 * @param {string} outfile
 */
async function bundleProgram(outfile) {
  const { build } = await esbuild();
  await build({
    entryPoints: [join(root, 'scripts', 'cli', 'main.mjs')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // no `paths` of ours: the package's own name stays as it is
    tsconfigRaw: {},
  });
  chmodSync(outfile, 0o755);
}

/** The sample. It sees the library as a user does, through the package's `exports`: build that first. */
export function buildSample() {
  return compile(join('sample', 'tsconfig.json'), join('sample', 'dist'));
}

/**
 * Compiles aside and puts the result in place when it is whole: a build that fails, or runs while something uses the
 * last one, harms nobody.
 *
 * @param {string} project
 * @param {string} output
 * @param {(folder: string) => Promise<void>} [finish] works on what was compiled, before it is put in place
 * @param {string[][]} [runs] further arguments of each run of the compiler
 * @returns {Promise<Built>}
 */
async function compile(project, output, finish, runs = [[]]) {
  const start = performance.now();
  const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const target = join(root, output);
  const work = mkdtempSync(join(root, 'node_modules', '.build-'));
  try {
    const made = join(work, 'made');
    const common = [tsc, '-p', project, '--outDir', made];
    await Promise.all(
      runs.map((further) =>
        runCommand(process.execPath, [...common, ...further], { cwd: root, timeout: 120_000 }),
      ),
    );
    await finish?.(made);
    await withLock(join(cacheDirectory(), 'build.lock'), async () => {
      if (existsSync(target)) renameSync(target, join(work, 'last'));
      renameSync(made, target);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { ...measure(target), ms: performance.now() - start };
}

/** @param {string} folder */
function measure(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return { files: files.length, bytes };
}

/**
 * @param {string} name
 * @param {Built} built
 */
export function describeBuilt(name, { files, bytes, ms }) {
  return `${name}: ${files} files, ${Math.round(bytes / 1024)} KiB, in ${(ms / 1_000).toFixed(1)} s`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stderr.write(`${describeBuilt('dist', await buildLibrary())}\n`);
    if (process.argv.includes('--sample')) {
      process.stderr.write(`${describeBuilt('sample/dist', await buildSample())}\n`);
    }
  } catch (error) {
    process.stderr.write(`${box('The build failed', messageOf(error))}\n`);
    process.exitCode = 1;
  }
}
