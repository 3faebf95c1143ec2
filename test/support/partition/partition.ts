import { NodeLink } from './node-link.js';

/** Where a node says that it can be reached. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What being cut off is like for a client. */
export interface CutOptions {
  /** Connections that stand: reset, or silent from now on. Default: silent. */
  readonly existing?: 'sever' | 'blackhole';
  /** New ones: reset as soon as they stand, or silent from the start. Default: as the existing ones. */
  readonly incoming?: 'refuse' | 'blackhole';
}

/**
 * Stands between a client and the nodes of a topology, with a proxy for each, so that a test can cut the client off from
 * some of them while these go on to see each other. The client is given `addresses` as seeds, and `natMap`.
 */
export class Partition {
  /** From the address that a node has, to the one of its proxy. */
  readonly natMap: Record<string, { host: string; port: number }> = {};
  private readonly links = new Map<string, NodeLink>();

  private constructor() {}

  /** @param nodes data nodes and sentinels alike; what is not among them is reached without a proxy. */
  static async start(nodes: Iterable<NodeAddress>): Promise<Partition> {
    const partition = new Partition();
    try {
      for (const node of nodes) await partition.add(node);
      return partition;
    } catch (error) {
      await partition.stop();
      throw error;
    }
  }

  /** Puts a proxy before a node that came later, or came back with another address. */
  async add(node: NodeAddress): Promise<void> {
    const key = keyOf(node);
    if (this.links.has(key)) throw new Error(`There is a proxy for ${key}.`);
    const link = await NodeLink.open({ host: node.host, port: node.port });
    this.links.set(key, link);
    this.natMap[key] = link.address;
  }

  /** Of all proxies, in the nodes' order. */
  get addresses(): { host: string; port: number }[] {
    return [...this.links.values()].map(({ address }) => address);
  }

  /** Of a node's proxy. */
  addressOf(node: NodeAddress): { host: string; port: number } {
    return this.linkTo(node).address;
  }

  /** Cuts the client off from some nodes; without a list, from all. */
  cutOff(nodes?: Iterable<NodeAddress>, { existing = 'blackhole', incoming }: CutOptions = {}): void {
    for (const link of this.linksTo(nodes)) {
      link.incoming = incoming ?? (existing === 'sever' ? 'refuse' : 'blackhole');
      if (existing === 'sever') link.sever();
      else link.blackhole();
    }
  }

  /**
   * Opens the way to some nodes again; without a list, to all.
   *
   * @param late what black-holed connections still had underway: dropped with the connection (default), or delivered now,
   *   as a network does that finds its way again. A write that its caller gave up is then done late.
   */
  heal(nodes?: Iterable<NodeAddress>, { late = 'drop' }: { late?: 'deliver' | 'drop' } = {}): void {
    for (const link of this.linksTo(nodes)) link.reopen(late);
  }

  /** How often clients tried to connect to a node, or to all; from a time on, as `performance.now()` has it. */
  attempts(node?: NodeAddress, since = -Infinity): number {
    const links = this.linksTo(node && [node]);
    return links.reduce((sum, link) => sum + link.attempts.filter((at) => at >= since).length, 0);
  }

  /** How many connections stand to a node, or to all. */
  standing(node?: NodeAddress): number {
    return this.linksTo(node && [node]).reduce((sum, link) => sum + link.standing, 0);
  }

  /** Resets what stands and ends. */
  async stop(): Promise<void> {
    await Promise.all([...this.links.values()].map((link) => link.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private linksTo(nodes?: Iterable<NodeAddress>): NodeLink[] {
    return nodes === undefined ? [...this.links.values()] : Array.from(nodes, (node) => this.linkTo(node));
  }

  private linkTo(node: NodeAddress): NodeLink {
    const link = this.links.get(keyOf(node));
    if (link === undefined) throw new Error(`There is no proxy for ${keyOf(node)}.`);
    return link;
  }
}

function keyOf({ host, port }: NodeAddress): string {
  return `${host}:${port}`;
}
