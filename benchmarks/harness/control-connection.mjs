/**
 * The harness's own connection: fills the server, pauses it, reads its version. Knows the replies these commands
 * give (line, integer, bulk) and no others.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

export class ControlConnection {
  #socket;
  #waiting = [];
  #received = Buffer.alloc(0);

  static async open({ host, port }) {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new ControlConnection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  send(...args) {
    let command = `*${args.length}\r\n`;
    for (const arg of args) command += `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(command);
    });
  }

  close() {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #read(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let start = 0;
    for (;;) {
      const lineEnd = this.#received.indexOf('\r\n', start);
      if (lineEnd < 0) break;
      const type = String.fromCharCode(this.#received[start]);
      const line = this.#received.toString('utf8', start + 1, lineEnd);
      let end = lineEnd + 2;
      let value = line;
      if (type === '$' && line !== '-1') {
        end += Number(line) + 2;
        if (this.#received.length < end) break;
        value = this.#received.toString('utf8', lineEnd + 2, end - 2);
      }
      start = end;
      const { resolve, reject } = this.#waiting.shift();
      if (type === '-') reject(new Error(line));
      else resolve(value);
    }
    this.#received = this.#received.subarray(start);
  }

  #fail(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
