import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';

/** Where a blocking command says how long it may wait. Source: the commands' pages. */
const POSITIONS: Record<string, { at: 'first' | 'last'; unit: number }> = {
  BLPOP: { at: 'last', unit: 1_000 },
  BRPOP: { at: 'last', unit: 1_000 },
  BRPOPLPUSH: { at: 'last', unit: 1_000 },
  BLMOVE: { at: 'last', unit: 1_000 },
  BZPOPMIN: { at: 'last', unit: 1_000 },
  BZPOPMAX: { at: 'last', unit: 1_000 },
  BLMPOP: { at: 'first', unit: 1_000 },
  BZMPOP: { at: 'first', unit: 1_000 },
  WAIT: { at: 'last', unit: 1 },
  WAITAOF: { at: 'last', unit: 1 },
};

/** Those that block only where BLOCK is among their arguments. */
const WITH_BLOCK = new Set(['XREAD', 'XREADGROUP']);

/**
 * How long the server may make a blocking command wait.
 *
 * @returns ms, Infinity for ever, or undefined where this call does not block (XREAD without BLOCK).
 */
export function blockingTimeout(spec: CommandSpec, args: readonly CommandArgument[]): number | undefined {
  const place = placeOf(spec, args);
  if (place === undefined) return WITH_BLOCK.has(spec.name) ? undefined : Infinity;
  const timeout = Number(String(args[place.index])) * place.unit;
  // 0 waits for ever; what is no number is refused by the server at once
  return timeout > 0 ? timeout : Infinity;
}

/** The arguments of the same command, with another time to wait, ms. */
export function withBlockingTimeout(
  spec: CommandSpec,
  args: readonly CommandArgument[],
  timeout: number,
): readonly CommandArgument[] {
  const place = placeOf(spec, args);
  return place === undefined ? args : args.with(place.index, timeout / place.unit);
}

/** Where its timeout stands, and in how many ms it is counted. */
function placeOf(
  { name }: CommandSpec,
  args: readonly CommandArgument[],
): { index: number; unit: number } | undefined {
  const position = POSITIONS[name];
  if (position !== undefined)
    return { index: position.at === 'first' ? 0 : args.length - 1, unit: position.unit };
  // a command of the user's own server: nothing is known of how long it waits
  if (!WITH_BLOCK.has(name)) return undefined;
  // what follows STREAMS are keys, which may be called BLOCK
  for (let index = 0; index < args.length - 1; index++) {
    const word = String(args[index]).toUpperCase();
    // the group and the consumer may be called anything
    if (word === 'GROUP') index += 2;
    if (word === 'STREAMS') return undefined;
    if (word === 'BLOCK') return { index: index + 1, unit: 1 };
  }
  return undefined;
}
