import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A command as it came in. */
export interface Call {
  /** The first word in upper case: `GET`, `CLIENT`. */
  readonly name: string;
  readonly args: readonly string[];
  /** Which connection brought it, from 1 on. */
  readonly connection: number;
  readonly socket: Socket;
}

/** What goes back for a command: bytes, null for silence, undefined for what a healthy server says. */
export type Answer = (call: Call) => string | null | undefined;

/**
 * A server that does as it is told and keeps what it received: for faults that no real server commits, and for counting
 * what is on the wire. It reads commands whole, however they were cut.
 */
export class FakeServer {
  /** Every command but those of handshakes. */
  readonly calls: Call[] = [];
  /** The commands of every handshake. */
  readonly greetings: Call[] = [];
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(private readonly answer: Answer) {
    this.server = createServer((socket) => this.onConnection(socket));
  }

  static async start(answer: Answer = () => undefined): Promise<FakeServer> {
    const fake = new FakeServer(answer);
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How often a command came, on all connections. */
  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Takes no further connection and drops those that stand. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private onConnection(socket: Socket): void {
    const connection = ++this.connections;
    let greeted = false;
    let pending: Buffer = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let next = readCommand(pending); next !== undefined; next = readCommand(pending)) {
        pending = pending.subarray(next.end);
        const [name = '', ...args] = next.words;
        const call = { name: name.toUpperCase(), args, connection, socket };
        if (greeted && call.name !== 'CLIENT') this.calls.push(call);
        else this.greetings.push(call);
        // the last of a handshake
        if (call.name === 'CLIENT' && args[1] === 'LIB-VER') greeted = true;
        const reply = this.answer(call);
        if (reply !== null && socket.writable) socket.write(reply ?? healthyReply(call), 'latin1');
      }
    });
  }
}

function healthyReply({ name }: Call): string {
  if (name === 'HELLO') return '%1\r\n+proto\r\n:3\r\n';
  return name === 'PING' ? '+PONG\r\n' : '+OK\r\n';
}

/** The first whole command, latin1, and where it ends; undefined where more bytes are to come. */
function readCommand(bytes: Buffer): { words: string[]; end: number } | undefined {
  let at = 0;
  const readLength = (): number | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const length = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return length;
  };
  const count = readLength();
  if (count === undefined) return undefined;
  const words: string[] = [];
  for (let index = 0; index < count; index++) {
    const length = readLength();
    if (length === undefined || at + length + 2 > bytes.length) return undefined;
    words.push(bytes.toString('latin1', at, at + length));
    at += length + 2;
  }
  return { words, end: at };
}
