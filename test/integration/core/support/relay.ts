import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between a client and a real server, and can do to a connection what networks do. */
export class Relay {
  /** Connections taken so far. */
  connections = 0;
  private readonly pairs = new Set<Pair>();
  private readonly listener: Server;

  private constructor(private readonly target: { host: string; port: number }) {
    this.listener = createServer((client) => this.join(client));
  }

  static async start(target: { host: string; port: number }): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.listener.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** From now on the open connections carry nothing, either way, and neither end is told: half open. New ones work. */
  freeze(): void {
    for (const { client, server } of this.pairs) {
      client.unpipe(server).pause();
      server.unpipe(client).pause();
    }
  }

  /** Resets the open connections (RST), as a firewall or a crashed machine does. */
  reset(): void {
    for (const { client } of this.pairs) client.resetAndDestroy();
  }

  /** Ends the open connections in good order (FIN). */
  end(): void {
    for (const { client } of this.pairs) client.end();
  }

  async close(): Promise<void> {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private join(client: Socket): void {
    this.connections++;
    const server = connect(this.target);
    const pair = { client, server };
    this.pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.pipe(server).pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
