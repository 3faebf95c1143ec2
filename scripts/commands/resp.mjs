import net from 'node:net';

/**
 * A question to a server and its answer: the few lines of RESP that reading command tables needs. The client that this
 * repository builds is generated from those tables, so the reader of the tables cannot be that client.
 */
export class ServerConnection {
  #socket;
  #buffer = Buffer.alloc(0);
  #waiting = [];

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Connects to `redis://[[user:]password@]host:port` and speaks RESP3 from there on. */
  static async open(url) {
    const { hostname, port, username, password } = new URL(url);
    const socket = net.connect(Number(port || 6379), hostname.replace(/^\[|\]$/g, '') || '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const connection = new ServerConnection(socket);
    const auth = password
      ? ['AUTH', decodeURIComponent(username) || 'default', decodeURIComponent(password)]
      : [];
    await connection.call('HELLO', '3', ...auth);
    return connection;
  }

  call(...words) {
    const frames = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${frames.join('')}`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close() {
    this.#socket.destroy();
  }

  #read(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const reader = { buffer: this.#buffer, at: 0 };
      let reply;
      try {
        reply = readReply(reader);
      } catch (error) {
        if (error === INCOMPLETE) return;
        throw error;
      }
      this.#buffer = this.#buffer.subarray(reader.at);
      const { resolve, reject } = this.#waiting.shift();
      if (reply instanceof Error) reject(reply);
      else resolve(reply);
    }
  }

  #fail(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

const INCOMPLETE = Symbol('incomplete');

function readLine(reader) {
  const end = reader.buffer.indexOf('\r\n', reader.at);
  if (end === -1) throw INCOMPLETE;
  const line = reader.buffer.toString('utf8', reader.at, end);
  reader.at = end + 2;
  return line;
}

function readReply(reader) {
  const line = readLine(reader);
  const rest = line.slice(1);
  switch (line[0]) {
    case '+':
      return rest;
    case '-':
      return new Error(rest);
    case ':':
    case ',':
      return Number(rest);
    case '#':
      return rest === 't';
    case '_':
      return null;
    case '$':
    case '=': {
      const length = Number(rest);
      if (length === -1) return null;
      if (reader.buffer.length < reader.at + length + 2) throw INCOMPLETE;
      const text = reader.buffer.toString('utf8', reader.at, reader.at + length);
      reader.at += length + 2;
      return line[0] === '=' ? text.slice(4) : text;
    }
    case '*':
    case '~':
    case '>':
      return rest === '-1' ? null : Array.from({ length: Number(rest) }, () => readReply(reader));
    case '%':
      return Object.fromEntries(
        Array.from({ length: Number(rest) }, () => [readReply(reader), readReply(reader)]),
      );
    default:
      throw new Error(`unexpected reply type ${JSON.stringify(line[0])}`);
  }
}
