import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../support/index.js';

const EMPTY_SHA = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'; // of `return 1`

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;
  const isRedis7 = kind === 'redis-7.0'; // which lacks what came with 7.2 and 7.4

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterAll(() => server.stop());

  // everything below holds for both: that is how the replies are the same
  describe.each([2, 3] as const)('in RESP%d', (protocol) => {
    let client: RedisClient;

    beforeAll(() => {
      client = new RedisClient({ url: server.url, protocol });
    });

    beforeEach(() => client.flushall());

    afterAll(() => client.close());

    it('strings', async () => {
      expect(await client.set('a', '1')).toBe('OK');
      expect(await client.set('a', '2', 'NX')).toBeNull();
      expect(await client.set('a', '2', 'GET')).toBe('1');
      expect(await client.set('none', '2', 'XX', 'GET')).toBeNull();
      expect(await client.mset({ b: 'x', c: 1n }, ['d', 2])).toBe('OK');
      expect(await client.mget('a', ['b', 'c'], 'none')).toEqual(['2', 'x', '1', null]);
      expect(await client.incrby('a', 40)).toBe(42);
      expect(await client.incrbyfloat('a', '0.5')).toBe('42.5');
      expect(await client.getrange('a', 0, 1)).toBe('42');
      expect(await client.msetnx(new Map([['a', 1]]))).toBe(0);
      expect(await client.setbit('bits', 7, 1)).toBe(0);
      expect(await client.bitfield('bits', 'GET', 'u8', 0, 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', 6, 3)).toEqual(
        [1, null],
      );
      expect(await client.mset('s1', 'ohmytext', 's2', 'mynewtext')).toBe('OK');
      expect(await client.lcs('s1', 's2')).toBe('mytext');
      expect(await client.lcs('s1', 's2', 'LEN')).toBe(6);
      expect(await client.lcs('s1', 's2', 'IDX', 'MINMATCHLEN', 4, 'WITHMATCHLEN')).toEqual({
        matches: [{ a: [4, 7], b: [5, 8], length: 4 }],
        length: 6,
      });
    });

    it('keys', async () => {
      await client.mset({ a: 1, b: 2 });
      expect(await client.exists('a', 'b', 'none')).toBe(2);
      expect(await client.type('a')).toBe('string');
      expect(await client.expire('a', 100)).toBe(1);
      expect(await client.ttl('a')).toBeGreaterThan(90);
      expect(await client.randomkey()).toMatch(/^[ab]$/);
      expect((await client.keys('*')).toSorted()).toEqual(['a', 'b']);
      expect(await client.scan(0, 'COUNT', 100)).toEqual(['0', expect.arrayContaining(['a', 'b'])]);
      expect(await client.objectEncoding('a')).toBe('int');
      expect(await client.objectEncoding('none')).toBeNull();
      expect(await client.touch(['a', 'b'])).toBe(2);
      expect(await client.del(['a', 'b'])).toBe(2);
      await client.rpush('numbers', 3, 1, 2);
      expect(await client.sort('numbers')).toEqual(['1', '2', '3']);
      expect(await client.sort('numbers', 'BY', 'w_*', 'GET', 'o_*')).toEqual([null, null, null]);
      expect(await client.sort('numbers', 'STORE', 'sorted')).toBe(3);
    });

    it('hashes', async () => {
      expect(await client.hset('h', { f: 'v', g: 1 })).toBe(2);
      expect(await client.hgetall('h')).toEqual({ f: 'v', g: '1' });
      expect(await client.hgetall('none')).toEqual({});
      expect(await client.hmget('h', 'f', 'none')).toEqual(['v', null]);
      expect(await client.hincrbyfloat('h', 'g', 0.5)).toBe('1.5');
      expect(await client.hexists('h', 'f')).toBe(1);
      expect(await client.hscan('h', 0)).toEqual(['0', ['f', 'v', 'g', '1.5']]);
      expect(await client.hrandfield('none')).toBeNull();
      expect(await client.hrandfield('h', 5)).toEqual(expect.arrayContaining(['f', 'g']));
      expect(await client.hrandfield('h', 5, 'WITHVALUES')).toEqual(
        expect.arrayContaining([
          { field: 'f', value: 'v' },
          { field: 'g', value: '1.5' },
        ]),
      );
      await client.hset('odd', '__proto__', 'mine', 'constructor', 'too');
      const odd = await client.hgetall('odd');
      expect(Object.keys(odd)).toEqual(['__proto__', 'constructor']);
      expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
    });

    const sinceRedis8 = isRedis7 ? () => undefined : it;
    sinceRedis8('expiry of hash fields', async () => {
      await client.hset('h', { f: 'v' });
      expect(await client.hexpire('h', 100, 'FIELDS', 2, 'f', 'none')).toEqual([1, -2]);
      expect((await client.httl('h', 'FIELDS', 1, 'f'))[0]).toBeGreaterThan(90);
      expect(await client.hpersist('h', 'FIELDS', 1, 'f')).toEqual([1]);
    });

    it('lists', async () => {
      expect(await client.rpush('l', ['a', 'b'], 'c', 'b')).toBe(4);
      expect(await client.lrange('l', 0, -1)).toEqual(['a', 'b', 'c', 'b']);
      expect(await client.lpos('l', 'b')).toBe(1);
      expect(await client.lpos('l', 'none')).toBeNull();
      expect(await client.lpos('l', 'b', 'COUNT', 0)).toEqual([1, 3]);
      expect(await client.linsert('l', 'BEFORE', 'c', 'x')).toBe(5);
      expect(await client.lmove('l', 'm', 'LEFT', 'right')).toBe('a');
      expect(await client.lmpop(2, 'none', 'l', 'LEFT', 'COUNT', 2)).toEqual({
        key: 'l',
        elements: ['b', 'x'],
      });
      expect(await client.lmpop(1, 'none', 'LEFT')).toBeNull();
      expect(await client.blpop('none', 'l', 1)).toEqual(['l', 'c']);
      expect(await client.blmpop(1, 1, 'l', 'LEFT')).toEqual({ key: 'l', elements: ['b'] });
      expect(await client.blpop('none', 0.01)).toBeNull();
      expect(await client.lpop('m')).toBe('a');
      expect(await client.lpop('m', 2)).toBeNull();
      await client.rpush('m', 1, 2);
      expect(await client.rpop('m', 5)).toEqual(['2', '1']);
    });

    it('sets', async () => {
      expect(await client.sadd('s', 'a', 'b')).toBe(2);
      expect((await client.smembers('s')).toSorted()).toEqual(['a', 'b']);
      expect(await client.sismember('s', 'a')).toBe(1);
      expect(await client.smismember('s', 'a', 'none')).toEqual([1, 0]);
      expect(await client.sinter('s', 'none')).toEqual([]);
      expect(await client.srandmember('none')).toBeNull();
      expect(await client.srandmember('s', 5)).toHaveLength(2);
      expect(await client.sscan('s', 0)).toEqual(['0', expect.arrayContaining(['a', 'b'])]);
      expect(await client.spop('s', 5)).toEqual(expect.arrayContaining(['a', 'b']));
      expect(await client.spop('s')).toBeNull();
    });

    it('sorted sets', async () => {
      expect(await client.zadd('z', { score: 1.5, member: 'a' }, 2, 'b')).toBe(2);
      expect(await client.zadd('z', [{ score: Infinity, member: 'c' }])).toBe(1);
      expect(await client.zadd('z', 'INCR', 1, 'b')).toBe(3);
      expect(await client.zadd('z', 'NX', 'INCR', 1, 'b')).toBeNull();
      expect(await client.zscore('z', 'c')).toBe(Infinity);
      expect(await client.zscore('z', 'none')).toBeNull();
      expect(await client.zmscore('z', 'a', 'none')).toEqual([1.5, null]);
      expect(await client.zincrby('z', 0.25, 'a')).toBe(1.75);
      expect(await client.zrange('z', 0, -1)).toEqual(['a', 'b', 'c']);
      const scored = [
        { member: 'a', score: 1.75 },
        { member: 'b', score: 3 },
      ];
      expect(await client.zrange('z', 0, 1, 'WITHSCORES')).toEqual(scored);
      expect(await client.zrange('z', 0, 5, 'BYSCORE', 'withscores', 'LIMIT', 0, 10)).toEqual(scored);
      expect(await client.zrangebyscore('z', '-inf', '(3', 'WITHSCORES')).toEqual([scored[0]]);
      expect(await client.zrevrange('z', 1, 2, 'WITHSCORES')).toEqual(scored.toReversed());
      expect(await client.zrange('none', 0, -1, 'WITHSCORES')).toEqual([]);
      expect(await client.zrank('z', 'b')).toBe(1);
      if (!isRedis7) expect(await client.zrank('z', 'b', 'WITHSCORE')).toEqual({ rank: 1, score: 3 });
      expect(await client.zrank('z', 'none')).toBeNull();
      await client.zadd('WITHSCORES', 1, 'a');
      expect(await client.zunion(2, 'WITHSCORES' as string, 'none')).toEqual(['a']);
      expect(await client.zinter(2, 'z', 'WITHSCORES' as string, 'WITHSCORES')).toEqual([
        { member: 'a', score: 2.75 },
      ]);
      expect(await client.zdiff(1, 'z')).toEqual(['a', 'b', 'c']);
      expect(await client.zrandmember('none')).toBeNull();
      expect(await client.zrandmember('WITHSCORES', 3)).toEqual(['a']);
      expect(await client.zrandmember('WITHSCORES', 3, 'WITHSCORES')).toEqual([{ member: 'a', score: 1 }]);
      expect(await client.zscan('WITHSCORES', 0)).toEqual(['0', ['a', '1']]);
      expect(await client.zpopmin('z')).toEqual([scored[0]]);
      expect(await client.zpopmin('none')).toEqual([]);
      expect(await client.zmpop(1, 'z', 'MIN')).toEqual({ key: 'z', members: [scored[1]] });
      expect(await client.zmpop(1, 'none', 'MIN')).toBeNull();
      expect(await client.bzpopmax('z', 1)).toEqual({ key: 'z', member: 'c', score: Infinity });
      expect(await client.bzpopmax('z', 0.01)).toBeNull();
      await client.zadd('z', -1, 'x', 0, 'y');
      expect(await client.zpopmax('z', 2)).toEqual([
        { member: 'y', score: 0 },
        { member: 'x', score: -1 },
      ]);
    });

    it('geo', async () => {
      await client.geoadd(
        'g',
        { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
        15.087269,
        37.502669,
        'Catania',
      );
      expect(await client.geodist('g', 'Palermo', 'Catania')).toBeCloseTo(166274.15, 1);
      expect(await client.geodist('g', 'Palermo', 'none')).toBeNull();
      expect(await client.geohash('g', 'Palermo')).toEqual(['sqc8b49rny0']);
      const [palermo, none] = await client.geopos('g', 'Palermo', 'none');
      expect(palermo!.longitude).toBeCloseTo(13.361, 2);
      expect(palermo!.latitude).toBeCloseTo(38.115, 2);
      expect(none).toBeNull();
      expect(await client.geosearch('g', 'FROMLONLAT', 15, 37, 'BYRADIUS', 100, 'km')).toEqual(['Catania']);
      expect(
        await client.geosearch(
          'g',
          'FROMLONLAT',
          15,
          37,
          'BYRADIUS',
          100,
          'km',
          'WITHDIST',
          'WITHHASH',
          'WITHCOORD',
        ),
      ).toEqual([
        {
          member: 'Catania',
          distance: expect.any(Number),
          hash: 3479447370796909,
          longitude: expect.any(Number),
          latitude: expect.any(Number),
        },
      ]);
      expect(await client.geosearch('g', 'FROMMEMBER', 'Catania', 'BYBOX', 1, 1, 'km', 'WITHDIST')).toEqual([
        { member: 'Catania', distance: 0 },
      ]);
      expect(await client.georadius('g', 15, 37, 200, 'km', 'STORE', 'near')).toBe(2);
    });

    it('streams', async () => {
      expect(await client.xadd('s', '1-1', { a: 1, b: 'two' })).toBe('1-1');
      expect(await client.xadd('s', '2-1', 'a', 2)).toBe('2-1');
      expect(await client.xadd('none', 'NOMKSTREAM', '*', 'a', 2)).toBeNull();
      const first = { id: '1-1', fields: { a: '1', b: 'two' } };
      const second = { id: '2-1', fields: { a: '2' } };
      expect(await client.xrange('s', '-', '+')).toEqual([first, second]);
      expect(await client.xrevrange('s', '+', '-', 'COUNT', 1)).toEqual([second]);
      expect(await client.xread('COUNT', 10, 'STREAMS', 's', 'none', 0, 0)).toEqual([
        { key: 's', entries: [first, second] },
      ]);
      expect(await client.xread('STREAMS', 'none', 0)).toBeNull();
      expect(await client.xread('BLOCK', 10, 'STREAMS', 'none', 0)).toBeNull();
      expect(await client.xgroupCreate('s', 'g', 0)).toBe('OK');
      expect(await client.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 's', '>')).toEqual([
        { key: 's', entries: [first, second] },
      ]);
      expect(await client.xpending('s', 'g')).toEqual({
        pending: 2,
        minId: '1-1',
        maxId: '2-1',
        consumers: [{ name: 'me', pending: 2 }],
      });
      expect(await client.xpending('s', 'g', '-', '+', 1)).toEqual([
        { id: '1-1', consumer: 'me', idle: expect.any(Number), deliveries: 1 },
      ]);
      expect(await client.xclaim('s', 'g', 'you', 0, '1-1')).toEqual([first]);
      expect(await client.xclaim('s', 'g', 'you', 0, '1-1', 'JUSTID')).toEqual(['1-1']);
      await client.xdel('s', '1-1');
      // read and deleted since: the entry has no fields any more
      expect(await client.xreadgroup('GROUP', 'g', 'you', 'STREAMS', 's', 0)).toEqual([
        { key: 's', entries: [{ id: '1-1', fields: {} }] },
      ]);
      expect(await client.xautoclaim('s', 'g', 'me', 0, '0')).toEqual({
        cursor: '0-0',
        entries: [second],
        deletedIds: ['1-1'],
      });
      expect(await client.xautoclaim('s', 'g', 'me', 0, '0', 'JUSTID')).toEqual({
        cursor: '0-0',
        entries: ['2-1'],
        deletedIds: [],
      });
      expect(await client.xinfoGroups('s')).toEqual([
        expect.objectContaining({ name: 'g', consumers: 2, pending: 1 }),
      ]);
      expect(await client.xinfoConsumers('s', 'g')).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'me' })]),
      );
      expect(await client.xinfoStream('s')).toMatchObject({
        length: 1,
        'first-entry': second,
        'last-entry': second,
      });
      expect(await client.xinfoStream('s', 'FULL')).toMatchObject({
        entries: [second],
        groups: [{ name: 'g', consumers: expect.arrayContaining([expect.objectContaining({ name: 'me' })]) }],
      });
      expect(await client.xack('s', 'g', '2-1')).toBe(1);
      expect(await client.xpending('s', 'g')).toEqual({
        pending: 0,
        minId: null,
        maxId: null,
        consumers: [],
      });
    });

    it('HyperLogLog', async () => {
      expect(await client.pfadd('p', 'a', 'b')).toBe(1);
      expect(await client.pfmerge('q', 'p')).toBe('OK');
      expect(await client.pfcount('p', 'q')).toBe(2);
    });

    it('scripts and functions', async () => {
      expect(await client.eval('return {KEYS[1], ARGV[1], 1, false}', 1, 'k', 'v')).toEqual([
        'k',
        'v',
        1,
        null,
      ]);
      expect(await client.scriptLoad('return 1')).toBe(EMPTY_SHA);
      expect(await client.scriptExists(EMPTY_SHA, 'none')).toEqual([1, 0]);
      expect(await client.evalsha(EMPTY_SHA, 0)).toBe(1);
      const code =
        "#!lua name=lib\nredis.register_function{function_name='f', callback=function() return 'hi' end, flags={'no-writes'}}";
      expect(await client.functionLoad('REPLACE', code)).toBe('lib');
      expect(await client.fcall('f', 0)).toBe('hi');
      expect(await client.fcallRo('f', 0)).toBe('hi');
      expect(await client.functionList()).toEqual([
        expect.objectContaining({
          library_name: 'lib',
          functions: [{ name: 'f', description: null, flags: ['no-writes'] }],
        }),
      ]);
      expect(await client.functionStats()).toMatchObject({
        running_script: null,
        engines: { LUA: { libraries_count: 1 } },
      });
    });

    it('server, connection and pub/sub', async () => {
      expect(await client.ping()).toBe('PONG');
      expect(await client.ping('hi')).toBe('hi');
      expect(await client.time()).toEqual([expect.any(Number), expect.any(Number)]);
      const info = await client.info('server', 'clients');
      expect(Object.keys(info)).toEqual(['server', 'clients']);
      expect(info.server!.tcp_port).toBe(String(server.port));
      expect(await client.configGet('maxmemory', 'appendonly')).toEqual({
        maxmemory: '0',
        appendonly: expect.stringMatching(/yes|no/),
      });
      expect(await client.configSet({ 'maxmemory-samples': 6 })).toBe('OK');
      expect(await client.clientId()).toEqual(expect.any(Number));
      expect(await client.clientSetname('me')).toBe('OK');
      expect(await client.clientGetname()).toBe('me');
      expect(await client.clientTrackinginfo()).toEqual({ flags: ['off'], redirect: -1, prefixes: [] });
      expect(await client.aclWhoami()).toBe('default');
      expect(await client.aclGetuser('default')).toMatchObject({
        flags: expect.arrayContaining(['on']),
        selectors: [],
      });
      expect(await client.aclGetuser('none')).toBeNull();
      expect(await client.publish('channel', 'x')).toBe(0);
      expect(await client.pubsubNumsub('a', 'b')).toEqual({ a: 0, b: 0 });
      expect(await client.memoryUsage('none')).toBeNull();
      expect(await client.memoryStats()).toMatchObject({
        'keys.count': 0,
        fragmentation: expect.any(Number),
      });
      expect(await client.commandDocs('get')).toMatchObject({ get: { group: 'string' } });
      expect((await client.commandInfo('get', 'nope'))[1]).toBeNull();
      expect(await client.moduleList()).toEqual(expect.any(Array));
      expect(await client.latencyHistogram('ping')).toEqual({
        ping: { calls: expect.any(Number), histogram_usec: expect.any(Object) },
      });
      expect(await client.commandCount()).toBeGreaterThan(200);
      expect(await client.commandGetkeys('MSET', 'a', 1, 'b', 2)).toEqual(['a', 'b']);
      expect(await client.dbsize()).toBe(0);
      expect(await client.call('config', 'get', 'appendonly')).toEqual({ appendonly: expect.any(String) });
    });

    it('bytes', async () => {
      const { buffers } = client;
      const bytes = Buffer.from([0, 255, 254, 10, 13]);
      expect(await buffers.set('b', bytes)).toBe('OK');
      expect(await buffers.get('b')).toEqual(bytes);
      expect(await buffers.set('b', bytes, 'GET')).toEqual(bytes);
      await buffers.hset('h', 'f', bytes);
      expect(await buffers.hgetall('h')).toEqual({ f: bytes });
      await buffers.zadd('z', 1.5, bytes);
      expect(await buffers.zscore('z', bytes)).toBe(1.5);
      expect(await buffers.zrange('z', 0, -1, 'WITHSCORES')).toEqual([{ member: bytes, score: 1.5 }]);
      expect(await buffers.xadd('s', '1-1', 'f', bytes)).toBe('1-1');
      expect(await buffers.xread('STREAMS', 's', 0)).toEqual([
        { key: Buffer.from('s'), entries: [{ id: '1-1', fields: { f: bytes } }] },
      ]);
      expect(await buffers.scan(0, 'MATCH', 'b')).toEqual(['0', [Buffer.from('b')]]);
      expect(await buffers.type('b')).toBe('string');
      expect((await buffers.info('server')).server!.tcp_port).toBe(String(server.port));
      expect(await buffers.geodist('none', 'a', 'b')).toBeNull();
    });

    it('DUMP gives bytes to everybody', async () => {
      await client.set('a', 'text');
      const dump = await client.dump('a');
      expect(Buffer.isBuffer(dump)).toBe(true);
      expect(await client.restore('b', 0, dump!)).toBe('OK');
      expect(await client.get('b')).toBe('text');
      expect(await client.dump('none')).toBeNull();
    });

    const inRedis8 = kind === 'redis-8.0' ? it : () => undefined;
    inRedis8('vector sets', async () => {
      expect(await client.vadd('v', 'VALUES', 2, 1, 0, 'a')).toBe(1);
      expect(await client.vadd('v', 'VALUES', 2, 1, 0, 'a')).toBe(0);
      expect(await client.vcard('v')).toBe(1);
      expect(await client.vdim('v')).toBe(2);
      expect(await client.vismember('v', 'a')).toBe(1);
      expect(await client.vsetattr('v', 'a', '{"n":1}')).toBe(1);
      expect(await client.vgetattr('v', 'a')).toBe('{"n":1}');
      expect(await client.vrandmember('v')).toBe('a');
      expect(await client.vrandmember('v', 2)).toEqual(['a']);
      expect(await client.vinfo('v')).toMatchObject({ size: 1, 'vector-dim': 2 });
      expect(await client.vinfo('none')).toBeNull();
      expect(await client.vemb('v', 'a')).toEqual([1, 0]);
      expect(await client.vsim('v', 'ELE', 'a', 'WITHSCORES')).toEqual([{ member: 'a', score: 1 }]);
      expect(await client.vrem('v', 'a')).toBe(1);
    });
  });
});
