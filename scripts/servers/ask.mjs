// @ts-check
import { connect } from 'node:net';
import { ServerConnection } from '../commands/resp.mjs';

/**
 * Asks a server one thing over a connection of its own, which is closed again: nothing of ours is left in its list of
 * clients, and a question to a server that was just killed or stopped cannot stand in the way of the next one.
 *
 * @param {{ path: string, password?: string }} target  its unix socket, and the default user's password where it has one
 * @param {(string | number)[]} words
 * @param {{ timeout?: number }} [options] ms
 * @returns {Promise<any>}  as RESP3 has it: maps are objects, text is UTF-8
 */
export async function ask({ path, password }, words, { timeout = 5_000 } = {}) {
  const socket = connect({ path });
  // Ended with an error that says so, every question on it fails with that error.
  const late = new Error(`no answer to ${words.slice(0, 2).join(' ')} within ${timeout} ms`);
  const timer = setTimeout(() => socket.destroy(late), timeout);
  const connection = new ServerConnection(socket);
  try {
    const auth = password === undefined ? [] : ['AUTH', 'default', password];
    const [, reply] = await Promise.all([
      connection.call('HELLO', '3', ...auth),
      connection.call(...words.map(String)),
    ]);
    return reply;
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
