import type { CommandArgument } from '../commands/arguments.js';
import { RedisServerError } from '../errors.js';

/** A script's author words its errors, and needs them as they are. */
const SCRIPTS = /^(EVAL|FCALL)/;
/** Quote the text of a script that does not compile. */
const COMPILERS = /^(FUNCTION|SCRIPT) LOAD$/;
/** Refusals whose text is the same for all commands and holds no argument. */
const FIXED = /^(OOM|MASTERDOWN|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY) /;
/** `ERR unknown command 'X', with args beginning with: …`; no command that is sent has a quote in its name. */
const QUOTED_ARGUMENTS = /^(ERR unknown command .*?), with args beginning with:.*$/is;
/** Text in quotes, as a word of its own: no apostrophe. */
const QUOTED = /(?<=^|[\s=:(])(['"])(.*?)\1(?=$|[\s.,:;)])/gs;
const OPENING_QUOTE = /(?<=^|[\s=:(])['"]/;
/**
 * An argument without quotes, of EXPIRE, FUNCTION LIST, HSETEX, of the places of GEOADD and its kin, of VSIM's filter, of the
 * filters of Valkey's CLIENT LIST, and of CLUSTER MEET, FORGET, REPLICATE and the like.
 */
const UNQUOTED =
  /(?<=^ERR (unsupported option|unknown argument:?|unknown option given:|unknown node|I don't know about node|invalid (TCP |bus |base |TCP base |bus base )?port specified:|invalid node address specified:|(invalid|unknown) node name:|unknown (flags|capa) found in the (provided|NOT-FLAGS|NOT-CAPA) filter:|invalid longitude,latitude pair|syntax error in FILTER expression near:) ).*$/is;

/**
 * The server's words about a command. Some quote arguments (`unknown command 'X', with args beginning with: …`, `No such key
 * 'k'`): those are blanked, they may be values. Only the command's own words stay.
 *
 * @param args as they were sent. One that has quotes in it may look like the end of a quotation: then more is blanked, and so
 *   it is where they are not known.
 */
export function serverError(
  message: string,
  command: string,
  args?: readonly CommandArgument[],
): RedisServerError {
  return new RedisServerError(`${withoutArguments(message, command, args)} (command: ${command})`, {
    command,
  });
}

/** The server's words with the arguments that they quote blanked; without a command, all that is in quotes. */
export function withoutArguments(message: string, command = '', args?: readonly CommandArgument[]): string {
  const words = message.replace(QUOTED_ARGUMENTS, '$1');
  if (SCRIPTS.test(command) || FIXED.test(words)) return words;
  const shown = words.replace(UNQUOTED, "'?'");
  if (COMPILERS.test(command)) return shown;
  if (args?.some(holdsQuotes) !== false) return blankToLastQuote(shown, command);
  return shown.replaceAll(QUOTED, (text, _, inner: string) => (isOwnWord(inner, command) ? text : "'?'"));
}

/** From the first quotation to the end of the last: servers do not escape the quotes in what they quote. */
function blankToLastQuote(text: string, command: string): string {
  const start = text.search(OPENING_QUOTE);
  if (start === -1) return text;
  const last = text.lastIndexOf(text[start]!);
  const end = last === start ? text.length : last;
  return isOwnWord(text.slice(start + 1, end), command)
    ? text
    : `${text.slice(0, start)}'?'${text.slice(end + 1)}`;
}

function holdsQuotes(arg: CommandArgument): boolean {
  if (typeof arg === 'string') return arg.includes("'") || arg.includes('"');
  return Buffer.isBuffer(arg) && (arg.includes(0x27) || arg.includes(0x22));
}

/** `get`, `config|get`: the command itself. */
function isOwnWord(text: string, command: string): boolean {
  const name = text.toUpperCase().replaceAll('|', ' ');
  return name !== '' && (name === command || command.split(' ').includes(name));
}
