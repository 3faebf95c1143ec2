import type { CommandArgument, RedisKey } from '../../commands/arguments.js';
import { type CommandSpec, KeyPlace } from '../../commands/command-spec.js';
import { slotPositions } from '../../commands/key-positions.js';
import { keySlot } from './key-slot.js';

/** No key decides: any node may take the command, or its policy says which. */
export const NO_SLOT = -1;
/** The keys belong to several slots: no node takes the command as it is. */
export const MANY_SLOTS = -2;

/**
 * The one slot of a command's keys: 0 to 16,383, {@link NO_SLOT} or {@link MANY_SLOTS}. A call that lacks its keys has no
 * slot: whichever server gets it refuses it.
 */
export function slotOf(spec: CommandSpec, args: readonly CommandArgument[]): number {
  const place = spec.keyPlace;
  if (place >= 0) return place < args.length ? keySlot(args[place]!) : NO_SLOT;
  return place === KeyPlace.NONE ? NO_SLOT : commonSlot(spec, args);
}

/** The one slot of several commands that go to one node together: those of a transaction, with what it watches. */
export function slotOfAll(slots: Iterable<number>): number {
  let common = NO_SLOT;
  for (const slot of slots) {
    if (slot === NO_SLOT || slot === common) continue;
    if (common !== NO_SLOT) return MANY_SLOTS;
    common = slot;
  }
  return common;
}

/** The slot of a key as callers know it. */
export function slotOfKey(key: RedisKey, keyPrefix: string): number {
  return keySlot(Buffer.isBuffer(key) ? Buffer.concat([Buffer.from(keyPrefix), key]) : keyPrefix + key);
}

function commonSlot(spec: CommandSpec, args: readonly CommandArgument[]): number {
  let common = NO_SLOT;
  for (const position of slotPositions(spec, args)) {
    const slot = keySlot(args[position]!);
    if (slot === common) continue;
    if (common !== NO_SLOT) return MANY_SLOTS;
    common = slot;
  }
  return common;
}
