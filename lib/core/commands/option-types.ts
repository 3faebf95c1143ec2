/** At most one of these options: `{ nx: true }` or `{ xx: true }`. */
export type OneOf<Choices> = {
  // the one may be left out also where it is given on a condition: `...(isNew ? { nx: true } : {})` is `{ nx?: true }`
  [Name in keyof Choices]: { [One in Name]?: Choices[One] | undefined } & Without<Choices, Name>;
}[keyof Choices];

/** One of these options, and no other. */
export type ExactlyOne<Choices> = {
  [Name in keyof Choices]: Pick<Choices, Name> & Without<Choices, Name>;
}[keyof Choices];

type Without<Choices, Name extends keyof Choices> = {
  [Other in Exclude<keyof Choices, Name>]?: false | undefined;
};

/** Options that belong together: all of the first, and if wanted those of the second; or none. */
export type Together<Needed, Further = unknown> =
  (Needed & Further) | { [Name in AllKeys<Needed> | AllKeys<Further>]?: undefined };

/** How XADD and XTRIM cut a stream. */
export interface StreamTrim<Threshold> {
  /** `~`: the server may keep some more, which is much cheaper. */
  approx?: boolean | undefined;
  /** `=`, which is what holds without a word. */
  exact?: boolean | undefined;
  threshold: Threshold;
  /** At most so many entries are removed at once; goes with `approx`. */
  limit?: number | bigint | string | undefined;
}

type AllKeys<Union> = Union extends unknown ? keyof Union : never;

/** `Options` without names that the command does not know: a misspelt one is a type error also where its reply depends on the options. */
export type Exact<Options, Known> = Options & { [Name in Exclude<keyof Options, AllKeys<Known>>]: never };

/** `Then` where one of these options is given, `Else` where none is, both where that shows only at run time. */
export type WhenOption<Options, Name extends string, Then, Else> =
  'yes' extends Given<Options, Name> ? Then : 'maybe' extends Given<Options, Name> ? Then | Else : Else;

type Given<Options, Name extends string> = {
  [Each in Name & keyof Options]-?: [Options[Each]] extends [false | undefined]
    ? 'no'
    : [Extract<Options[Each], false | undefined>] extends [never]
      ? boolean extends Options[Each]
        ? 'maybe'
        : 'yes'
      : 'maybe';
}[Name & keyof Options];
