import { RedisClient, RedisCommands } from 'nestjs-redwire/core';
import { commandModel, fitsArity, methodName } from '../commands/model.mjs';
import { omitted, overlay } from '../commands/overlay.mjs';
import { mergeCommand } from '../commands/server-facts.mjs';
import { matches } from './matches.mjs';
import { isSafe, oneLine } from './safe-text.mjs';
import { isWellFormed } from './well-formed.mjs';

/**
 * The commands of a server that a module is written for.
 *
 * @param server as `readServer()` gives it
 * @param options.only patterns of names; none: all
 * @param options.prefix of methods; with one also commands that RedisClient has count
 * @returns `{ models, known, skipped }`: `known` counts those that RedisClient has, `skipped` tells `{ name, reason }`
 */
export function foreignModels(server, { only, prefix }) {
  const models = [];
  const skipped = [];
  const methods = new Map();
  let known = 0;
  const names = [...server.commands.keys()].toSorted();
  for (const name of names) {
    const entry = server.commands.get(name);
    if (entry.container && name !== 'COMMAND') continue;
    if (only.length > 0 && !only.some((pattern) => matches(pattern, name))) continue;
    const skip = (reason) => skipped.push({ name: oneLine(name), reason });
    if (!isSafe([name, entry.docs.arguments ?? [], entry.keys])) {
      skip('its documentation has characters that no command or argument has');
      continue;
    }
    if (!isWellFormed(name, entry)) {
      skip('what the server says of it is not of the form that servers give');
      continue;
    }
    if (name in omitted) {
      if (only.length > 0) skip(omitted[name]);
      continue;
    }
    const own = methodName(name);
    if (prefix === '' && Object.hasOwn(RedisCommands.prototype, own)) {
      known += 1;
      continue;
    }
    const method = prefix === '' ? own : `${prefix}${own[0]?.toUpperCase() ?? ''}${own.slice(1)}`;
    if (own === '' || isTaken(method))
      skip(`its method cannot be called '${method}'; --prefix gives it another name`);
    else if (methods.has(method)) skip(`${methods.get(method)} has the method '${method}' already`);
    else {
      methods.set(method, name);
      models.push(foreignModel(name, entry, method, server));
    }
  }
  return { models, known, skipped };
}

/** Names that clients, their views and pipelines need for themselves. */
function isTaken(method) {
  const client = new RedisClient();
  // an object with `then` would be taken for a promise
  return method === 'then' || [client, client.buffers, client.pipeline()].some((object) => method in object);
}

function foreignModel(name, { docs, keys }, method, server) {
  const { keys: ownKeys, flags, notFlags, arguments: ownGrammar } = overlay[name] ?? {};
  const facts = mergeCommand(name, [server]);
  const notes = [];
  const told = keys.filter(({ begin, find }) => begin !== 'unknown' && find !== 'unknown');
  const whole = told.length === keys.length && keys.every((key) => !key.flags.includes('incomplete'));
  if (!whole && ownKeys === undefined)
    notes.push('The server does not tell where all its keys are: `keyPrefix` leaves the others alone.');
  facts.keys = told.map((key) => ({ ...key, flags: key.flags.filter((flag) => flag !== 'incomplete') }));
  if (facts.complexity) facts.complexity = `${oneLine(facts.complexity)}.`;
  if (facts.deprecated?.use) facts.deprecated.use = oneLine(facts.deprecated.use);
  const ours = { keys: ownKeys, flags, notFlags };
  const grammar = facts.arguments ?? ownGrammar;
  const model = grammar === undefined ? null : modelWith(name, facts, { ...ours, arguments: grammar });
  const any = anyArguments(name, facts);
  if (grammar === undefined && any.length > 0) notes.push('The server does not document its arguments.');
  if (grammar !== undefined && model === null)
    notes.push('Its documented arguments cannot be put into types: they come raw.');
  return {
    ...(model ?? modelWith(name, facts, { ...ours, arguments: any })),
    method,
    notes,
    summary: docs.summary ? oneLine(docs.summary) : undefined,
  };
}

/** The model, or null where the grammar is one that cannot be put into types. */
function modelWith(name, facts, ours) {
  if (!fitsArity(facts, ours.arguments, name.split(' ').length)) return null;
  try {
    const model = commandModel(name, facts, ours);
    return saysTwice(model.form) ? { ...model, form: null } : model;
  } catch {
    return null;
  }
}

/** Of two options with one name each would write its words. */
function saysTwice(form) {
  const builders = /\b(?:flag|value|values|each|tuple|tuples|trim|named)\('([^']*)'/g;
  const options = [...(form?.parts.join(' ').matchAll(builders) ?? [])].map(([, word]) => methodName(word));
  return new Set(options).size < options.length;
}

/** What a command takes of which nothing is known but how many words it has: a key first where there is one. */
function anyArguments(name, { arity, keys = [] }) {
  const count = Math.max(0, Math.abs(arity) - name.split(' ').length);
  const hasKey = keys.some(({ begin }) => begin.index === name.split(' ').length);
  const grammar = Array.from({ length: count }, (_, index) =>
    index === 0 && hasKey ? { name: 'key', type: 'key' } : { name: `arg${index + 1}`, type: 'string' },
  );
  if (arity < 0) grammar.push({ name: 'arg', type: 'string', optional: true, multiple: true });
  return grammar;
}
