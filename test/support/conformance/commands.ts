import { readFile } from 'node:fs/promises';
import { splitGrammar } from '../../../scripts/commands/grammar.mjs';
import { loadCommands } from '../../../scripts/commands/model.mjs';
import { omitted } from '../../../scripts/commands/overlay.mjs';

/** One node of a command's grammar, as `commands.json` has it. */
export interface Argument {
  readonly name: string;
  readonly type: string;
  readonly token?: string;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  readonly multipleToken?: boolean;
  /** Those that have it, where not all that have the command do. */
  readonly servers?: readonly string[];
  readonly arguments?: readonly Argument[];
}

/** A command with everything that the generator knows of it. */
export interface CommandModel {
  readonly name: string;
  /** Null where the client has none: containers, and what only a connection of one's own may send. */
  readonly method: string | null;
  readonly container: boolean;
  readonly grammar: readonly Argument[];
  readonly facts: { readonly servers: readonly string[]; readonly group?: string };
  readonly flags: readonly string[];
  readonly reply: string;
  readonly when: Readonly<Record<string, string>>;
}

/** Every command and subcommand. */
export async function commandModels(): Promise<CommandModel[]> {
  return (await loadCommands()) as unknown as CommandModel[];
}

/** The labels of the servers that `commands.json` was made from, with their versions: `redis-7.0` to `7.0.15`. */
export async function knownServers(): Promise<Record<string, string>> {
  const file = new URL('../../../commands.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { servers: Record<string, string> }).servers;
}

/** Commands without a method, each with the reason. */
export const withoutMethod: Readonly<Record<string, string>> = omitted;

/** How many arguments every call of a command begins with. */
export function leadingCount({ grammar }: CommandModel): number {
  return splitGrammar(grammar as Argument[]).leading.length;
}

/** The reply kind that is declared for a call with these arguments: what the method's overloads say. */
export function declaredKind(command: CommandModel, args: readonly unknown[]): string {
  const rest = args.slice(leadingCount(command)).map((arg) => String(arg).toUpperCase());
  for (const [words, kind] of Object.entries(command.when)) {
    if (words !== 'given' && words.split(' ').some((word) => rest.includes(word))) return kind;
  }
  return command.when.given !== undefined && rest.length > 0 ? command.when.given : command.reply;
}
