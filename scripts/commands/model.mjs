import { readFile } from 'node:fs/promises';
import { formOf } from './forms.mjs';
import { grammarLine, splitGrammar } from './grammar.mjs';
import { omitted, overlay } from './overlay.mjs';
import { replyKinds } from './reply-kinds.mjs';

/** The bits of `CommandFlag` in lib/core/commands/command-spec.ts. */
export const FLAG_BITS = {
  READONLY: 1,
  WRITE: 2,
  BLOCKING: 4,
  STATEFUL: 8,
  DANGEROUS: 16,
  SECRET: 32,
  SUBSCRIPTION: 64,
  IDEMPOTENT: 128,
  BYTES: 256,
  PINNED: 512,
  PAIRS: 1024,
  ONCE: 2048,
  ALTERING: 4096,
};

/** Every command of `commands.json` with what the overlay adds, in the form that the writers use. */
export async function loadCommands() {
  const { commands } = JSON.parse(await readFile(new URL('../../commands.json', import.meta.url), 'utf8'));
  for (const name of [...Object.keys(overlay), ...Object.keys(omitted)]) {
    if (!(name in commands)) throw new Error(`the overlay speaks of ${name}, which no server has`);
  }
  const models = Object.entries(commands).map(([name, facts]) => commandModel(name, facts));
  const taken = new Map();
  for (const { name, method } of models) {
    if (method === null) continue;
    if (taken.has(method)) throw new Error(`${name} and ${taken.get(method)} both want the method ${method}`);
    taken.set(method, name);
  }
  return models;
}

/**
 * A command in the form that the writers use.
 *
 * @param facts as in `commands.json`
 * @param ours what the overlay says of it
 */
export function commandModel(name, facts, ours = overlay[name] ?? {}) {
  const grammar = ours.arguments ?? facts.arguments ?? [];
  const words = name.split(' ').length;
  const reply = ours.reply ?? 'reply';
  const when = ours.when ?? {};
  for (const kind of [reply, ...Object.values(when)]) {
    if (!(kind in replyKinds)) throw new Error(`${name}: no reply kind ${kind}`);
  }
  if (!fitsArity(facts, grammar, words))
    throw new Error(`${name}: its arity ${facts.arity} does not fit its grammar`);
  const container = facts.container === true && name !== 'COMMAND';
  return {
    name,
    words,
    constant: name.replaceAll(/[ -]/g, '_'),
    method: container || name in omitted ? null : methodName(name),
    container,
    facts,
    grammar,
    line: grammarLine(name, grammar),
    summary: ours.summary,
    reply,
    when,
    transform: ours.transform ?? replyKinds[reply].transform ?? null,
    form: formOf({ name, grammar }),
    flags: flagNames(name, facts, ours),
    keys: keySpecs(name, facts, ours, words),
  };
}

/** A grammar must allow as many arguments as the server counts: a hand-written or merged one may have gone wrong. */
export function fitsArity({ arity, differs = {}, container }, grammar, words) {
  const arities = [arity, ...Object.values(differs).flatMap((other) => other.arity ?? [])];
  const { leading, rest } = splitGrammar(grammar);
  const least = words + leading.length;
  const exact = rest.length === 0 && !container;
  // vector sets leave the count to the module: any number of words is let through
  const fits = (count) => count === -1 || (exact ? Math.abs(count) === least : Math.abs(count) >= least);
  return arities.some(fits);
}

/** `CLIENT NO-EVICT` -> `clientNoEvict`, `JSON.SET` -> `jsonSet`. */
export function methodName(name) {
  return name
    .toLowerCase()
    .replace(/^[^a-z]+/, '')
    .replaceAll(/[^a-z0-9]+([a-z0-9])/g, (_, letter) => letter.toUpperCase())
    .replaceAll(/[^A-Za-z0-9]/g, '');
}

/** A flag holds where any server says so, `readonly` only where all do: the cautious reading. */
function flagNames(name, facts, ours) {
  const perServer = [
    facts.flags ?? [],
    ...Object.values(facts.differs ?? {}).flatMap(({ flags }) => (flags ? [flags] : [])),
  ];
  const any = (flag) => perServer.some((flags) => flags.includes(flag));
  const all = (flag) => perServer.every((flags) => flags.includes(flag));
  const flags = new Set(ours.flags ?? []);
  if (all('readonly')) flags.add('READONLY').add('IDEMPOTENT');
  if (any('write')) flags.add('WRITE');
  if (any('blocking')) flags.add('BLOCKING');
  if (facts.acl?.includes('@dangerous')) flags.add('DANGEROUS');
  for (const flag of ours.notFlags ?? []) flags.delete(flag);
  if (flags.has('WRITE') && flags.has('IDEMPOTENT'))
    throw new Error(`${name}: a write is never idempotent by itself`);
  // the client refuses these on a connection that is shared, and all methods are methods of a shared connection
  if (flags.has('STATEFUL') && !(name in omitted)) throw new Error(`${name} is stateful and has a method`);
  return Object.keys(FLAG_BITS).filter((flag) => flags.has(flag));
}

/** Positions counted from the command's first argument, as the core sees them; what servers leave unsaid is the overlay's. */
function keySpecs(name, facts, ours, words) {
  if (ours.keys) return ours.keys;
  return (facts.keys ?? []).flatMap(({ flags, begin, find }) => {
    if (begin === 'unknown' || find === 'unknown' || flags.includes('incomplete')) {
      throw new Error(`${name}: its servers do not tell where its keys are; the overlay must`);
    }
    const from =
      'index' in begin
        ? { index: begin.index - words }
        : {
            keyword: begin.keyword,
            startFrom: begin.startFrom > 0 ? begin.startFrom - words : begin.startFrom,
          };
    const spec = { begin: from, find };
    if (flags.includes('not_key')) spec.slotOnly = true;
    return [spec];
  });
}
