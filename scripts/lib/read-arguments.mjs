// @ts-check
import { parseArgs } from 'node:util';
import { messageOf } from './report.mjs';

/**
 * The arguments of one of our programs. `--help` prints how it is called and ends it; what it does not know is told in one
 * line above that, and ends it with exit code 2.
 *
 * @template {import('node:util').ParseArgsOptionsConfig} Options
 * @param {string} usage
 * @param {Options} options
 * @param {boolean} [takesPaths] arguments beside options
 */
export function readArguments(usage, options, takesPaths = false) {
  const all = /** @type {Options & { help: { type: 'boolean', short: 'h' } }} */ ({
    ...options,
    help: { type: 'boolean', short: 'h' },
  });
  try {
    const read = parseArgs({ options: all, allowPositionals: takesPaths });
    if (!(/** @type {{ help?: boolean }} */ (read.values).help)) return read;
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  } catch (error) {
    // without what Node goes on to say of arguments that begin with a dash
    process.stderr.write(`${messageOf(error).split('. ', 1)[0]}.\n\n${usage}\n`);
    process.exit(2);
  }
}
