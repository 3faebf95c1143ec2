import type { Argument, CommandModel } from './commands.js';

/** A value as it goes on the wire. */
export type Value = string | Buffer;

/** What a value may depend on: which repetition of a repeated argument it is for (from 0), and what else the call has. */
export interface Place {
  readonly repetition: number;
  /** Is the part of the grammar with this label in the call? */
  has(label: string): boolean;
}

/** Gives the value of an argument that is no word of the grammar. */
export type ValueOf = (argument: Argument, place: Place) => Value;

/** What a grammar does not tell about itself. */
export interface GrammarNotes {
  /** Optional parts that every call has, as labels: a server wants them though it calls them optional. */
  readonly always?: readonly string[];
  /** Parts that do without those. */
  readonly free?: readonly string[];
  /** By label: optional parts that one has to be given with. */
  readonly with?: Readonly<Record<string, readonly string[]>>;
  /** Arguments that are repeated as often as another one: weights as keys. */
  readonly follows?: Readonly<Record<string, string>>;
  /** Labels of parts that get no call of their own, with the reason. */
  readonly without?: Readonly<Record<string, string>>;
}

/** One call of a command: its minimal form, or that with one optional part, one choice or one repetition. */
export interface Sample {
  /** `minimal`, or what is in it beyond that. */
  readonly label: string;
  /** The arguments. They may hold what is known only now, so that they are made for each call. */
  arguments(valueOf: ValueOf): Value[];
}

/** Arguments that count the repetitions of what comes after them. */
const COUNTS = new Set(['numkeys', 'numfields', 'num-vertices']);

/** Repetitions below which a server refuses the list after such a count. */
const LEAST: Readonly<Record<string, number>> = { 'num-vertices': 3 };

/** How a part of a grammar is called: by its token, else by its name. */
export const labelOf = ({ token, name }: Argument): string => (token === undefined ? name : token || '""');

/** Chosen parts with all that they stand in. The first ones win where a choice has to be made. */
interface Selection {
  readonly parts: readonly Argument[];
  readonly repeated?: Argument;
}

/**
 * Calls of a command that together have every part of its grammar that `server` has: the minimal one, and for each
 * optional part, each choice and each repetition one more. Not their combinations, which are too many.
 */
export function samplesOf(command: CommandModel, server: string, notes: GrammarNotes = {}): Sample[] {
  const grammar = available(command.grammar, server);
  const samples = new Map<string, Sample>();
  const add = (label: string, selection: Selection) => {
    if (notes.without?.[label] !== undefined) return;
    const isFree = selection.parts.some((part) => notes.free?.includes(labelOf(part)));
    const always = isFree ? [] : (notes.always ?? []).flatMap((name) => partsTo(grammar, name));
    const sample = {
      label: samples.has(label) ? `${label} (${samples.size})` : label,
      arguments: (valueOf: ValueOf) =>
        write({ ...selection, parts: [...selection.parts, ...always] }, valueOf),
    };
    samples.set(sample.label, sample);
  };
  const write = (selection: Selection, valueOf: ValueOf) =>
    new Writer(grammar, selection, notes, valueOf).all();

  add('minimal', { parts: [] });
  visit(grammar, [], (node, parents, inChoice) => {
    const label = labelOf(node);
    const needed = (notes.with?.[label] ?? []).flatMap((name) => partsTo(grammar, name));
    const parts = [...parents, node, ...needed];
    if (inChoice || (node.optional === true && node.type !== 'oneof')) add(label, { parts });
    if (node.multiple === true && notes.follows?.[node.name] === undefined)
      add(`${label} twice`, { parts, repeated: node });
  });
  return [...samples.values()];
}

/** A grammar without what a server lacks. */
function available(grammar: readonly Argument[], server: string): Argument[] {
  return grammar
    .filter(({ servers }) => servers === undefined || servers.includes(server))
    .map((node) =>
      node.arguments === undefined ? node : { ...node, arguments: available(node.arguments, server) },
    );
}

type Visitor = (node: Argument, parents: readonly Argument[], inChoice: boolean) => void;

function visit(
  nodes: readonly Argument[],
  parents: readonly Argument[],
  visitor: Visitor,
  inChoice = false,
): void {
  for (const node of nodes) {
    visitor(node, parents, inChoice);
    if (node.arguments) visit(node.arguments, [...parents, node], visitor, node.type === 'oneof');
  }
}

/** The first part with this label, behind all that it stands in. */
function partsTo(grammar: readonly Argument[], label: string): Argument[] {
  let found: Argument[] | undefined;
  visit(grammar, [], (node, parents) => {
    if (labelOf(node) === label) found ??= [...parents, node];
  });
  return found ?? [];
}

/** Writes one call. */
class Writer {
  private readonly words: Value[] = [];

  constructor(
    private readonly grammar: readonly Argument[],
    private readonly selection: Selection,
    private readonly notes: GrammarNotes,
    private readonly valueOf: ValueOf,
  ) {}

  all(): Value[] {
    this.sequence(this.grammar, 0);
    return this.words;
  }

  private sequence(nodes: readonly Argument[], repetition: number): void {
    for (const [index, node] of nodes.entries()) {
      if (node.optional === true && !this.isSelected(node)) continue;
      const next = nodes[index + 1];
      if (COUNTS.has(node.name) && next?.multiple === true) {
        if (node.token !== undefined) this.words.push(node.token);
        this.words.push(String(next.optional && !this.isSelected(next) ? 0 : this.times(next, node)));
      } else {
        this.node(node, repetition, nodes[index - 1]);
      }
    }
  }

  private node(node: Argument, repetition: number, before?: Argument): void {
    const times = this.times(node, before);
    for (let time = 0; time < times; time++) {
      const isFirst = time === 0 || node.multipleToken === true;
      if (node.token !== undefined && node.type !== 'pure-token' && isFirst) this.words.push(node.token);
      this.body(node, repetition + time);
    }
  }

  private body(node: Argument, repetition: number): void {
    if (node.type === 'pure-token') {
      this.words.push(node.token!);
    } else if (node.type === 'oneof') {
      const choices = node.arguments!;
      this.node(this.selection.parts.find((part) => choices.includes(part)) ?? choices[0]!, repetition);
    } else if (node.type === 'block') {
      this.sequence(node.arguments!, repetition);
    } else {
      const has = (label: string) => this.selection.parts.some((part) => labelOf(part) === label);
      this.words.push(this.valueOf(node, { repetition, has }));
    }
  }

  private times(node: Argument, before?: Argument): number {
    const { repeated } = this.selection;
    const leader = this.notes.follows?.[node.name];
    const isRepeated =
      repeated !== undefined && (repeated === node || (node.multiple === true && leader === repeated.name));
    return Math.max(isRepeated ? 2 : 1, (node.multiple && LEAST[before?.name ?? '']) || 1);
  }

  private isSelected(node: Argument): boolean {
    return this.selection.parts.includes(node);
  }
}
