import type { CommandArgument } from '../../commands/arguments.js';
import { CommandFlag, type CommandSpec } from '../../commands/command-spec.js';
import { keySlot } from '../slots/key-slot.js';
import { addUp } from './add-up.js';
import { failedShare } from './failed-share.js';

/**
 * The commands that are the same done key by key, with the arguments that belong to each key. The others are not: MSETNX and
 * MSETEX with a condition set all or nothing, and a union, a rename or a pop needs its keys on one node.
 */
const SPLITTABLE: ReadonlyMap<string, number> = new Map([
  ['MGET', 1],
  ['MSET', 2],
  ['DEL', 1],
  ['UNLINK', 1],
  ['EXISTS', 1],
  ['TOUCH', 1],
]);

/** One slot's share of a command. */
export interface SlotPart {
  readonly slot: number;
  readonly args: readonly CommandArgument[];
  /** Which of the command's keys these are, counted from 0. */
  readonly places: readonly number[];
}

/** May this command be sent as one for each slot? */
export function canSplit(spec: CommandSpec): boolean {
  return SPLITTABLE.has(spec.name);
}

/**
 * One command for each slot of the keys, in the order in which the slots first come. For calls whose keys are in several.
 *
 * @throws {TypeError} where the last key lacks its value: one part alone would be refused
 */
export function splitBySlot(spec: CommandSpec, args: readonly CommandArgument[]): SlotPart[] {
  const width = SPLITTABLE.get(spec.name);
  if (width === undefined) throw new TypeError(`${spec.name} cannot be split by slot`);
  if (args.length % width !== 0) throw new TypeError(`${spec.name} needs a value for each key`);
  const parts = new Map<number, { slot: number; args: CommandArgument[]; places: number[] }>();
  for (let index = 0; index < args.length; index += width) {
    const slot = keySlot(args[index]!);
    let part = parts.get(slot);
    if (part === undefined) parts.set(slot, (part = { slot, args: [], places: [] }));
    part.places.push(index / width);
    for (let offset = 0; offset < width; offset++) part.args.push(args[index + offset]!);
  }
  return [...parts.values()];
}

/**
 * What the whole command answers: values in the order of its keys, counts summed, `OK`.
 *
 * @param outcomes those of the parts, in their order
 * @throws the error of the first part that failed, saying how many did. The others have done what they were asked: there is
 *   no way to take that back
 */
export function joinReplies(
  spec: CommandSpec,
  parts: readonly SlotPart[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): unknown {
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (failed.length > 0) {
    const effect = (spec.flags & CommandFlag.READONLY) === 0;
    throw failedShare(failed[0]!.reason, failed.length, outcomes.length, 'parts', effect);
  }
  const replies = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value);
  if (spec.name === 'MGET') return inOrder(parts, replies as unknown[][]);
  return typeof replies[0] === 'number' ? addUp(replies as number[]) : replies[0];
}

function inOrder(parts: readonly SlotPart[], replies: readonly unknown[][]): unknown[] {
  const values: unknown[] = Array.from({ length: parts.reduce((sum, { places }) => sum + places.length, 0) });
  for (const [index, { places }] of parts.entries()) {
    for (const [key, place] of places.entries()) values[place] = replies[index]![key];
  }
  return values;
}
