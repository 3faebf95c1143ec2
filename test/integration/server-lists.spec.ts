import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type ClientInfo, type ClusterNode } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

/** What every server tells of a connection, with its kind of value. */
const FIELDS: Partial<Record<keyof ClientInfo, 'number' | 'string'>> = {
  id: 'number',
  addr: 'string',
  laddr: 'string',
  fd: 'number',
  name: 'string',
  age: 'number',
  idle: 'number',
  flags: 'string',
  db: 'number',
  sub: 'number',
  psub: 'number',
  ssub: 'number',
  multi: 'number',
  qbuf: 'number',
  'qbuf-free': 'number',
  'argv-mem': 'number',
  'multi-mem': 'number',
  rbs: 'number',
  rbp: 'number',
  obl: 'number',
  oll: 'number',
  omem: 'number',
  'tot-mem': 'number',
  events: 'string',
  cmd: 'string',
  user: 'string',
  redir: 'number',
  resp: 'number',
};

/** What some servers tell beside that. */
const FURTHER: Partial<Record<keyof ClientInfo, 'number' | 'string'>> = {
  watch: 'number',
  'lib-name': 'string',
  'lib-ver': 'string',
  capa: 'string',
  'io-thread': 'number',
  'tot-net-in': 'number',
  'tot-net-out': 'number',
  'tot-cmds': 'number',
};

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, unix: true, args: ['--cluster-enabled', 'yes'] });
    await using admin = new RedisClient(server.url);
    await admin.clusterAddslotsrange(0, 5, 7, 7);
  });

  afterAll(() => server.stop());

  describe.each([2, 3] as const)('in RESP%d', (protocol) => {
    const options = { protocol, clientName: '123' };

    it('CLIENT INFO and CLIENT LIST: every field of its kind, none unknown', async () => {
      await using client = new RedisClient({ url: server.url, ...options });
      const info: ClientInfo = await client.clientInfo();
      const known = { ...FIELDS, ...FURTHER };
      for (const [name, value] of Object.entries(info))
        expect([name, typeof value]).toEqual([name, known[name]]);
      expect(Object.keys(info)).toEqual(expect.arrayContaining(Object.keys(FIELDS)));
      expect(info).toMatchObject({
        id: await client.clientId(),
        addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        laddr: `127.0.0.1:${server.port}`,
        name: '123',
        db: 0,
        multi: -1,
        cmd: 'client|info',
        user: 'default',
        resp: protocol,
      });
      await using other = new RedisClient({ url: server.url, clientName: 'other' });
      await other.ping();
      const list: ClientInfo[] = await client.clientList();
      expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining(['123', 'other']));
      const own = list.find(({ id }) => id === info.id)!;
      expect(own).toMatchObject({ name: '123', cmd: 'client|list', fd: info.fd });
      expect(Object.keys(own)).toEqual(Object.keys(info));
      expect(await client.clientList('ID', info.id)).toMatchObject([{ id: info.id }]);
      expect(await client.clientList('TYPE', 'pubsub')).toEqual([]);
      expect(await client.call('client', 'info')).toMatchObject({ id: info.id });
      expect(await client.buffers.clientInfo()).toMatchObject({ id: info.id, name: '123' });
      expect(await client.pipeline().clientInfo().clientList('ID', info.id).exec()).toMatchObject([
        { id: info.id },
        [{ id: info.id }],
      ]);
    });

    it('CLIENT INFO: over a Unix socket', async () => {
      await using client = new RedisClient({ path: server.unixPath!, ...options });
      const info = await client.clientInfo();
      // Valkey takes the path for an address of IPv6, and puts it into brackets
      expect([`${server.unixPath}:0`, `[${server.unixPath}:0]:0`]).toContain(info.addr);
      expect(info).toMatchObject({ laddr: info.addr, name: '123', cmd: 'client|info' });
      expect(Object.keys(info)).toEqual(expect.arrayContaining(Object.keys(FIELDS)));
    });

    const sinceSetinfo = kind === 'redis-7.0' ? () => undefined : it;
    sinceSetinfo('CLIENT INFO: equal signs in the name of a library', async () => {
      await using client = new RedisClient({ url: server.url, ...options });
      await client.clientSetinfo('LIB-NAME', 'mine(a=b;c=d)');
      await client.clientSetinfo('LIB-VER', '7');
      expect(await client.clientInfo()).toMatchObject({ 'lib-name': 'mine(a=b;c=d)', 'lib-ver': '7' });
    });

    it('CLUSTER NODES and CLUSTER REPLICAS', async () => {
      await using client = new RedisClient({ url: server.url, ...options });
      const id = await client.clusterMyid();
      const expected: ClusterNode = {
        id,
        host: '',
        port: server.port,
        busPort: expect.any(Number) as never,
        hostname: null,
        metadata: {},
        flags: ['myself', 'master'],
        masterId: null,
        pingSent: 0,
        pongReceived: 0,
        epoch: expect.any(Number) as never,
        linkState: 'connected',
        slots: [
          { start: 0, end: 5 },
          { start: 7, end: 7 },
        ],
        migrating: [],
        importing: [],
      };
      expect(await client.clusterNodes()).toEqual([expected]);
      expect(await client.buffers.clusterNodes()).toEqual([expected]);
      await client.configSet('cluster-announce-hostname', 'host.example');
      await client.configSet('cluster-announce-ip', '10.0.0.7');
      expect(await client.clusterNodes()).toEqual([
        { ...expected, host: '10.0.0.7', hostname: 'host.example' },
      ]);
      await client.configSet({ 'cluster-announce-hostname': '', 'cluster-announce-ip': '' });
      expect(await client.clusterReplicas(id)).toEqual([]);
      expect(await client.call('CLUSTER', 'SLAVES', id)).toEqual([]);
    });
  });
});
