import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type NodeAddress } from '../../../../lib/core/index.js';
import { eventually, startCluster, type TestCluster, type TestClusterNode } from '../../../support/index.js';

/** Takes connections and says nothing. */
class Hole {
  private readonly sockets: Socket[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.sockets.push(socket.on('error', () => undefined)));
  }

  static async dig(): Promise<Hole> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Hole(server);
  }

  get address(): NodeAddress {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  fill(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

const signal = (node: TestClusterNode, name: 'SIGSTOP' | 'SIGCONT') => process.kill(node.server.pid!, name);

describe('A cluster and what surrounds it behave badly', () => {
  let cluster: TestCluster;
  let keys: string[];

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'valkey-9.1' });
    keys = await Promise.all(cluster.nodes.slice(0, 3).map((node) => keyOn(node)));
  });

  afterAll(async () => {
    for (const node of cluster?.nodes ?? []) if (node.isRunning) signal(node, 'SIGCONT');
    await cluster?.stop();
  });

  /** A key whose slot a master has. */
  async function keyOn(node: TestClusterNode): Promise<string> {
    for (let nth = 0; ; nth++) if ((await cluster.masterOf(`k${nth}`)) === node) return `k${nth}`;
  }

  it('more seeds than a round tries take connections and say nothing', async () => {
    const holes = await Promise.all(Array.from({ length: 5 }, () => Hole.dig()));
    const nodes = [...holes.map(({ address }) => address), ...cluster.addresses];
    const client = new RedisClient({ cluster: { nodes } });
    try {
      expect(await client.set(keys[0]!, 1)).toBe('OK');
    } finally {
      await client.close();
      for (const hole of holes) hole.fill();
    }
  });

  it.each<[string, (told: NodeAddress) => unknown, RegExp]>([
    ['throws', () => raise('no such map'), /no such map/],
    ['gives no address', () => ({ port: 1 }), /cluster\.natMap/],
    ['gives a promise', async (told) => told, /cluster\.natMap/],
    ['gives a port that is none', ({ host }) => ({ host, port: 99_999 }), /cluster\.natMap/],
  ])('natMap %s: the command that waited says so', async (_, natMap, reason) => {
    const client = new RedisClient({
      cluster: { nodes: cluster.addresses, natMap: natMap as () => undefined },
      commandTimeout: 300,
    });
    await expect(client.get(keys[0]!)).rejects.toThrow(reason);
    await client.close();
  });

  it('connect() says in time why no master can be reached', async () => {
    const hole = await Hole.dig();
    const { address: nowhere } = hole;
    hole.fill();
    const client = new RedisClient({ cluster: { nodes: cluster.addresses, natMap: () => nowhere } });
    await expect(client.connect({ deadline: 500 })).rejects.toThrow(/ECONNREFUSED/);
    await client.close();
  });

  it('natMap throws when a command is redirected: that command fails, the others go on', async () => {
    let broken = false;
    const client = new RedisClient({
      cluster: { nodes: cluster.addresses, natMap: () => (broken ? raise('no such map') : undefined) },
    });
    const told: string[] = [];
    client.on('error', ({ message }) => told.push(message));
    await client.connect();
    const slot = await cluster.slotOf(keys[0]!);
    await cluster.moveSlot(slot, cluster.nodes[1]!);
    broken = true;
    const outcomes = await Promise.allSettled([client.set(keys[0]!, 1), client.set(keys[2]!, 2)]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'MOVED' } },
      { status: 'fulfilled', value: 'OK' },
    ]);
    expect(told).toContain('no such map');
    broken = false;
    expect(await client.set(keys[0]!, 3)).toBe('OK');
    await client.close();
    await cluster.moveSlot(slot, cluster.nodes[0]!);
  });

  it('readFrom throws: the master answers, it is told once, and nothing that waited is lost', async () => {
    const readFrom = () => raise('no choice');
    const client = new RedisClient({ cluster: { nodes: cluster.addresses, readFrom } });
    const told: string[] = [];
    client.on('error', ({ message }) => told.push(message));
    await Promise.all(keys.map((key) => client.set(key, key)));
    await client.close();
    const other = new RedisClient({ cluster: { nodes: cluster.addresses, readFrom } });
    other.on('error', ({ message }) => told.push(message));
    // before the map is known, and after
    expect(await Promise.all(keys.map((key) => other.get(key)))).toEqual(keys);
    expect(await Promise.all(keys.map((key) => other.get(key)))).toEqual(keys);
    expect(told).toEqual(['no choice']);
    await other.close();
  });

  it('tells once why a seed cannot be reached, however many rounds follow', async () => {
    const hole = await Hole.dig();
    const { address } = hole;
    hole.fill();
    const client = new RedisClient({ cluster: { nodes: [address] }, commandTimeout: 1_000 });
    const told: string[] = [];
    client.on('error', ({ message }) => told.push(message));
    await expect(client.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await client.close();
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
  });

  it('a master that hangs is left for its heir before any command has timed out, and connect() keeps its deadline', async () => {
    const victim = await cluster.masterOf(keys[1]!);
    const client = new RedisClient({
      cluster: { nodes: cluster.addresses, refreshInterval: 0 },
      commandTimeout: 60_000,
    });
    await client.connect();
    signal(victim, 'SIGSTOP');
    const fresh = new RedisClient({ cluster: { nodes: [cluster.addresses[0]!] } });
    const hung = client.get(keys[1]!);
    try {
      await expect(
        Promise.race([
          fresh.connect({ deadline: 400 }).then(() => 'connected'),
          eventually(() => false, { timeout: 5_000 }),
        ]),
      ).resolves.toBe('connected');
      await cluster.waitForPromotion(victim);
      await eventually(
        async () =>
          (await client
            .with({ timeout: 500 })
            .set(keys[1]!, 5)
            .catch(() => undefined)) === 'OK',
        { timeout: 10_000 },
      );
      // what hung there may be sent twice: it is, to the heir
      expect(await hung).not.toBeUndefined();
    } finally {
      signal(victim, 'SIGCONT');
      await Promise.all([client.close(), fresh.close()]);
    }
    await cluster.settled();
  });
});

function raise(message: string): never {
  throw new Error(message);
}
