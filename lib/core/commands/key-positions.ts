import type { CommandArgument, RedisKey } from './arguments.js';
import type { CommandSpec, KeyKeyword, KeySpec } from './command-spec.js';

/**
 * Where the keys stand among a command's arguments, as `COMMAND GETKEYS` of a server would say. Calls that the server is
 * going to refuse (too few arguments, a key count that is none) give what positions there are.
 */
export function keyPositions(spec: CommandSpec, args: readonly CommandArgument[]): number[] {
  return positions(spec, args, (key) => key.pattern === undefined && key.slotOnly === undefined);
}

/** What decides the cluster slot: keys, shard channels, the cursor of CLUSTERSCAN. */
export function slotPositions(spec: CommandSpec, args: readonly CommandArgument[]): number[] {
  return positions(spec, args, (key) => key.pattern === undefined);
}

/** The arguments with every key, and every pattern of keys, behind `prefix`. The given list stays as it is. */
export function prefixKeys(spec: CommandSpec, args: CommandArgument[], prefix: string): CommandArgument[] {
  if (spec.keys.length === 0) return args;
  const prefixed = args.slice();
  for (const key of spec.keys) {
    if (key.slotOnly !== undefined) continue;
    for (const position of positionsOf(key, args))
      prefixed[position] = prefixOne(args[position]!, prefix, key);
  }
  return prefixed;
}

/** A glob pattern for keys behind `prefix`, whatever characters that has. */
export function prefixPattern(pattern: CommandArgument, prefix: string): RedisKey {
  return putInFront(prefix.replaceAll(/[\\*?[\]]/g, '\\$&'), pattern);
}

/** Keys as the server gave them without `prefix`, for replies that are lists of keys. A key without it stays whole. */
export function stripPrefix<T extends string | Buffer>(keys: readonly T[], prefix: string): T[] {
  const bytes = Buffer.byteLength(prefix);
  return keys.map((key) => {
    if (typeof key === 'string') return (key.startsWith(prefix) ? key.slice(prefix.length) : key) as T;
    return (key.toString('utf8', 0, bytes) === prefix ? key.subarray(bytes) : key) as T;
  });
}

function prefixOne(arg: CommandArgument, prefix: string, { pattern }: KeySpec): CommandArgument {
  // SORT's `BY nosort` and `GET #` name no key
  if (pattern === 'sort' && !String(arg).includes('*')) return arg;
  return pattern === 'glob' ? prefixPattern(arg, prefix) : putInFront(prefix, arg);
}

function putInFront(front: string, arg: CommandArgument): RedisKey {
  return Buffer.isBuffer(arg) ? Buffer.concat([Buffer.from(front), arg]) : front + String(arg);
}

function positions(
  spec: CommandSpec,
  args: readonly CommandArgument[],
  wanted: (key: KeySpec) => boolean,
): number[] {
  const found: number[] = [];
  for (const key of spec.keys) {
    if (wanted(key)) found.push(...positionsOf(key, args));
  }
  return found;
}

function positionsOf(key: KeySpec, args: readonly CommandArgument[]): number[] {
  const { begin, find } = key;
  const found: number[] = [];
  for (const start of 'index' in begin ? [begin.index] : afterKeyword(begin, args)) {
    let first = start;
    let last: number;
    if ('keynumIndex' in find) {
      const count = Number(String(args[start + find.keynumIndex]));
      if (!Number.isInteger(count)) continue;
      first += find.firstKey;
      last = first + (count - 1) * find.step;
    } else if (find.lastKey >= 0) {
      last = first + find.lastKey;
    } else if (find.limit <= 1) {
      last = args.length + find.lastKey;
    } else {
      // a share of what is left: half of it after XREAD's STREAMS
      last = first + Math.floor((args.length - first) / find.limit) + find.lastKey;
    }
    for (let index = first; index <= last && index < args.length; index += find.step) {
      if (key.skipEmpty !== undefined && isEmpty(args[index]!)) continue;
      found.push(index);
    }
  }
  return found;
}

function isEmpty(arg: CommandArgument): boolean {
  return arg === '' || (Buffer.isBuffer(arg) && arg.length === 0);
}

/** Where what follows the keyword begins; none, one, or with `every` several places. */
function afterKeyword(
  { keyword, startFrom, skip, every }: KeyKeyword,
  args: readonly CommandArgument[],
): number[] {
  if (startFrom < 0) {
    for (let index = args.length + startFrom; index >= 0; index--) {
      if (wordAt(args, index) === keyword) return [index + 1];
    }
    return [];
  }
  const found: number[] = [];
  for (let index = startFrom; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word === keyword) {
      found.push(index + 1);
      if (skip === undefined) return found;
      index++;
    } else if (skip !== undefined && Object.hasOwn(skip, word)) {
      index += skip[word]!;
    }
  }
  return every === true ? found : found.slice(-1);
}

function wordAt(args: readonly CommandArgument[], index: number): string {
  const arg = args[index];
  return typeof arg === 'string' || Buffer.isBuffer(arg) ? String(arg).toUpperCase() : '';
}
