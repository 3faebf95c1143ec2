import { RedisClient } from './client.js';
import { CommandView } from './command-view.js';
import type { CommandArgument } from './commands/arguments.js';
import { addCommand } from './commands/command-by-name.js';
import { CommandFlag, defineCommand, type CommandSpec, type KeySpec } from './commands/command-spec.js';
import { RedisCommands } from './commands/commands.generated.js';
import * as form from './commands/form/index.js';
import { CommandPipeline } from './pipeline/pipeline.js';
import { CommandTransaction } from './transaction/transaction.js';

/** A command that a server has and this package does not: what a method needs to know of it. */
export interface CommandDefinition {
  /** As on the wire, in capitals: `JSON.SET`, `SENTINEL MASTERS`. */
  readonly name: string;
  /** What it does; without `READONLY` or `IDEMPOTENT` it is never sent a second time. */
  readonly flags?: readonly CommandDefinitionFlag[];
  /** Where its keys are; without them `keyPrefix` leaves its arguments alone. */
  readonly keys?: readonly KeySpec[];
  /** How raw arguments come: in lists (default), with pairs as records, or with groups of these members as objects. */
  readonly raw?: form.RawArguments;
  /** So many arguments go on the wire as they are. */
  readonly plain?: number;
  /** So many arguments before the options may be left out. */
  readonly optional?: number;
  /** The grammar, for a second way to write arguments: with lists, records and an object of options. */
  readonly form?: (parts: CommandFormParts) => readonly form.FormPart[];
}

/** Those of `CommandFlag` that a command of a shared connection may have. */
export type CommandDefinitionFlag = Exclude<keyof typeof CommandFlag, 'STATEFUL' | 'SUBSCRIPTION'>;

/** What a grammar is made of. */
export type CommandFormParts = Omit<typeof form, 'CommandForm'>;

/**
 * Gives every client, view and pipeline a method for each of these commands; `call()` knows them from then on as well. The
 * modules that `npx nestjs-redwire commands` writes call it, and declare the methods' types beside.
 *
 * Defining a command again under its name replaces it.
 *
 * @param definitions by the method's name
 * @throws {TypeError} for a name that clients need for something else; then nothing was defined
 */
export function defineCommands(definitions: Readonly<Record<string, CommandDefinition>>): void {
  const entries = Object.entries(definitions);
  for (const [method, { name }] of entries) checkName(method, name);
  for (const [method, definition] of entries) define(method, definition);
}

/** What was defined here, by method. */
const defined = new Map<string, CommandSpec>();

// with a type of its own: to find the best common one, the compiler would compare classes of four hundred methods
const HEIRS: readonly { readonly prototype: object }[] = [
  RedisClient,
  CommandView,
  CommandPipeline,
  CommandTransaction,
];

/** An object with `then` would be taken for a promise. */
function isTaken(method: string): boolean {
  return method === 'then' || HEIRS.some(({ prototype }) => method in prototype);
}

function checkName(method: string, command: string): void {
  const known = defined.get(method);
  if (known !== undefined ? known.name === command : !isTaken(method)) return;
  const what = known === undefined ? 'clients have it already' : `it is ${known.name} already`;
  throw new TypeError(
    `defineCommands(): the name '${method}' for ${command} is taken: ${what}. Choose another, as \`npx nestjs-redwire commands --prefix\` does.`,
  );
}

function define(method: string, definition: CommandDefinition): void {
  const { name, flags = [], keys, raw = 'arguments', plain = -1, optional } = definition;
  const bits = flags.reduce((sum, flag) => sum | CommandFlag[flag], 0);
  const spec = defineCommand(name, bits, keys);
  const parts = definition.form ?? (() => []);
  const arguments_ = new form.CommandForm(plain, raw, () => parts(form), optional);
  defined.set(method, spec);
  addCommand(spec);
  Object.defineProperty(RedisCommands.prototype, method, {
    configurable: true,
    writable: true,
    value: function (this: RedisCommands, ...args: CommandArgument[]): unknown {
      return this['executeForm'](spec, arguments_, args);
    },
  });
}
