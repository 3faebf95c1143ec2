import type { CommandArgument } from '../arguments.js';

/** The options object of a call, as it came. */
export type FormOptions = Readonly<Record<string, unknown>>;

/** `undefined` and `false` are as good as left out, so that `{ nx: onlyNew }` can be written. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}

/** An object in braces or of a user's class: no list, no bytes, no Map. */
export function isRecord(value: unknown): value is FormOptions {
  return (
    typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
  );
}

function isWord(value: unknown): value is CommandArgument {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'bigint' || Buffer.isBuffer(value);
}

/** A call while its arguments are being put into the command's order. */
export class FormCall {
  /** What will be sent. */
  readonly words: CommandArgument[] = [];
  private taken = 0;

  /**
   * @param command as users know it
   * @param slots the arguments before the options
   */
  constructor(
    readonly command: string,
    private readonly slots: readonly unknown[],
    readonly options: FormOptions,
  ) {}

  /** The next of the arguments before the options. */
  nextSlot(): unknown {
    return this.slots[this.taken++];
  }

  has(option: string): boolean {
    return isGiven(this.options[option]);
  }

  /** One word that an option gives. */
  addOption(option: string, value = this.options[option]): void {
    if (!isWord(value))
      throw this.refusal(
        `option \`${option}\` must be a string, number, bigint or Buffer, not ${describe(value)}`,
      );
    this.words.push(value);
  }

  /** What an option gives that may be a list. */
  optionList(option: string): readonly unknown[] {
    const value = this.options[option];
    if (!Array.isArray(value)) return [value];
    // left out, a filter for none of them would let all of them through: CLIENT KILL's ids
    if (value.length === 0) throw this.refusal(`option \`${option}\` must not be an empty list`);
    return value;
  }

  /** The error for a call that makes no sense. */
  refusal(what: string): TypeError {
    return new TypeError(`${this.command}: ${what}; nothing was sent.`);
  }
}

/** What a value is, without telling it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'record'}` : `a ${typeof value}`;
}
