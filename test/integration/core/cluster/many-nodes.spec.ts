import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisScript } from '../../../../lib/core/index.js';
import { SERVER_KINDS, startCluster, type TestCluster } from '../../../support/index.js';

const numbers = Array.from({ length: 100 }, (_, index) => index);
const names = numbers.map((n) => `key:${n}`);

describe.each(SERVER_KINDS)('commands that concern several nodes, on a cluster of %s', (kind) => {
  let cluster: TestCluster;
  let client: RedisClient;
  let split: RedisClient;

  beforeAll(async () => {
    cluster = await startCluster({ kind });
    client = new RedisClient({ cluster: { nodes: cluster.addresses.slice(0, 1) }, guard: { keys: 'allow' } });
    split = new RedisClient({ cluster: { nodes: cluster.addresses, crossSlot: 'split' } });
  });

  beforeEach(() => client.flushall());

  afterAll(async () => {
    await client?.close();
    await split?.close();
    await cluster?.stop();
  });

  it('keyless ones are asked of every master, and answered as one', async () => {
    expect(await client.randomkey()).toBeNull();
    await Promise.all(names.map((name) => client.set(name, 1)));
    expect(await client.dbsize()).toBe(100);
    expect((await client.keys('key:*')).toSorted()).toEqual(names.toSorted());
    expect(await client.buffers.keys('key:9')).toEqual([Buffer.from('key:9')]);
    expect(names).toContain(await client.randomkey());
    expect(await client.call('DBSIZE')).toBe(100);
    expect(await client.pipeline().dbsize().get('key:1').flushall().dbsize().get('key:1').exec()).toEqual([
      100,
      '1',
      'OK',
      0,
      null,
    ]);
    expect(await client.ping()).toBe('PONG');
  });

  it('settings reach every node, replicas too', async () => {
    await client.configSet('slowlog-max-len', 77);
    for (const node of cluster.nodes)
      expect(await node.ask('CONFIG', 'GET', 'slowlog-max-len')).toMatchObject({ 'slowlog-max-len': '77' });
    const all = await client.clientList();
    const servers = all.map(({ laddr }) => laddr);
    for (const { host, port } of cluster.nodes) expect(servers).toContain(`${host}:${port}`);
  });

  it('what only one node can answer is refused with advice, also in pipelines and by call()', async () => {
    const refused = { code: 'NOT_FOR_CLUSTER', message: expect.stringContaining('client.nodes()') };
    await expect(client.role()).rejects.toMatchObject(refused);
    await expect(client.call('role')).rejects.toMatchObject(refused);
    await expect(client.scan(0)).rejects.toMatchObject({
      code: 'NOT_FOR_CLUSTER',
      message: expect.stringContaining('scanIterator()'),
    });
    const [set, role] = await client.pipeline().set('a', 1).role().exec();
    expect([set, role]).toMatchObject(['OK', refused]);
  });

  it('a command about a slot goes to the master of the slot', async () => {
    for (const name of ['{a}1', '{a}2', '{b}1']) await client.set(name, 1);
    const slot = await client.clusterKeyslot('a');
    expect(await client.clusterCountkeysinslot(slot)).toBe(2);
    expect((await client.clusterGetkeysinslot(slot, 10)).toSorted()).toEqual(['{a}1', '{a}2']);
  });

  it('keys of several slots are split on request, and the results joined in order', async () => {
    await expect(client.mget(names)).rejects.toMatchObject({ code: 'CROSSSLOT' });
    expect(await split.mset(Object.fromEntries(numbers.map((n) => [`key:${n}`, n])))).toBe('OK');
    expect(await split.mget(names)).toEqual(numbers.map(String));
    const view = client.with({ crossSlot: 'split' });
    expect(await view.mget('key:7', 'nothing', 'key:3')).toEqual(['7', null, '3']);
    expect(await view.buffers.mget('key:1', 'key:2')).toEqual([Buffer.from('1'), Buffer.from('2')]);
    expect(await view.exists('key:1', 'key:2', 'key:2', 'nothing')).toBe(3);
    expect(await view.touch('key:1', 'nothing')).toBe(1);
    expect(await view.pipeline().mget('key:5', 'key:6').del('key:5', 'key:6').get('key:5').exec()).toEqual([
      ['5', '6'],
      2,
      null,
    ]);
    await expect(split.with({ crossSlot: 'refuse' }).mget(names)).rejects.toMatchObject({
      code: 'CROSSSLOT',
    });
    await expect(view.sinter('a', 'b')).rejects.toMatchObject({ code: 'CROSSSLOT' });
    expect(await split.unlink(names)).toBe(98);
  });

  it('parts that fail say how many', async () => {
    await split.mset({ a: 1, b: 2, c: 3 });
    const list = await client.rpush('{a}list', 1);
    expect(list).toBe(1);
    await client.aclSetuser('half', 'on', 'nopass', '~a', '~b', '+@all');
    await using half = new RedisClient({
      cluster: { nodes: cluster.addresses, crossSlot: 'split' },
      username: 'half',
      password: 'x',
    });
    await expect(half.mget('a', 'b', 'c')).rejects.toMatchObject({
      code: 'NOPERM',
      command: 'MGET',
      message: expect.stringMatching(/; 1 of 3 parts failed, the other 2 were answered$/),
    });
    await client.aclDeluser('half');
  });

  it('errors of some nodes name them', async () => {
    const [master] = await cluster.masters();
    await master!.ask('ACL', 'SETUSER', 'default', '-dbsize');
    await expect(client.dbsize()).rejects.toMatchObject({
      code: 'NOPERM',
      command: 'DBSIZE',
      message: expect.stringMatching(
        new RegExp(`; 1 of 3 nodes failed \\(127\\.0\\.0\\.1:${master!.port}\\), the other 2 were answered$`),
      ),
    });
    await master!.ask('ACL', 'SETUSER', 'default', '+dbsize');
    expect(await client.dbsize()).toBe(0);
  });

  it('the key prefix goes with all of it', async () => {
    await using app = new RedisClient({
      cluster: { nodes: cluster.addresses, crossSlot: 'split' },
      keyPrefix: 'app:',
      guard: { keys: 'allow' },
    });
    await client.set('other', 1);
    await app.mset({ a: 1, b: 2, c: 3 });
    expect(await client.get('app:a')).toBe('1');
    expect(await app.mget('c', 'b', 'a')).toEqual(['3', '2', '1']);
    expect((await app.keys('*')).toSorted()).toEqual(['a', 'b', 'c']);
    const found: string[] = [];
    for await (const key of app.scanIterator().items()) found.push(key);
    expect(found.toSorted()).toEqual(['a', 'b', 'c']);
    expect(await app.dbsize()).toBe(4);
  });

  it('scripts run where their keys are, known there or not', async () => {
    const script = new RedisScript({ lua: `return redis.call('incrby', KEYS[1], ARGV[1]) -- ${kind}` });
    expect(await Promise.all(names.map((name) => client.callScript(script, [name], [5])))).toEqual(
      numbers.map(() => 5),
    );
    await expect(client.callScript(script, ['a', 'b'], [1])).rejects.toMatchObject({ code: 'CROSSSLOT' });
    expect(await client.evalshaOrEval('return 7', 0)).toBe(7);
    expect(await client.eval('return 8', 0)).toBe(8);
    const sha = await client.scriptLoad('return 9');
    expect(await client.scriptExists(sha)).toEqual([1]);
    for (const { client: node } of client.nodes()) expect(await node.scriptExists(sha)).toEqual([1]);
    expect(await client.evalsha(sha, 0)).toBe(9);
  });

  it('a script called by a pipeline goes as a whole to every node that it concerns, once', async () => {
    await client.scriptFlush();
    const before = await calls();
    const script = new RedisScript({ lua: `return redis.call('append', KEYS[1], 'x') -- ${kind}` });
    const pipeline = client.pipeline();
    for (const name of [...names, ...names]) pipeline.callScript(script, [name]);
    expect(await pipeline.exec()).toEqual([...numbers.map(() => 1), ...numbers.map(() => 2)]);
    const after = await calls();
    expect(after.eval - before.eval).toBe(3);
    expect(after.evalsha - before.evalsha).toBe(197);
  });

  it('functions are loaded everywhere, and called where their keys are', async () => {
    const code = `#!lua name=lib
      redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) end)`;
    expect(await client.functionLoad(code, { replace: true })).toBe('lib');
    expect(await Promise.all(names.map((name) => client.fcall('put', [name], ['v'])))).toHaveLength(100);
    expect(await client.dbsize()).toBe(100);
    await expect(client.fcall('put', ['a', 'b'], ['v'])).rejects.toMatchObject({ code: 'CROSSSLOT' });
    await client.functionFlush();
  });

  it('a scan goes over all masters', async () => {
    await split.mset(Object.fromEntries(names.map((name) => [name, 1])));
    for (const n of numbers) await client.rpush(`list:${n}`, n);
    const collect = async (options: Parameters<RedisClient['scanIterator']>[0]): Promise<string[]> => {
      const found = new Set<string>();
      for await (const key of client.scanIterator(options).items()) found.add(key);
      return [...found].toSorted();
    };
    expect(await collect({})).toHaveLength(200);
    expect(await collect({ match: 'key:*', count: 50 })).toEqual(names.toSorted());
    expect(await collect({ type: 'list' })).toEqual(numbers.map((n) => `list:${n}`).toSorted());
    for await (const batch of client.buffers.scanIterator({ match: 'key:42' }))
      expect(batch).toEqual([Buffer.from('key:42')]);
  });

  /** EVAL and EVALSHA over all masters. */
  async function calls(): Promise<{ eval: number; evalsha: number }> {
    const sum = { eval: 0, evalsha: 0 };
    for (const node of await cluster.masters()) {
      const text: string = await node.ask('INFO', 'commandstats');
      for (const name of ['eval', 'evalsha'] as const)
        sum[name] += Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    }
    return sum;
  }
});
