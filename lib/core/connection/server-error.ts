import { RedisServerError } from '../errors.js';

/**
 * The server's words about a command. Some of them quote arguments (`unknown command 'X', with args beginning with: …`):
 * those are cut off, they may be values.
 */
export function serverError(message: string, command: string): RedisServerError {
  const quoted = message.indexOf(', with args beginning with:');
  const words = quoted === -1 ? message : message.slice(0, quoted);
  return new RedisServerError(`${words} (command: ${command})`, { command });
}
