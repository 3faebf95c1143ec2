import { RedisServerError } from '../errors.js';

/** A script's author words its errors, and needs them as they are. */
const SCRIPTS = /^(EVAL|FCALL)/;
/** Quote the text of a script that does not compile. */
const COMPILERS = /^(FUNCTION|SCRIPT) LOAD$/;
/** Refusals whose text is the same for all commands and holds no argument. */
const FIXED = /^(OOM|MASTERDOWN|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY) /;
/** Text in quotes, as a word of its own: no apostrophe. */
const QUOTED = /(?<=^|[\s=:(])(['"])(.*?)\1(?=$|[\s.,:;)])/g;
/** An argument without quotes, of EXPIRE, FUNCTION LIST and HSETEX. */
const UNQUOTED = /(?<=^ERR (unsupported option|unknown argument:?|unknown option given:) ).*$/i;

/**
 * The server's words about a command. Some quote arguments (`unknown command 'X', with args beginning with: …`, `No such key
 * 'k'`): those are blanked, they may be values. Only the command's own words stay.
 */
export function serverError(message: string, command: string): RedisServerError {
  return new RedisServerError(`${withoutArguments(message, command)} (command: ${command})`, { command });
}

/** The server's words with the arguments that they quote blanked; without a command, all that is in quotes. */
export function withoutArguments(message: string, command = ''): string {
  const quoted = message.indexOf(', with args beginning with:');
  const words = quoted === -1 ? message : message.slice(0, quoted);
  if (SCRIPTS.test(command) || FIXED.test(words)) return words;
  const shown = words.replace(UNQUOTED, "'?'");
  if (COMPILERS.test(command)) return shown;
  return shown.replaceAll(QUOTED, (text, _, inner: string) => (isOwnWord(inner, command) ? text : "'?'"));
}

/** `get`, `config|get`: the command itself. */
function isOwnWord(text: string, command: string): boolean {
  const name = text.toUpperCase().replaceAll('|', ' ');
  return name !== '' && (name === command || command.split(' ').includes(name));
}
