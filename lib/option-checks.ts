import { unknownOption } from './core/unknown-option.js';

/** Says what a value ought to be, where it is not that: `true or false`. */
export type OptionCheck = (value: unknown) => string | undefined;

/** A check for each option that exists. */
export type OptionChecks<Options> = Record<keyof Options, OptionCheck>;

/**
 * Checks an object of options by the one list of what exists. What is undefined was left out.
 *
 * @param fail throws what it is given as an error: the nearest option that exists, or what the value must be. No value is
 *   part of it: it may be a secret.
 */
export function checkOptions<Options extends object>(
  options: Options,
  checks: OptionChecks<Options>,
  fail: (problem: string) => never,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) fail(unknownOption(name, Object.keys(checks)).message);
    const expected = value === undefined ? undefined : checks[name as keyof Options](value);
    if (expected !== undefined) fail(`'${name}' must be ${expected}.`);
  }
}

/** True for an object that can hold options. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For an option that is checked elsewhere. */
export const anything: OptionCheck = () => undefined;

export const aBoolean: OptionCheck = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export const aFunction: OptionCheck = (value) => (typeof value === 'function' ? undefined : 'a function');

export const aText: OptionCheck = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty';

/** @param least that it may be. @param what errors call it. */
export const anInteger =
  (least: number, what = `an integer of ${least} or more`): OptionCheck =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least ? undefined : what;

/** One of some words: `'a', 'b' or 'c'`. */
export const oneOf =
  (...words: readonly string[]): OptionCheck =>
  (value) => {
    if (words.includes(value as string)) return undefined;
    const quoted = words.map((word) => `'${word}'`);
    return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  };
