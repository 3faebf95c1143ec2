// @ts-check

/** No command takes so many words; a grammar as long as a hostile count would fill the memory. */
const MOST_WORDS = 1_000;

/**
 * Whether what a server says of a command has the kinds of values that servers give: they are written into code, where a
 * record in the place of a number or a text would be code of the server's choice.
 *
 * @param {string} name
 * @param {{ docs: any, arity: any, flags: any, acl: any, keys: any }} entry  of `serverTable()`
 */
export function isWellFormed(name, { docs, arity, flags, acl, keys }) {
  const words = name.split(' ').length;
  return (
    Number.isInteger(arity) &&
    Math.abs(arity) <= MOST_WORDS &&
    // vector sets leave the count to the module
    (arity === -1 || Math.abs(arity) >= words) &&
    isTexts(flags) &&
    isTexts(acl) &&
    keys.every(isKeySpec) &&
    [docs.summary, docs.complexity, docs.replaced_by].every(isTextOrNone) &&
    isGrammar(docs.arguments ?? [])
  );
}

/** @param {any} key */
function isKeySpec({ flags, begin, find }) {
  const { keyword, ...numbers } = begin;
  return (
    isTexts(flags) &&
    (begin === 'unknown' || (isTextOrNone(keyword) && Object.values(numbers).every(Number.isInteger))) &&
    (find === 'unknown' || Object.values(find).every(Number.isInteger))
  );
}

/**
 * @param {any} grammar
 * @returns {boolean}
 */
function isGrammar(grammar) {
  return Array.isArray(grammar) && grammar.every(isArgument);
}

/** @param {any} argument */
function isArgument({ name, type, token, flags = [], arguments: inner }) {
  if (typeof name !== 'string' || typeof type !== 'string' || !isTextOrNone(token) || !isTexts(flags))
    return false;
  if (type === 'pure-token' && token === undefined) return false;
  return type === 'oneof' || type === 'block' ? isGrammar(inner) && inner.length > 0 : isGrammar(inner ?? []);
}

/** @param {unknown} value */
const isTexts = (value) => Array.isArray(value) && value.every((text) => typeof text === 'string');

/** @param {unknown} value */
const isTextOrNone = (value) => value === undefined || typeof value === 'string';
