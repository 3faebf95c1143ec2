// @ts-check
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

/**
 * One PING over a connection of its own: just enough RESP to ask a server whether it is there, without the client that
 * is being tested. Gives the first line of the answer: `+PONG`, `-NOAUTH …`, `-LOADING …`.
 *
 * @param {import('node:net').NetConnectOpts & { tls?: import('node:tls').ConnectionOptions }} target
 * @param {{ timeout?: number }} [options] ms
 * @returns {Promise<string>}
 */
export function ping({ tls, ...target }, { timeout = 1_000 } = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ ...target, ...tls }) : connectTcp(target);
    let answer = '';
    const timer = setTimeout(() => fail(new Error(`no answer to PING within ${timeout} ms`)), timeout);
    /** @param {Error} error */
    function fail(error) {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    }
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      const end = answer.indexOf('\r\n');
      if (end < 0) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(answer.slice(0, end));
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed without an answer to PING')));
    socket.write('*1\r\n$4\r\nPING\r\n');
  });
}

/** Whether an answer to PING means that the server takes commands; one that asks for a password does. @param {string} answer */
export function isReady(answer) {
  return answer === '+PONG' || /^-(NOAUTH|NOPERM|DENIED)\b/.test(answer);
}
