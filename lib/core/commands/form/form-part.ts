import type { FormCall } from './form-call.js';

/**
 * How an argument before the options is written: `word` is one argument, `list` one or a list of them, `groups` a record,
 * Map or list, `pairs` a record or Map, `items` a list of objects.
 */
export type SlotShape = 'word' | 'list' | 'groups' | 'pairs' | 'items';

/** A piece of a command's grammar: which arguments and options it takes, and how they go on the wire. */
export interface FormPart {
  /** Arguments before the options. */
  readonly slots: readonly SlotShape[];
  /** Names of options. */
  readonly options: readonly string[];
  /** It may be left out where the parts around it are given. */
  readonly optional?: boolean;
  /** Adds its words to the call's. @throws {TypeError} where what is given makes no sense. */
  write(call: FormCall): void;
}

/** Is any option of a part given? */
export function isPresent(part: FormPart, call: FormCall): boolean {
  return part.options.some((option) => call.has(option));
}

/** Options as users read them in a message. */
export function listed(options: readonly string[], conjunction: 'and' | 'or'): string {
  const names = options.map((option) => `\`${option}\``);
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`;
}
