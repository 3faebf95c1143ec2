import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type FaultCounts, type FaultPlan, noFaults } from './faults.js';
import { ProxiedConnection } from './proxied-connection.js';

/** Settings of a proxy. */
export interface FaultProxyOptions {
  /** The real server. */
  target: { host: string; port: number };
  /** What befalls each connection. Default: nothing. */
  plan?: FaultPlan;
}

/**
 * A TCP proxy on loopback that does to the bytes between a client and a real server what a plan says.
 *
 * The plan decides at which byte of which connection what happens, and so repeats with its seed. What the bytes there are,
 * and how they interleave with other connections', depends on the machine: a seed brings back the faults, not the run.
 */
export class FaultProxy {
  /** Faults that took effect. */
  readonly counts: FaultCounts = noFaults();
  /** Connections that were made, the refused included. */
  accepted = 0;
  /** Those that stand, oldest first. */
  readonly connections = new Set<ProxiedConnection>();
  private healthy = false;

  private constructor(
    private readonly server: Server,
    private readonly options: FaultProxyOptions,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** Starts one on a free port. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const proxy = new FaultProxy(server, options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The connection made last that still stands. */
  get latest(): ProxiedConnection {
    const latest = [...this.connections].at(-1);
    if (latest === undefined) throw new Error('No connection stands.');
    return latest;
  }

  /** From now on it only forwards. */
  heal(): void {
    this.healthy = true;
    for (const connection of this.connections) connection.heal();
  }

  /** Resets what stands and ends. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const connection of this.connections) connection.reset();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private accept(socket: Socket): void {
    const plan = this.options.plan?.(this.accepted) ?? {};
    this.accepted++;
    if (this.healthy || plan.refuse !== true) {
      const { target } = this.options;
      const connection: ProxiedConnection = new ProxiedConnection(
        socket,
        target,
        this.healthy ? {} : plan,
        (kind) => this.counts[kind]++,
        () => this.connections.delete(connection),
      );
      this.connections.add(connection);
      return;
    }
    this.counts.refuse++;
    socket.on('error', () => undefined);
    socket.resetAndDestroy();
  }
}
