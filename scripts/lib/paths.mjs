// @ts-check
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/** What is fetched once and kept: `REDWIRE_CACHE_DIR`, else `.cache` in the repository. */
export function cacheDirectory() {
  return process.env.REDWIRE_CACHE_DIR ? resolve(process.env.REDWIRE_CACHE_DIR) : resolve(root, '.cache');
}
