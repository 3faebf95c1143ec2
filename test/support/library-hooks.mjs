// @ts-check
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Module hooks that let a process of its own run the library, and the sample, from their sources, by the public names. */

const root = new URL('../../', import.meta.url);
const sources = new URL('lib/', root).href;
const sampleSources = new URL('sample/src/', root).href;

/** The folder of the library's sources joined by `joined-library.mjs`, once for all processes of a run; none where none were. */
const joined = process.env.REDWIRE_JOINED_LIBRARY;

/** @param {string} name without its ending */
const entry = (name) => (joined ? `${joined}${name}.mjs` : `${sources}${name}.ts`);

/** @type {Readonly<Record<string, string>>} */
const ENTRIES = {
  'nestjs-redwire': entry('index'),
  'nestjs-redwire/core': entry('core/index'),
  'nestjs-redwire/terminus': entry('terminus/index'),
};

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const url = ENTRIES[specifier];
  if (url !== undefined) return { url, shortCircuit: true };
  const isRelative = specifier.startsWith('.');
  // what the joined files import of packages is looked for where the sources would look for it
  if (joined && !isRelative && context.parentURL?.startsWith(joined))
    return next(specifier, { ...context, parentURL: sources });
  const isOurs =
    isRelative && [sources, sampleSources].some((folder) => context.parentURL?.startsWith(folder) === true);
  return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: await compile(fileURLToPath(url)), shortCircuit: true };
}

/**
 * TypeScript to JavaScript, as Jest does it.
 *
 * @param {string} path
 */
export async function compile(path) {
  // most processes need none of it, and it is large
  const { transform } = await import('@swc/core');
  const { code } = await transform(await readFile(path, 'utf8'), {
    filename: path,
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  });
  return code;
}
