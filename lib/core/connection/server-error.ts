import { RedisServerError } from '../errors.js';

/** A script's author words its errors, and needs them as they are. */
const SCRIPTS = /^(EVAL|FCALL|FUNCTION|SCRIPT)/;
/** Text in quotes, as a word of its own: no apostrophe. */
const QUOTED = /(?<=^|[\s=:(])(['"])(.*?)\1(?=$|[\s.,:;)])/g;

/**
 * The server's words about a command. Some quote arguments (`unknown command 'X', with args beginning with: …`, `No such key
 * 'k'`): those are blanked, they may be values. Only the command's own words stay.
 */
export function serverError(message: string, command: string): RedisServerError {
  const quoted = message.indexOf(', with args beginning with:');
  const words = quoted === -1 ? message : message.slice(0, quoted);
  const shown = SCRIPTS.test(command)
    ? words
    : words.replaceAll(QUOTED, (text, _, inner: string) => (isOwnWord(inner, command) ? text : "'?'"));
  return new RedisServerError(`${shown} (command: ${command})`, { command });
}

/** `get`, `config|get`: the command itself. */
function isOwnWord(text: string, command: string): boolean {
  const name = text.toUpperCase().replaceAll('|', ' ');
  return name === command || command.split(' ').includes(name);
}
