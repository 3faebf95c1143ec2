// @ts-check
import { createServer } from 'node:net';

/**
 * A port that is free on loopback now. Not one the system would give out by itself: those lie in the range that
 * outgoing connections take theirs from, so that a client which tries to reach a stopped server could be handed the
 * server's own port, connect to itself, and keep the server from coming back to it. Below 22,000, a cluster's bus port
 * (10,000 higher) stays out of that range as well.
 *
 * Another process may take the port before it is used: who starts a server on it tries again with the next.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error('No free port between 12000 and 22000 on 127.0.0.1.');
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
