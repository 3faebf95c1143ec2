#!/usr/bin/env node
// The program `nestjs-redwire`; the build joins it to one file, dist/cli.js, with the parts of the generator that it uses.
import { commands } from './commands.mjs';
import { messageOf, UsageError } from './usage-error.mjs';

const HELP = `nestjs-redwire commands --url redis://localhost:6379 [--out FILE]

  Writes a TypeScript module with typed methods for the commands that your server has and RedisClient does not.
  \`npx nestjs-redwire commands --help\` tells more.
`;

const [name, ...args] = process.argv.slice(2);
try {
  if (name === 'commands') process.exitCode = await commands(args, process);
  else if (name === undefined || name === '--help' || name === '-h' || name === 'help')
    process.stdout.write(HELP);
  else {
    // an address in the command's place may have a password
    const what = name.includes('://') ? 'such command' : `command '${name}'`;
    throw new UsageError(`There is no ${what}. The one there is: commands.`);
  }
} catch (error) {
  process.stderr.write(`nestjs-redwire: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
