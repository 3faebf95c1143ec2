import type { CommandArgument } from '../../commands/arguments.js';
import type { CommandSpec } from '../../commands/command-spec.js';
import { slotPositions } from '../../commands/key-positions.js';
import { shownName } from '../../commands/redaction.js';
import { RedisClientError } from '../../errors.js';
import { keySlot } from '../slots/key-slot.js';
import { canSplit } from './split-by-slot.js';

/** Keys shown, each of another slot. */
const MOST_SHOWN_KEYS = 5;
/** Characters shown of a key. */
const LONGEST_KEY = 40;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A command with its arguments: one of those whose keys should be in one slot. */
export interface SlottedCommand {
  readonly spec: CommandSpec;
  readonly args: readonly CommandArgument[];
}

/**
 * Keys of several slots in what one node must do at once: a command, a script, a transaction, WATCH. No server was asked, so
 * nothing has happened. It names keys, which other errors do not: without them nobody could tell what to change.
 *
 * @param commands whose keys these are; one, or all of a transaction with its WATCH
 * @param what names them where the command's own name does not: `the transaction`, `the script 'limit'`
 */
export function crossSlotError(commands: readonly SlottedCommand[], what?: string): RedisClientError {
  const single = commands.length === 1 ? commands[0]!.spec : undefined;
  const shown = new Map<number, string>();
  let count = 0;
  for (const { spec, args } of commands) {
    for (const position of slotPositions(spec, args)) {
      count++;
      const key = args[position]!;
      const slot = keySlot(key);
      if (!shown.has(slot)) shown.set(slot, `${shownKey(key)} (slot ${slot})`);
    }
  }
  const keys = [...shown.values()].slice(0, MOST_SHOWN_KEYS).join(', ');
  const more = shown.size > MOST_SHOWN_KEYS ? ', …' : '';
  const subject = what ?? (single === undefined ? 'the commands' : shownName(single.name));
  const split =
    what === undefined && single !== undefined && canSplit(single)
      ? ", or let the client send one command for each slot with `crossSlot: 'split'`"
      : '';
  return new RedisClientError(
    'CROSSSLOT',
    `The ${count} keys of ${subject} are in ${shown.size} slots of the cluster, and one node must have them all: ${keys}${more}. ` +
      `Nothing was sent. Give them a hash tag in common, as {1} in 'user:{1}:name' and 'user:{1}:mail'${split}.`,
    { command: single?.name },
  );
}

/** Text in quotes, bytes that are no UTF-8 in hex; cut where it is long. */
function shownKey(key: CommandArgument): string {
  if (!Buffer.isBuffer(key)) return quoted(String(key));
  try {
    return quoted(utf8.decode(key));
  } catch {
    const hex = key.toString('hex', 0, LONGEST_KEY / 2);
    return `0x${hex}${key.length > LONGEST_KEY / 2 ? '…' : ''}`;
  }
}

function quoted(text: string): string {
  if (text.length <= LONGEST_KEY) return `'${text}'`;
  // not between the halves of a surrogate pair
  const high = text.charCodeAt(LONGEST_KEY - 1);
  return `'${text.slice(0, high >= 0xd800 && high <= 0xdbff ? LONGEST_KEY - 1 : LONGEST_KEY)}…'`;
}
