/** Settings of which each has a value: defaults are filled in. `Required` leaves `undefined` in under `exactOptionalPropertyTypes`. */
export type AllGiven<Settings> = {
  readonly [Name in keyof Settings]-?: Exclude<Settings[Name], undefined>;
};
