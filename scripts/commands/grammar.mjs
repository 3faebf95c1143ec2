/** What the generator asks of an argument grammar. */

const LEAVES = new Set(['key', 'string', 'integer', 'double', 'pattern', 'unix-time']);

export const isLeaf = (argument) => LEAVES.has(argument.type);

/** The grammar as manuals write it: `SET key value [NX | XX]`. */
export function grammarLine(name, grammar = []) {
  return [name, ...grammar.map((argument) => written(argument))].join(' ');
}

function written(argument, inChoice = false) {
  const { type, token, optional, multiple, multipleToken } = argument;
  let text;
  if (type === 'pure-token') text = token;
  else if (type === 'block') text = argument.arguments.map((child) => written(child)).join(' ');
  else if (type === 'oneof') text = argument.arguments.map((child) => written(child, true)).join(' | ');
  else text = argument.name;
  if (type === 'oneof' && !inChoice && (!optional || token || multiple)) text = `<${text}>`;
  if (multiple && !multipleToken) {
    text = token && type !== 'pure-token' ? `${token} ${text} [${text} ...]` : `${text} [${text} ...]`;
  } else {
    if (token && type !== 'pure-token') text = `${token === '' ? '""' : token} ${text}`;
    if (multiple) text = `${text} [${text} ...]`;
  }
  return optional ? `[${text}]` : text;
}

/** A required choice between words only: `BEFORE | AFTER`. */
export const isWordChoice = (argument) =>
  argument.type === 'oneof' &&
  !argument.token &&
  argument.arguments.every((child) => child.type === 'pure-token' && !child.optional);

/** A required choice that is one argument on the wire whatever is chosen: `* | id`. */
export const isOneWord = (argument) =>
  argument.type === 'oneof' &&
  !argument.token &&
  argument.arguments.every(
    (child) => (child.type === 'pure-token' || (isLeaf(child) && !child.token)) && !child.optional,
  );

const isPlain = (argument) =>
  !argument.optional &&
  !argument.multiple &&
  ((isLeaf(argument) && !argument.token) || isWordChoice(argument) || isOneWord(argument));

/** The arguments that every call begins with, and the rest. */
export function splitGrammar(grammar = []) {
  const end = grammar.findIndex((argument) => !isPlain(argument));
  return end === -1
    ? { leading: grammar, rest: [] }
    : { leading: grammar.slice(0, end), rest: grammar.slice(end) };
}

/** The groups in a grammar that may be given several times, with their plain members: `field value`, `score member`. */
export function repeatedGroups(grammar = []) {
  return grammar.flatMap((argument) => {
    const inner = repeatedGroups(argument.arguments);
    const members = argument.arguments ?? [];
    const isGroup =
      argument.type === 'block' &&
      argument.multiple &&
      !argument.multipleToken &&
      members.length > 1 &&
      members.every((member) => isLeaf(member) && !member.optional && !member.token && !member.multiple);
    return isGroup ? [members, ...inner] : inner;
  });
}
