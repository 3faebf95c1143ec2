import type { Facts } from '../facts.js';
import type { GrammarNotes, Place, Value } from '../samples.js';
import type { World } from '../world.js';

/** A value, one for each repetition, or what makes one. */
export type Given = Value | readonly Value[] | ((place: Place, facts: Facts) => Value);

/** A call whose arguments are right and that a server still refuses. */
export interface Refusal {
  readonly answer: RegExp;
  readonly because: string;
  /** Where not all servers do. */
  readonly on?: readonly string[];
}

/** What has to be known of a command, beyond its grammar, to call it. */
export interface Note extends GrammarNotes {
  /** Values by an argument's token or name, before those that hold for all commands. */
  readonly values?: Readonly<Record<string, Given>>;
  /** More calls, whole: for grammars that do not tell enough. */
  readonly calls?: readonly (readonly Value[])[];
  /** Calls are these only. */
  readonly onlyCalls?: true;
  /** More calls on one server: what it takes and others refuse, where `commands.json` does not tell. */
  readonly callsOn?: Readonly<Record<string, readonly (readonly Value[])[]>>;
  /** By label: what the server answers to a call that is right at a moment that is not, and why the moment is not made. */
  readonly refused?: Readonly<Record<string, Refusal>>;
  /** Makes what a call needs and the seeds do not have; runs before each. */
  before?(world: World, label: string): Promise<unknown>;
  /** Takes away what a call left that no seeding takes away; runs after each. */
  after?(world: World, label: string): Promise<unknown>;
  /** Why its reply is empty, or null, in every call, by server or `everywhere`. Else at least one must say something. */
  readonly empty?: Readonly<Record<string, string>>;
}
