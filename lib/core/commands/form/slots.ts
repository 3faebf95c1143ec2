import type { CommandArgument } from '../arguments.js';
import { flattenArguments, flattenEntries, flattenGroups } from '../flatten-arguments.js';
import { describe, FormCall, type FormOptions, isRecord } from './form-call.js';
import type { FormPart, SlotShape } from './form-part.js';

const NO_OPTIONS: readonly string[] = [];

function positional(shape: SlotShape, write: FormPart['write']): FormPart {
  return { slots: [shape], options: NO_OPTIONS, write };
}

/** One argument. What cannot be sent is found by the check of all arguments. */
export function slot(): FormPart {
  return positional('word', (call) => call.words.push(call.nextSlot() as CommandArgument));
}

/** One argument or a list of them. */
export function list(): FormPart {
  return positional('list', (call) => {
    const value = call.nextSlot();
    if (value !== undefined) flattenArguments(call.words, [value as CommandArgument]);
  });
}

/** Pairs as a record, Map or flat list. */
export function entries(): FormPart {
  return positional('groups', (call) => {
    flattenEntries(call.words, [call.nextSlot() as CommandArgument]);
  });
}

/** Groups as an object, a list of objects or a flat list. */
export function groups(...members: string[]): FormPart {
  return positional('groups', (call) => {
    flattenGroups(call.words, [call.nextSlot() as CommandArgument], members);
  });
}

/** Pairs of which all names come before all values: keys of streams and ids. */
export function streams(): FormPart {
  return positional('pairs', (call) => {
    const value = call.nextSlot();
    const pairs = value instanceof Map ? [...value] : Object.entries(value as object);
    for (const [key] of pairs) call.words.push(key as CommandArgument);
    for (const [, id] of pairs) call.words.push(id as CommandArgument);
  });
}

/** Words of the command's own that always stand there. */
export function word(token: string): FormPart {
  return { slots: [], options: NO_OPTIONS, write: (call) => call.words.push(token) };
}

/** A list before which its length stands; with groups of `size` words, how many there are of those. */
export function counted(part: FormPart, size = 1): FormPart {
  return {
    ...part,
    write: (call) => {
      const place = call.words.push(0) - 1;
      part.write(call);
      call.words[place] = (call.words.length - place - 1) / size;
    },
  };
}

/** A list of objects, each with options of its own. */
export function items(part: FormPart): FormPart {
  return positional('items', (call) => {
    const value = call.nextSlot() as readonly unknown[];
    for (const item of value) {
      if (!isRecord(item)) throw call.refusal(`each operation must be an object, not ${describe(item)}`);
      writeInside(call, part, item);
    }
  });
}

/** Adds what a part makes of options of its own: an object inside of the call's. */
export function writeInside(call: FormCall, part: FormPart, options: FormOptions): void {
  const inside = new FormCall(call.command, [], options);
  part.write(inside);
  refuseUnknown(inside, part.options);
  call.words.push(...inside.words);
}

/** @throws {TypeError} where an option has a name that the command does not know. */
export function refuseUnknown(call: FormCall, known: readonly string[]): void {
  for (const option of Object.keys(call.options)) {
    if (!known.includes(option))
      throw call.refusal(
        known.length === 0
          ? `it has no options, and \`${option}\` was given`
          : `there is no option \`${option}\`; it takes ${known.map((name) => `\`${name}\``).join(', ')}`,
      );
  }
}
