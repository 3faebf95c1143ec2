import { expect, it } from '@jest/globals';
import type { FieldValue, RedisClient } from 'nestjs-redwire/core';
import { eventually } from '../../support/index.js';
import { describeGroup, expectRefused, expectUnknown, expectWrongType } from './support/index.js';

const LARGEST = 2n ** 63n - 1n;
/** 2100-01-01, Unix seconds. */
const YEAR_2100 = 4_102_444_800;

describeGroup('hash', (given) => {
  it('HSET, HGET, HGETALL, HMGET, HMSET, HSETNX: fields and values of any script', async () => {
    const { client } = given;
    expect(await client.hset('h', { größe: 'ü', n: 1 }, ['漢', '🎈'])).toBe(3);
    expect(await client.hset('h', new Map([['n', 2n]]), 'new', '')).toBe(1);
    expect(await client.hgetall('h')).toEqual({ größe: 'ü', n: '2', 漢: '🎈', new: '' });
    expect(await client.hget('h', '漢')).toBe('🎈');
    expect(await client.hget('h', 'none')).toBeNull();
    expect(await client.hget('none', 'f')).toBeNull();
    expect(await client.hmget('h', 'n', ['none', 'größe'], 'n')).toEqual(['2', null, 'ü', '2']);
    expect(await client.hmget('none', 'a', 'b')).toEqual([null, null]);
    expect(await client.hmset('m', 'a', 1, 'b', 2)).toBe('OK');
    expect(await client.hsetnx('m', 'a', 9)).toBe(0);
    expect(await client.hsetnx('m', 'c', 3)).toBe(1);
    expect(await client.hgetall('m')).toEqual({ a: '1', b: '2', c: '3' });
    expect(await client.hgetall('none')).toEqual({});
    await expectRefused(client.hset('h', 'odd'), 'ERR', /wrong number of arguments/);
  });

  it('HDEL, HEXISTS, HLEN, HSTRLEN, HKEYS, HVALS', async () => {
    const { client } = given;
    await client.hset('h', { a: 'é', b: 'xyz', c: '' });
    expect(await client.hlen('h')).toBe(3);
    expect(await client.hstrlen('h', 'a')).toBe(2);
    expect(await client.hstrlen('h', 'none')).toBe(0);
    expect((await client.hkeys('h')).toSorted()).toEqual(['a', 'b', 'c']);
    expect((await client.hvals('h')).toSorted()).toEqual(['', 'xyz', 'é']);
    expect(await client.hexists('h', 'c')).toBe(1);
    expect(await client.hdel('h', 'c', ['none', 'b'])).toBe(2);
    expect(await client.hexists('h', 'c')).toBe(0);
    expect(await client.hdel('h', 'a')).toBe(1);
    // with its last field the hash is gone
    expect(await client.exists('h')).toBe(0);
    expect(await client.hkeys('h')).toEqual([]);
    expect(await client.hvals('h')).toEqual([]);
    expect(await client.hlen('h')).toBe(0);
  });

  it('bytes that are no text are fields and values', async () => {
    const { client } = given;
    const { buffers } = client;
    const field = Buffer.from([0xff, 0x00]);
    const value = Buffer.from([0xc3, 0x0d, 0x0a]);
    expect(await client.hset('h', field, value)).toBe(1);
    expect(await buffers.hget('h', field)).toEqual(value);
    expect(await buffers.hmget('h', field, 'none')).toEqual([value, null]);
    expect(await buffers.hkeys('h')).toEqual([field]);
    expect(await buffers.hvals('h')).toEqual([value]);
    expect(await buffers.hscan('h', 0)).toEqual(['0', [field, value]]);
    expect(await buffers.hrandfield('h')).toEqual(field);
    expect(await buffers.hrandfield('h', 1, 'WITHVALUES')).toEqual([{ field, value }]);
    expect(await client.hstrlen('h', field)).toBe(3);
  });

  it('HINCRBY counts exactly, past 2^53 as bigint, and refuses to overflow', async () => {
    const { client } = given;
    expect(await client.hincrby('h', 'ñ', 5)).toBe(5);
    expect(await client.hincrby('h', 'ñ', -7n)).toBe(-2);
    expect(await client.hincrby('h', 'ñ', 2n ** 53n + 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(await client.hincrby('h', 'ñ', 2)).toBe(2n ** 53n + 1n);
    await client.hset('h', 'high', LARGEST, 'low', -LARGEST - 1n, 'text', 'x');
    const overflow = /increment or decrement would overflow/;
    await expectRefused(client.hincrby('h', 'high', 1), 'ERR', overflow);
    await expectRefused(client.hincrby('h', 'low', -1), 'ERR', overflow);
    await expectRefused(client.hincrby('h', 'text', 1), 'ERR', /hash value is not an integer/);
    expect(await client.hmget('h', 'high', 'low')).toEqual([String(LARGEST), String(-LARGEST - 1n)]);
  });

  it('HINCRBYFLOAT gives text with every digit that the server keeps', async () => {
    const { client } = given;
    expect(await client.hincrbyfloat('h', 'f', 10.5)).toBe('10.5');
    expect(await client.hincrbyfloat('h', 'f', '-0.1')).toBe('10.4');
    await client.hset('h', 'big', 2n ** 53n, 'text', 'x');
    expect(await client.hincrbyfloat('h', 'big', 1.5)).toBe('9007199254740993.5');
    await expectRefused(client.hincrbyfloat('h', 'text', 1), 'ERR', /hash value is not a float/);
    await expectRefused(client.hincrbyfloat('h', 'f', Infinity), 'ERR', /NaN or Infinity/);
    expect(await client.hget('h', 'f')).toBe('10.4');
  });

  it('HRANDFIELD: one, so many different ones, or as many draws with repetition', async () => {
    const { client } = given;
    const fields: Record<string, string> = { a: '1', ö: '2', 漢: '3' };
    await client.hset('h', fields);
    const pairs = Object.entries(fields).map(([field, value]): FieldValue => ({ field, value }));
    expect(Object.keys(fields)).toContain(await client.hrandfield('h'));
    const two = await client.hrandfield('h', 2);
    expect(new Set(two).size).toBe(2);
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(two));
    expect((await client.hrandfield('h', 9)).toSorted()).toEqual(Object.keys(fields).toSorted());
    const draws = await client.hrandfield('h', -50, 'WITHVALUES');
    expect(draws).toHaveLength(50);
    expect(pairs).toEqual(expect.arrayContaining(draws));
    const whole = await client.hrandfield('h', 9, 'WITHVALUES');
    expect(whole).toHaveLength(3);
    expect(whole).toEqual(expect.arrayContaining(pairs));
    expect(await client.hrandfield('h', 0)).toEqual([]);
    expect(await client.hrandfield('none')).toBeNull();
    expect(await client.hrandfield('none', 2)).toEqual([]);
    expect(await client.hrandfield('none', 2, 'WITHVALUES')).toEqual([]);
  });

  it('HSCAN passes every field with its value at least once, in steps', async () => {
    const { client, kind } = given;
    const fields = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`f:${index}`, `ä${index}`]),
    );
    await client.hset('h', fields);
    const seen: Record<string, string> = {};
    let steps = 0;
    let cursor = '0';
    do {
      const [next, items] = await client.hscan('h', cursor, 'COUNT', 100);
      for (let index = 0; index < items.length; index += 2) seen[items[index]!] = items[index + 1]!;
      cursor = next;
      steps++;
    } while (cursor !== '0' && steps < 2_000);
    expect(cursor).toBe('0');
    expect(steps).toBeGreaterThan(5);
    expect(seen).toEqual(fields);
    const one = ['MATCH', 'f:1999', 'COUNT', 10_000];
    expect(await client.hscan('h', 0, one)).toEqual(['0', ['f:1999', 'ä1999']]);
    expect(await client.hscan('none', 0)).toEqual(['0', []]);
    if (kind === 'redis-7.0') await expectRefused(client.hscan('h', 0, 'NOVALUES'), 'ERR', /syntax error/);
    else expect(await client.hscan('h', 0, one, 'NOVALUES')).toEqual(['0', ['f:1999']]);
  });

  it('a key of another type is refused', async () => {
    const { client } = given;
    await client.set('text', 'x');
    await expectWrongType(
      client.hset('text', 'f', 1),
      client.hmset('text', 'f', 1),
      client.hsetnx('text', 'f', 1),
      client.hget('text', 'f'),
      client.hmget('text', 'f'),
      client.hgetall('text'),
      client.hkeys('text'),
      client.hvals('text'),
      client.hlen('text'),
      client.hstrlen('text', 'f'),
      client.hexists('text', 'f'),
      client.hdel('text', 'f'),
      client.hincrby('text', 'f', 1),
      client.hincrbyfloat('text', 'f', 1),
      client.hrandfield('text', 2, 'WITHVALUES'),
      client.hscan('text', 0),
    );
    expect(await client.get('text')).toBe('x');
  });

  /** One call for each command about fields that expire, on the field `f` of a key. */
  const expiring: [name: string, call: (client: RedisClient, key: string) => Promise<unknown>][] = [
    ['HEXPIRE', (client, key) => client.hexpire(key, 100, 'FIELDS', 1, 'f')],
    ['HPEXPIRE', (client, key) => client.hpexpire(key, 100_000, 'FIELDS', 1, 'f')],
    ['HEXPIREAT', (client, key) => client.hexpireat(key, YEAR_2100, 'FIELDS', 1, 'f')],
    ['HPEXPIREAT', (client, key) => client.hpexpireat(key, YEAR_2100 * 1_000, 'FIELDS', 1, 'f')],
    ['HEXPIRETIME', (client, key) => client.hexpiretime(key, 'FIELDS', 1, 'f')],
    ['HPEXPIRETIME', (client, key) => client.hpexpiretime(key, 'FIELDS', 1, 'f')],
    ['HTTL', (client, key) => client.httl(key, 'FIELDS', 1, 'f')],
    ['HPTTL', (client, key) => client.hpttl(key, 'FIELDS', 1, 'f')],
    ['HPERSIST', (client, key) => client.hpersist(key, 'FIELDS', 1, 'f')],
    ['HGETEX', (client, key) => client.hgetex(key, 'EX', 100, 'FIELDS', 1, 'f')],
    ['HGETDEL', (client, key) => client.hgetdel(key, 'FIELDS', 1, 'f')],
    ['HSETEX', (client, key) => client.hsetex(key, 'EX', 100, 'FIELDS', 1, 'f', 'new')],
  ];

  if (!given.has('HEXPIRE')) {
    it.each(expiring)('%s is not known here, and changes nothing', async (name, call) => {
      await given.client.hset('h', 'f', 'v');
      await expectUnknown(name, call(given.client, 'h'));
      expect(await given.client.hgetall('h')).toEqual({ f: 'v' });
    });
    return;
  }

  it.each(expiring)('%s refuses a key of another type', async (_name, call) => {
    await given.client.set('text', 'x');
    await expectWrongType(call(given.client, 'text'));
  });

  it('HEXPIRE answers for each field: 1 set, 0 not by its condition, 2 deleted, -2 not there', async () => {
    const { client } = given;
    await client.hset('h', { é: 1, plain: 2, past: 3 });
    expect(await client.hexpire('h', 100, 'FIELDS', 2, 'é', 'none')).toEqual([1, -2]);
    expect(await client.hexpire('h', 200, 'NX', 'FIELDS', 2, 'é', 'past')).toEqual([0, 1]);
    expect(await client.hexpire('h', 300, 'XX', 'FIELDS', 3, ['é', 'plain', 'none'])).toEqual([1, 0, -2]);
    expect(await client.hexpire('h', 200, 'GT', 'FIELDS', 2, 'é', 'plain')).toEqual([0, 0]);
    expect(await client.hexpire('h', 400, 'GT', 'FIELDS', 1, 'é')).toEqual([1]);
    expect(await client.hexpire('h', 500, 'LT', 'FIELDS', 1, 'é')).toEqual([0]);
    expect(await client.hexpire('h', 350, 'LT', 'FIELDS', 2, 'é', 'plain')).toEqual([1, 1]);
    const [first, second] = await client.httl('h', 'FIELDS', 2, 'é', 'plain');
    expect([first! > 300 && first! <= 350, second! > 300 && second! <= 350]).toEqual([true, true]);
    expect(await client.hexpire('h', 0, 'FIELDS', 2, 'past', 'none')).toEqual([2, -2]);
    expect(await client.hgetall('h')).toEqual({ é: '1', plain: '2' });
    expect(await client.hexpire('none', 1, 'FIELDS', 2, 'a', 'b')).toEqual([-2, -2]);
    await expectRefused(client.hexpire('h', -1, 'FIELDS', 1, 'é'), 'ERR', /invalid expire time/);
    await expectRefused(client.hexpire('h', 1, 'FIELDS', 2, 'é'), 'ERR', /numfields/);
  });

  it('HPEXPIRE, HEXPIREAT, HPEXPIREAT take the same conditions; a time that has passed deletes', async () => {
    const { client } = given;
    await client.hset('h', { a: 1, b: 2, c: 3 });
    expect(await client.hpexpire('h', 100_000, 'XX', 'FIELDS', 1, 'a')).toEqual([0]);
    expect(await client.hpexpire('h', 100_000, 'NX', 'FIELDS', 1, 'a')).toEqual([1]);
    expect((await client.hpttl('h', 'FIELDS', 1, 'a'))[0]).toBeGreaterThan(50_000);
    expect(await client.hexpireat('h', YEAR_2100, 'GT', 'FIELDS', 2, 'a', 'none')).toEqual([1, -2]);
    expect(await client.hpexpireat('h', YEAR_2100 * 1_000 + 1, 'LT', 'FIELDS', 2, 'a', 'b')).toEqual([0, 1]);
    expect(await client.hpexpiretime('h', 'FIELDS', 4, 'a', 'b', 'c', 'none')).toEqual([
      YEAR_2100 * 1_000,
      YEAR_2100 * 1_000 + 1,
      -1,
      -2,
    ]);
    expect(await client.hexpiretime('h', 'FIELDS', 3, 'a', 'c', 'none')).toEqual([YEAR_2100, -1, -2]);
    expect(await client.hpexpire('h', 0, 'FIELDS', 1, 'a')).toEqual([2]);
    expect(await client.hexpireat('h', 1, 'FIELDS', 1, 'b')).toEqual([2]);
    expect(await client.hpexpireat('h', 1, 'FIELDS', 1, 'c')).toEqual([2]);
    expect(await client.exists('h')).toBe(0);
    await client.hset('h', 'brief', 1, 'other', 2);
    expect(await client.hpexpire('h', 1, 'FIELDS', 1, 'brief')).toEqual([1]);
    await eventually(async () => expect(await client.hgetall('h')).toEqual({ other: '2' }));
  });

  it('HTTL, HPTTL, HPERSIST: -1 for a field that never expires, -2 for none', async () => {
    const { client } = given;
    await client.hset('h', { a: 1, b: 2 });
    await client.hexpire('h', 100, 'FIELDS', 1, 'a');
    expect(await client.httl('h', 'FIELDS', 2, 'b', 'none')).toEqual([-1, -2]);
    expect(await client.hpttl('h', 'FIELDS', 2, ['b', 'none'])).toEqual([-1, -2]);
    expect((await client.httl('h', 'FIELDS', 1, 'a'))[0]).toBeGreaterThan(50);
    expect(await client.hpersist('h', 'FIELDS', 3, 'a', 'b', 'none')).toEqual([1, -1, -2]);
    expect(await client.httl('h', 'FIELDS', 1, 'a')).toEqual([-1]);
    expect(await client.hpersist('none', 'FIELDS', 1, 'a')).toEqual([-2]);
    expect(await client.httl('none', 'FIELDS', 1, 'a')).toEqual([-2]);
  });

  it('HGETEX reads and sets or removes the expiry; HGETDEL reads for the last time', async () => {
    const { client } = given;
    await client.hset('h', { a: 'ä', b: 'b' });
    expect(await client.hgetex('h', 'FIELDS', 2, 'a', 'none')).toEqual(['ä', null]);
    expect(await client.httl('h', 'FIELDS', 1, 'a')).toEqual([-1]);
    expect(await client.hgetex('h', 'EXAT', YEAR_2100, 'FIELDS', 1, 'a')).toEqual(['ä']);
    expect(await client.hexpiretime('h', 'FIELDS', 2, 'a', 'b')).toEqual([YEAR_2100, -1]);
    expect(await client.hgetex('h', 'PERSIST', 'FIELDS', 1, 'a')).toEqual(['ä']);
    expect(await client.hexpiretime('h', 'FIELDS', 1, 'a')).toEqual([-1]);
    // a time that has passed: read and gone
    expect(await client.hgetex('h', 'PXAT', 1, 'FIELDS', 1, 'a')).toEqual(['ä']);
    expect(await client.hgetall('h')).toEqual({ b: 'b' });
    expect(await client.buffers.hgetdel('h', 'FIELDS', 2, 'b', 'a')).toEqual([Buffer.from('b'), null]);
    expect(await client.exists('h')).toBe(0);
    expect(await client.hgetdel('h', 'FIELDS', 2, 'a', 'b')).toEqual([null, null]);
    expect(await client.hgetex('h', 'EX', 100, 'FIELDS', 2, 'a', 'b')).toEqual([null, null]);
  });

  it('HSETEX: all fields or none by FNX and FXX, with one expiry, which KEEPTTL leaves', async () => {
    const { client } = given;
    expect(await client.hsetex('h', 'EXAT', YEAR_2100, 'FIELDS', 2, { a: 1, b: 2 })).toBe(1);
    expect(await client.hsetex('h', 'FNX', 'EX', 9, 'FIELDS', 2, 'b', 3, 'c', 3)).toBe(0);
    expect(await client.hsetex('h', 'FXX', 'EX', 9, 'FIELDS', 2, 'b', 3, 'c', 3)).toBe(0);
    expect(await client.hgetall('h')).toEqual({ a: '1', b: '2' });
    expect(await client.hsetex('h', 'FXX', 'KEEPTTL', 'FIELDS', 1, 'a', 'é')).toBe(1);
    expect(await client.hexpiretime('h', 'FIELDS', 2, 'a', 'b')).toEqual([YEAR_2100, YEAR_2100]);
    expect(await client.hsetex('h', 'FIELDS', 1, 'a', 'è')).toBe(1);
    expect(await client.hexpiretime('h', 'FIELDS', 2, 'a', 'b')).toEqual([-1, YEAR_2100]);
    expect(await client.hget('h', 'a')).toBe('è');
    await expectRefused(client.hsetex('h', 'FIELDS', 2, 'a', 1), 'ERR', /number of (arguments|fields)/);
    // conditions on the key: Valkey alone
    if (given.kind === 'valkey-9.1') {
      expect(await client.hsetex('h', 'NX', 'FIELDS', 1, 'c', 3)).toBe(0);
      expect(await client.hsetex('h', 'XX', 'FIELDS', 1, 'c', 3)).toBe(1);
      expect(await client.hget('h', 'c')).toBe('3');
    } else await expectRefused(client.hsetex('h', 'NX', 'FIELDS', 1, 'c', 3), 'ERR', /unknown argument/);
  });
});
