import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { writeModule } from '../commands/write-module.mjs';
import { foreignModels } from './foreign-models.mjs';
import { readServer } from './read-server.mjs';
import { messageOf, UsageError } from './usage-error.mjs';

const HELP = `npx nestjs-redwire commands --url redis://localhost:6379 [options]

Asks a server for its commands (COMMAND DOCS, COMMAND INFO) and writes a TypeScript module with a typed method for each
that RedisClient does not have. Import the module once, for example \`import './redis-commands.js';\`.

  --url URL         the server: redis://, rediss:// or redis+unix://, with user and password where it wants them
  --out FILE        where to write the module; without it: to the standard output
  --only PATTERN    only commands whose name matches, as 'JSON.*' or 'SENTINEL *'; may be given several times
  --prefix NAME     puts NAME before each method's name ('raw': rawVsim), and so also writes methods for commands that
                    RedisClient has; they answer what the server sends
  --help            this text

Exit code 1: the server could not be asked, or there is nothing to write. 2: an option is wrong.
`;

const OPTIONS = {
  url: { type: 'string' },
  out: { type: 'string' },
  only: { type: 'string', multiple: true },
  prefix: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

/**
 * `nestjs-redwire commands`.
 *
 * @param {string[]} args
 * @param {{ stdout: { write(text: string): unknown }, stderr: { write(text: string): unknown } }} process
 * @returns {Promise<number>} the exit code
 */
export async function commands(args, { stdout, stderr }) {
  const options = parse(args);
  if (options.help) {
    stdout.write(HELP);
    return 0;
  }
  const { url, out, only = [], prefix = '' } = options;
  const server = await readServer(url);
  const { models, known, skipped } = foreignModels(server, { only, prefix });
  const say = (line) => stderr.write(`${line}\n`);
  for (const { name, reason } of skipped) say(`left out: ${name}: ${reason}`);
  if (models.length === 0) {
    say(nothing(known, only));
    return 1;
  }
  const module = writeModule(models, header(server, only, prefix));
  if (out === undefined) stdout.write(module);
  else await writeFile(out, module).catch(cannotWrite);
  say(
    `${models.length} command${models.length === 1 ? '' : 's'} of ${server.title}${out === undefined ? '' : ` written to ${out}`}`,
  );
  return 0;
}

function parse(args) {
  let values;
  try {
    values = parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    // the message names the argument, which may be an address with its password
    const what = args.some((arg) => arg.includes('://'))
      ? 'An option is unknown or lacks its value.'
      : messageOf(error);
    throw new UsageError(`${what} \`npx nestjs-redwire commands --help\` lists them.`);
  }
  if (values.help) return values;
  if (!values.url) throw new UsageError('Which server? Give its address: --url redis://localhost:6379');
  if (values.out === '') throw new UsageError('--out needs the name of a file.');
  if (values.prefix !== undefined && !/^[a-z][A-Za-z0-9]*$/.test(values.prefix))
    throw new UsageError(
      '--prefix is the beginning of a method: letters and digits, in lower case first, as in `raw`.',
    );
  return values;
}

function nothing(known, only) {
  const which =
    only.length === 0 ? 'of this server' : `that match ${only.map((pattern) => `'${pattern}'`).join(', ')}`;
  return known === 0
    ? `Nothing to write: there are no commands ${which}.`
    : `Nothing to write: RedisClient has all ${known} commands ${which}. With --prefix they get methods of other names.`;
}

function header({ title }, only, prefix) {
  const options = [
    ...only.map((pattern) => ` --only '${pattern}'`),
    prefix === '' ? '' : ` --prefix ${prefix}`,
  ];
  const command = `npx nestjs-redwire commands --url …${options.join('')}`.replaceAll(/[^\x20-\x7e…]/g, '?');
  return [
    `What ${title} says of its commands, as methods of RedisClient. Do not edit it, write it again:`,
    `\`${command}\``,
  ];
}

function cannotWrite(error) {
  throw new Error(`The module could not be written: ${messageOf(error)}`, { cause: error });
}
