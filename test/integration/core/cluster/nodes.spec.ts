import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type CommandObserver } from '../../../../lib/core/index.js';
import { eventually, startCluster, startServer, type TestCluster } from '../../../support/index.js';

describe('nodes()', () => {
  let cluster: TestCluster;
  let client: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'valkey-9.1' });
    client = new RedisClient({ cluster: { nodes: cluster.addresses } });
    await client.connect();
  });

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  it('lists the nodes with their roles', async () => {
    const listed = (role?: 'master' | 'replica') =>
      client
        .nodes(role)
        .map(({ host, port }) => `${host}:${port}`)
        .toSorted();
    const addresses = (nodes: readonly { host: string; port: number }[]) =>
      nodes.map(({ host, port }) => `${host}:${port}`).toSorted();
    expect(listed()).toEqual(addresses(cluster.nodes));
    expect(listed('master')).toEqual(addresses(await cluster.masters()));
    expect(listed('replica')).toEqual(addresses(await cluster.replicas()));
    expect(client.nodes('master').every(({ isReady }) => isReady)).toBe(true);
    expect(() => client.nodes('slave' as 'replica')).toThrow(TypeError);
  });

  it('is an error before anything is known, which says what to do', () => {
    const fresh = new RedisClient({ cluster: { nodes: cluster.addresses } });
    expect(() => fresh.nodes()).toThrow(/Wait for client\.connect\(\) first/);
    fresh.destroy();
  });

  it("a node's client asks that node, and follows no redirect", async () => {
    const master = await cluster.masterOf('a');
    const node = client.nodes().find(({ port }) => port === master.port)!;
    const other = client.nodes('master').find(({ port }) => port !== master.port)!;
    await client.set('a', 1);
    expect(await node.client.get('a')).toBe('1');
    await expect(other.client.get('a')).rejects.toMatchObject({ code: 'MOVED' });
    await expect(other.client.pipeline().get('a').exec()).resolves.toMatchObject([{ code: 'MOVED' }]);
    expect((await node.client.info('server')).server).toMatchObject({ tcp_port: String(master.port) });
    expect(await node.client.configGet('port')).toEqual({ port: String(master.port) });
    expect(await node.client.slowlogGet()).toBeInstanceOf(Array);
    expect(await node.client.role()).toMatchObject(['master', expect.any(Number), expect.any(Array)]);
    expect(await node.client.scan(0, { count: 1_000 })).toMatchObject(['0', ['a']]);
    expect(client.nodes().find(({ port }) => port === master.port)!.client).toBe(node.client);
    expect(node.client.address).toBe(`127.0.0.1:${master.port}`);
  });

  it("a replica's client reads there", async () => {
    await client.set('a', 2);
    const [replica] = await cluster.replicasOf(await cluster.masterOf('a'));
    const node = client.nodes('replica').find(({ port }) => port === replica!.port)!;
    await eventually(async () => (await node.client.get('a')) === '2');
    await expect(node.client.set('a', 3)).rejects.toMatchObject({ code: 'MOVED' });
  });

  it('a monitor shows one node', async () => {
    await expect(client.monitor()).rejects.toThrow(/client\.nodes\(\)\[0\]\.client\.monitor\(\)/);
    const master = await cluster.masterOf('a');
    const node = client.nodes().find(({ port }) => port === master.port)!;
    const monitor = await node.client.monitor();
    await client.get('a');
    for await (const { command, args } of monitor) {
      if (command !== 'GET') continue;
      expect(args).toEqual(['a']);
      break;
    }
  });

  it('closing one closes its own connections, and the next call gives another', async () => {
    const [node] = client.nodes('master');
    await node!.client.ping();
    await node!.client.close();
    await expect(node!.client.ping()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await client.dbsize()).toBeGreaterThanOrEqual(1);
    expect(await client.nodes('master')[0]!.client.ping()).toBe('PONG');
  });

  it('they are closed with the client', async () => {
    const other = new RedisClient({ cluster: { nodes: cluster.addresses } });
    await other.connect();
    const clients = other.nodes().map((node) => node.client);
    await Promise.all(clients.map((each) => each.ping()));
    await other.close();
    expect(clients.map(({ status }) => status)).toEqual(clients.map(() => 'closed'));
    expect(() => other.nodes()).toThrow('nodes(): the client is closed');
  });

  it('where there is one server, that is the list', async () => {
    await using server = await startServer({ kind: 'valkey-9.1' });
    await using single = new RedisClient(server.url);
    const nodes = single.nodes();
    expect(nodes).toEqual([
      { host: server.host, port: server.port, role: 'master', isReady: false, client: single },
    ]);
    expect(single.nodes('replica')).toEqual([]);
    expect(await single.with({ crossSlot: 'split' }).mget('a', 'b')).toEqual([null, null]);
    expect(() => single.with({ crossSlot: 'both' as 'split' })).toThrow(TypeError);
  });

  it('observers see one command, whatever is sent for it', async () => {
    const seen: string[] = [];
    const observer: CommandObserver<string> = {
      start: ({ name, batchSize }) => (seen.push(`${name} ${batchSize}`), name),
      end: (name, error) => void seen.push(`${name} ${error === undefined ? 'ok' : 'failed'}`),
    };
    const stop = client.observe(observer);
    await client.with({ crossSlot: 'split' }).mset({ a: 1, b: 2, c: 3 });
    await client.dbsize();
    await client.with({ crossSlot: 'split' }).pipeline().del('a', 'b', 'c').dbsize().exec();
    stop();
    expect(seen).toEqual([
      'MSET undefined',
      'MSET ok',
      'DBSIZE undefined',
      'DBSIZE ok',
      'PIPELINE 2',
      'PIPELINE ok',
    ]);
  });

  it('keyless commands keep to one master, in their order', async () => {
    const ports = new Set<string>();
    for (let nth = 0; nth < 20; nth++) ports.add((await client.info('server')).server!.tcp_port!);
    expect(ports.size).toBe(1);
  });
});
