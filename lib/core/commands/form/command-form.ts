import type { CommandArgument } from '../arguments.js';
import { flattenArguments, flattenEntries, flattenGroups } from '../flatten-arguments.js';
import { FormCall, isRecord, type FormOptions } from './form-call.js';
import type { FormPart, SlotShape } from './form-part.js';
import { refuseUnknown } from './slots.js';

const NO_OPTIONS: FormOptions = {};

/** How raw arguments come: in lists, with pairs as records, or with groups of these members as objects. */
export type RawArguments = 'arguments' | 'entries' | readonly string[];

/**
 * The two ways to write a command's arguments: raw, in the order of the wire, or with lists, records and an object of
 * options, which are put into that order here.
 *
 * Which of the two a call is shows in its arguments alone: the second has exactly the arguments that the grammar asks for, a
 * structure wherever there must be one, and its options, if there are any, last.
 */
export class CommandForm {
  private made: { parts: readonly FormPart[]; slots: readonly SlotShape[]; options: string[] } | undefined;

  /**
   * @param plain as many arguments may go on the wire as they are, being what every call begins with; -1 for none
   * @param optional arguments at the end of the slots that may be left out
   */
  constructor(
    readonly plain: number,
    private readonly raw: RawArguments,
    private readonly make: () => readonly FormPart[],
    private readonly optional = 0,
  ) {}

  /**
   * The arguments in the order of the wire.
   *
   * @throws {TypeError} where options exclude each other, are unknown, or lack another
   */
  arrange(command: string, given: readonly unknown[]): CommandArgument[] {
    const { parts, slots, options } = (this.made ??= this.build());
    const last = given.at(-1);
    const isLast = options.length > 0 && given.length === slots.length + 1;
    const withOptions = isLast && isRecord(last) && !this.isGroup(last) ? last : undefined;
    // `options?: …` that a caller hands on: left out, where the arguments before it are no raw ones
    const before = isLast && (withOptions !== undefined || last === undefined) ? given.slice(0, -1) : given;
    if (!this.isStructured(slots, before, withOptions !== undefined)) return this.flatten(given);
    const call = new FormCall(command, before, withOptions ?? NO_OPTIONS);
    for (const part of parts) part.write(call);
    refuseUnknown(call, options);
    return call.words;
  }

  private build(): NonNullable<CommandForm['made']> {
    const parts = this.make();
    return {
      parts,
      slots: parts.flatMap((part) => part.slots),
      options: parts.flatMap((part) => part.options),
    };
  }

  private isStructured(
    slots: readonly SlotShape[],
    given: readonly unknown[],
    withOptions: boolean,
  ): boolean {
    const count = given.length;
    if (count > slots.length || count < slots.length - this.optional) return false;
    let structures = withOptions;
    for (let index = 0; index < count; index++) {
      const argument = given[index];
      const shape = slots[index];
      if (shape === 'word') continue;
      const fits = SHAPES[shape!](argument);
      // one argument stands for a list of it where what is around it shows that the call is not raw
      const mayBeOne = shape === 'list' && (withOptions || index >= slots.length - this.optional);
      if (fits) structures = true;
      else if (!mayBeOne) return false;
    }
    return structures;
  }

  /** Another of several groups, and no object of options. */
  private isGroup(record: FormOptions): boolean {
    return typeof this.raw === 'object' && this.raw.every((member) => member in record);
  }

  private flatten(given: readonly unknown[]): CommandArgument[] {
    const words = given as readonly CommandArgument[];
    if (this.raw === 'arguments') return flattenArguments([], words);
    if (this.raw === 'entries') return flattenEntries([], words);
    return flattenGroups([], words, this.raw);
  }
}

const SHAPES: Record<Exclude<SlotShape, 'word'>, (value: unknown) => boolean> = {
  list: (value) => Array.isArray(value),
  items: (value) => Array.isArray(value) && value.every(isRecord),
  groups: (value) => Array.isArray(value) || value instanceof Map || isRecord(value),
  pairs: (value) => value instanceof Map || isRecord(value),
};
