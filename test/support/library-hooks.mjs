// @ts-check
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

/** Module hooks that let a process of its own run the library, and the sample, from their sources, by the public names: nothing is built. */

const root = new URL('../../', import.meta.url);
const sources = new URL('lib/', root).href;
const sampleSources = new URL('sample/src/', root).href;

/** @type {Readonly<Record<string, string>>} */
const ENTRIES = {
  'nestjs-redwire': new URL('index.ts', sources).href,
  'nestjs-redwire/core': new URL('core/index.ts', sources).href,
  'nestjs-redwire/terminus': new URL('terminus/index.ts', sources).href,
};

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const entry = ENTRIES[specifier];
  if (entry !== undefined) return { url: entry, shortCircuit: true };
  const isOurs =
    specifier.startsWith('.') &&
    [sources, sampleSources].some((folder) => context.parentURL?.startsWith(folder) === true);
  return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
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
  return { format: 'module', source: code, shortCircuit: true };
}
