import type { CommandArgument, RedisKey } from './arguments.js';

/** A number as Redis takes it: also `'inf'`, `'(1'` and the like as text. */
export type NumberArgument = number | bigint | string;

/** One argument or a list of them: `del('a', 'b')` and `del(['a', 'b'])` are the same. */
export type CommandArguments = CommandArgument | readonly CommandArgument[];

/** One key or a list of them. */
export type KeyArguments = RedisKey | readonly RedisKey[];

/** Keys whose number goes before them: a list also where it is one. */
export type KeyList = readonly RedisKey[];

/** The same for other arguments. */
export type ArgumentList = readonly CommandArgument[];

/** Names with values where a command repeats such pairs: one after the other, in a list, a Map or a record. */
export type EntryArguments =
  | CommandArguments
  | ReadonlyMap<CommandArgument, CommandArgument>
  | Readonly<Record<string, CommandArgument>>;

/** Groups where a command repeats them, written out or as objects: `zadd(key, { score: 1, member: 'a' })`. */
export type GroupArguments<Member extends string> =
  | CommandArguments
  | Readonly<Record<Member, CommandArgument>>
  | readonly Readonly<Record<Member, CommandArgument>>[];

type Loose = EntryArguments | readonly EntryArguments[] | GroupArguments<string>;

/** True for what goes on the wire as it is. What cannot go at all counts too: the check before sending names it. */
function isArgument(value: unknown): value is CommandArgument {
  return typeof value !== 'object' || value === null || Buffer.isBuffer(value);
}

/** A plain object or an instance of a user's class; a Date, a Set, a Promise or a typed array is none. */
function isRecord(value: object): value is Record<string, CommandArgument> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** `head` with `rest` after it, lists taken apart. `head` is the caller's own new array and is filled. */
export function flattenArguments(
  head: CommandArgument[],
  rest: readonly CommandArguments[],
): CommandArgument[] {
  for (const item of rest) {
    if (Array.isArray(item)) flattenArguments(head, item);
    else head.push(item as CommandArgument);
  }
  return head;
}

/** The same where pairs repeat: Maps and records become name, value, name, value. */
export function flattenEntries(head: CommandArgument[], rest: readonly Loose[]): CommandArgument[] {
  for (const item of rest) {
    if (isArgument(item)) {
      head.push(item);
    } else if (Array.isArray(item)) {
      flattenEntries(head, item);
    } else if (item instanceof Map) {
      for (const [name, value] of item as ReadonlyMap<CommandArgument, CommandArgument>)
        head.push(name, value);
    } else if (isRecord(item)) {
      for (const name of Object.keys(item)) head.push(name, item[name]!);
    } else {
      head.push(item as unknown as CommandArgument);
    }
  }
  return head;
}

/** The same where groups repeat: an object gives its members in the command's order. */
export function flattenGroups(
  head: CommandArgument[],
  rest: readonly Loose[],
  members: readonly string[],
): CommandArgument[] {
  for (const item of rest) {
    if (isArgument(item)) {
      head.push(item);
    } else if (Array.isArray(item)) {
      flattenGroups(head, item, members);
    } else if (isRecord(item)) {
      for (const member of members) head.push(item[member]!);
    } else {
      head.push(item as unknown as CommandArgument);
    }
  }
  return head;
}
