// @ts-check
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { withClassNames } from '../../scripts/lib/class-names.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { compile } from './library-hooks.mjs';

/**
 * The library's sources as they are now, joined to one file an entry as the package has them: to compile and link some
 * hundred files takes each of the tests' processes a third of a second of both cores, and there are a hundred of those.
 * `library-hooks.mjs` finds them by `REDWIRE_JOINED_LIBRARY`.
 * They are gone with this process.
 */
export async function joinLibrary() {
  const folder = mkdtempSync(join(tmpdir(), 'redwire-library-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { outputFiles } = await build({
    entryPoints: ['index', 'core/index', 'terminus/index'].map((entry) => join(root, 'lib', `${entry}.ts`)),
    outdir: folder,
    outbase: join(root, 'lib'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    write: false,
    plugins: [sources],
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withClassNames(text));
  }
  process.env.REDWIRE_JOINED_LIBRARY = pathToFileURL(join(folder, '/')).href;
}

/**
 * Compiled as the hooks do it: esbuild by itself knows nothing of decorators' metadata.
 *
 * @type {import('esbuild').Plugin}
 */
const sources = {
  name: 'sources',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, importer }) => ({
      path: join(dirname(importer), path.replace(/\.js$/, '.ts')),
    }));
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({ contents: await compile(path), loader: 'js' }));
  },
};
