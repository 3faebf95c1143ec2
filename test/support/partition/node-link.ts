import { type ConnectionPlan, FaultProxy } from '../fault-proxy/index.js';

/** What becomes of new connections. */
export type Incoming = 'pass' | 'refuse' | 'blackhole';

const PLANS: Record<Incoming, () => ConnectionPlan> = {
  pass: () => ({}),
  refuse: () => ({ refuse: true }),
  blackhole: () => ({ requests: [{ kind: 'freeze', after: 0, ms: Infinity }] }),
};

/** The one way by which clients reach a node; it can be closed and opened again. */
export class NodeLink {
  /** When clients tried to connect, successfully or not, as `performance.now()` has it. */
  readonly attempts: number[] = [];
  incoming: Incoming = 'pass';
  private proxy!: FaultProxy;

  private constructor() {}

  static async open(target: { host: string; port: number }): Promise<NodeLink> {
    const link = new NodeLink();
    const plan = (): ConnectionPlan => {
      link.attempts.push(performance.now());
      return PLANS[link.incoming]();
    };
    link.proxy = await FaultProxy.start({ target, plan });
    return link;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.proxy.port };
  }

  /** Connections that stand, black-holed ones included. */
  get standing(): number {
    return this.proxy.connections.size;
  }

  /** RST to both ends of all that stand. */
  sever(): void {
    for (const connection of this.proxy.connections) connection.reset();
  }

  /** All that stand carry nothing any more, and nobody is told. */
  blackhole(): void {
    for (const connection of this.proxy.connections) connection.freeze(Infinity);
  }

  /** Black-holed connections go on with what was underway, or are reset without it. */
  reopen(late: 'deliver' | 'drop'): void {
    this.incoming = 'pass';
    for (const connection of this.proxy.connections) {
      if (late === 'deliver') connection.thaw();
      else connection.heal();
    }
  }

  async close(): Promise<void> {
    await this.proxy.stop();
  }
}
