import { expect, it } from '@jest/globals';
import { eventually } from '../../support/index.js';
import { describeGroup, expectRefused, expectUnknown, expectWrongType } from './support/index.js';

const LARGEST = 2n ** 63n - 1n;
/** 2100-01-01, Unix seconds. */
const YEAR_2100 = 4_102_444_800;

describeGroup('string', (given) => {
  it('GET, SET: text of any script, under a key of any script, is kept byte by byte', async () => {
    const { client } = given;
    expect(await client.get('none')).toBeNull();
    for (const text of ['', 'Grüße', '漢字かな', '🎈🏽', 'a\r\nb\0c', '\u2028']) {
      expect(await client.set(`ключ ${text}`, text)).toBe('OK');
      expect(await client.get(`ключ ${text}`)).toBe(text);
      expect(await client.buffers.get(`ключ ${text}`)).toEqual(Buffer.from(text));
    }
    const bytes = Buffer.from([0x00, 0xff, 0xc3, 0x0d, 0x0a]);
    await client.set(bytes, bytes);
    expect(await client.buffers.get(bytes)).toEqual(bytes);
    expect(await client.strlen(bytes)).toBe(5);
  });

  it('SET: NX for a new key only, XX for an old one only, GET for what was there', async () => {
    const { client } = given;
    expect(await client.set('k', '1', 'XX')).toBeNull();
    expect(await client.set('k', '1', 'NX')).toBe('OK');
    expect(await client.set('k', '2', 'NX')).toBeNull();
    expect(await client.set('k', '3', 'XX')).toBe('OK');
    expect(await client.set('k', '4', 'GET')).toBe('3');
    // refused by its condition, it still tells what is there
    expect(await client.set('k', '5', 'NX', 'GET')).toBe('4');
    expect(await client.set('new', '6', 'NX', 'GET')).toBeNull();
    expect(await client.mget('k', 'new')).toEqual(['4', '6']);
    await expectRefused(client.set('k', '7', 'NX', 'XX'), 'ERR', /syntax error/);
    expect(await client.get('k')).toBe('4');
  });

  it('SET: an expiry goes with the next value, unless KEEPTTL', async () => {
    const { client } = given;
    await client.set('k', '1', 'EXAT', YEAR_2100);
    expect(await client.expiretime('k')).toBe(YEAR_2100);
    await client.set('k', '2', 'KEEPTTL');
    expect(await client.expiretime('k')).toBe(YEAR_2100);
    await client.set('k', '3');
    expect(await client.ttl('k')).toBe(-1);
    await client.set('k', '4', 'PXAT', YEAR_2100 * 1_000 + 1);
    expect(await client.pexpiretime('k')).toBe(YEAR_2100 * 1_000 + 1);
    await client.set('k', '5', 'EX', 100);
    expect(await client.ttl('k')).toBeGreaterThan(90);
    await client.set('k', '6', 'PX', 100_000);
    expect(await client.pttl('k')).toBeGreaterThan(90_000);
    await expectRefused(client.set('k', '7', 'EX', 0), 'ERR', /invalid expire time in 'set' command/);
    expect(await client.get('k')).toBe('6');
  });

  it('SET IFEQ: only where the value is still the one expected', async () => {
    const { client, kind } = given;
    await client.set('k', 'old');
    if (kind !== 'valkey-9.1') {
      await expectRefused(client.set('k', 'new', 'IFEQ', 'old'), 'ERR', /syntax error/);
      expect(await client.get('k')).toBe('old');
      return;
    }
    expect(await client.set('k', 'new', 'IFEQ', 'other')).toBeNull();
    expect(await client.set('k', 'new', 'IFEQ', 'old')).toBe('OK');
    expect(await client.set('k', 'newer', 'IFEQ', 'new', 'GET')).toBe('new');
    expect(await client.set('none', 'x', 'IFEQ', '')).toBeNull();
    expect(await client.mget('k', 'none')).toEqual(['newer', null]);
    // a value may be called as an option is
    await client.set('k', 'get');
    expect(await client.buffers.set('k', 'new', 'IFEQ', 'get')).toBe('OK');
    expect(await client.buffers.set('k', 'ifeq', 'IFEQ', 'new', 'GET')).toEqual(Buffer.from('new'));
    expect(await client.buffers.set('k', 'get', 'GET', 'IFEQ', 'ifeq')).toEqual(Buffer.from('ifeq'));
  });

  it('SETEX, PSETEX, SETNX, GETSET: the older forms of SET', async () => {
    const { client } = given;
    expect(await client.setex('k', 100, 'é')).toBe('OK');
    expect(await client.ttl('k')).toBeGreaterThan(90);
    expect(await client.psetex('k', 200_000, 'è')).toBe('OK');
    expect(await client.pttl('k')).toBeGreaterThan(100_000);
    expect(await client.psetex('brief', 1, 'x')).toBe('OK');
    await eventually(async () => expect(await client.get('brief')).toBeNull());
    expect(await client.setnx('k', 'x')).toBe(0);
    expect(await client.setnx('new', 'x')).toBe(1);
    expect(await client.getset('k', 'ê')).toBe('è');
    expect(await client.ttl('k')).toBe(-1);
    expect(await client.getset('newer', 'y')).toBeNull();
    expect(await client.mget('k', 'new', 'newer')).toEqual(['ê', 'x', 'y']);
    await expectRefused(client.setex('k', 0, 'x'), 'ERR', /invalid expire time in 'setex' command/);
    await expectRefused(client.psetex('k', -1, 'x'), 'ERR', /invalid expire time in 'psetex' command/);
  });

  it('GETEX reads and sets or removes the expiry; GETDEL reads for the last time', async () => {
    const { client } = given;
    await client.set('k', 'v');
    expect(await client.getex('k')).toBe('v');
    expect(await client.ttl('k')).toBe(-1);
    expect(await client.getex('k', 'EX', 100)).toBe('v');
    expect(await client.ttl('k')).toBeGreaterThan(90);
    expect(await client.getex('k', 'PX', 200_000)).toBe('v');
    expect(await client.pttl('k')).toBeGreaterThan(100_000);
    expect(await client.getex('k')).toBe('v');
    expect(await client.pttl('k')).toBeGreaterThan(100_000);
    expect(await client.getex('k', 'PERSIST')).toBe('v');
    expect(await client.ttl('k')).toBe(-1);
    expect(await client.getex('k', 'EXAT', YEAR_2100)).toBe('v');
    expect(await client.expiretime('k')).toBe(YEAR_2100);
    // a time that has passed: read and gone
    expect(await client.getex('k', 'PXAT', 1)).toBe('v');
    expect(await client.getex('k', 'EX', 100)).toBeNull();
    await client.set('k', 'w');
    expect(await client.getdel('k')).toBe('w');
    expect(await client.getdel('k')).toBeNull();
    await expectRefused(client.getex('k', 'EX', 1, 'PERSIST'), 'ERR', /syntax error/);
  });

  it('MSET, MGET, MSETNX: several keys at once, MSETNX all or none', async () => {
    const { client } = given;
    expect(await client.mset({ ä: 'ö', b: 2 }, ['c', 3n])).toBe('OK');
    expect(await client.mget(['ä', 'none'], 'c', 'b', 'c')).toEqual(['ö', null, '3', '2', '3']);
    expect(await client.msetnx(new Map([['d', 4]]), 'c', 5)).toBe(0);
    expect(await client.msetnx('d', 4, 'e', 5)).toBe(1);
    expect(await client.mget('c', 'd', 'e')).toEqual(['3', '4', '5']);
    // what is no text reads as nothing: MGET never fails over one key
    await client.rpush('list', 'x');
    expect(await client.mget('list', 'd')).toEqual([null, '4']);
    // the last one of two equal keys counts
    await client.mset('f', 1, 'f', 2);
    expect(await client.get('f')).toBe('2');
    await expectRefused(client.mset('odd', 1, 'number'), 'ERR', /wrong number of arguments/);
  });

  it('INCR, DECR, INCRBY, DECRBY count exactly, past 2^53 as bigint', async () => {
    const { client } = given;
    expect(await client.incr('n')).toBe(1);
    expect(await client.incrby('n', 41)).toBe(42);
    expect(await client.decr('n')).toBe(41);
    expect(await client.decrby('n', 50)).toBe(-9);
    await client.set('n', Number.MAX_SAFE_INTEGER - 1);
    expect(await client.incr('n')).toBe(Number.MAX_SAFE_INTEGER);
    expect(await client.incr('n')).toBe(2n ** 53n);
    expect(await client.incrby('n', 2n ** 62n)).toBe(2n ** 62n + 2n ** 53n);
    expect(await client.decrby('n', 2n ** 62n + 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(await client.decrby('n', 2n ** 54n)).toBe(-(2n ** 53n) - 1n);
    expect(await client.get('n')).toBe('-9007199254740993');
  });

  it('INCR and its kin refuse to overflow, and leave the number as it is', async () => {
    const { client } = given;
    const overflow = /increment or decrement would overflow/;
    await client.mset({ high: LARGEST, low: -LARGEST - 1n });
    await expectRefused(client.incr('high'), 'ERR', overflow);
    await expectRefused(client.incrby('high', 1), 'ERR', overflow);
    await expectRefused(client.decr('low'), 'ERR', overflow);
    await expectRefused(client.decrby('low', 1), 'ERR', overflow);
    await expectRefused(client.decrby('low', -LARGEST - 1n), 'ERR', /decrement would overflow/);
    await expectRefused(client.incrby('high', LARGEST + 1n), 'ERR', /not an integer or out of range/);
    expect(await client.mget('high', 'low')).toEqual([String(LARGEST), String(-LARGEST - 1n)]);
    await client.set('text', 'zwölf');
    await expectRefused(client.incr('text'), 'ERR', /not an integer or out of range/);
    await expectRefused(client.incrby('high', 1.5), 'ERR', /not an integer or out of range/);
  });

  it('INCRBYFLOAT gives text with every digit that the server keeps', async () => {
    const { client } = given;
    await client.set('f', 10.5);
    expect(await client.incrbyfloat('f', 0.1)).toBe('10.6');
    expect(await client.incrbyfloat('f', '-5.1')).toBe('5.5');
    expect(await client.incrbyfloat('f', '2.0e2')).toBe('205.5');
    expect(await client.incrbyfloat('none', -1)).toBe('-1');
    await client.set('big', 2n ** 53n);
    expect(await client.incrbyfloat('big', 1.5)).toBe('9007199254740993.5');
    await expectRefused(client.incrbyfloat('f', Infinity), 'ERR', /would produce NaN or Infinity/);
    await expectRefused(client.incrbyfloat('f', 'x'), 'ERR', /not a valid float/);
    expect(await client.get('f')).toBe('205.5');
  });

  it('APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE count bytes, not characters', async () => {
    const { client } = given;
    expect(await client.strlen('none')).toBe(0);
    expect(await client.append('k', 'né')).toBe(3);
    expect(await client.append('k', '漢!')).toBe(7);
    expect(await client.strlen('k')).toBe(7);
    expect(await client.getrange('k', 0, 2)).toBe('né');
    expect(await client.getrange('k', -4, -2)).toBe('漢');
    expect(await client.getrange('k', 5, 2)).toBe('');
    expect(await client.getrange('none', 0, -1)).toBe('');
    expect(await client.substr('k', 3, -1)).toBe('漢!');
    // a character cut in two is bytes still
    expect(await client.buffers.getrange('k', 2, 3)).toEqual(Buffer.from([0xa9, 0xe6]));
    expect(await client.setrange('k', 3, 'abc')).toBe(7);
    expect(await client.get('k')).toBe('néabc!');
    expect(await client.setrange('new', 3, 'x')).toBe(4);
    expect(await client.get('new')).toBe('\0\0\0x');
    expect(await client.setrange('none', 5, '')).toBe(0);
    expect(await client.exists('none')).toBe(0);
    await expectRefused(client.setrange('k', 2 ** 29, 'x'), 'ERR', /exceeds maximum allowed size/);
  });

  it('LCS: the longest common text, its length, or where it is', async () => {
    const { client } = given;
    await client.mset({ a: 'ohmytext', b: 'mynewtext', c: 'été', d: 'thé' });
    expect(await client.lcs('a', 'b')).toBe('mytext');
    expect(await client.lcs('a', 'b', 'LEN')).toBe(6);
    expect(await client.lcs('a', 'b', 'IDX')).toEqual({
      // from the end, as the server goes
      matches: [
        { a: [4, 7], b: [5, 8] },
        { a: [2, 3], b: [0, 1] },
      ],
      length: 6,
    });
    expect(await client.lcs('a', 'b', 'IDX', 'MINMATCHLEN', 3, 'WITHMATCHLEN')).toEqual({
      matches: [{ a: [4, 7], b: [5, 8], length: 4 }],
      length: 6,
    });
    expect(await client.lcs('c', 'd')).toBe('té');
    expect(await client.lcs('none', 'a')).toBe('');
    expect(await client.lcs('none', 'a', 'IDX')).toEqual({ matches: [], length: 0 });
    await expectRefused(client.lcs('a', 'b', 'LEN', 'IDX'), 'ERR', /please just use IDX/);
  });

  it('DELIFEQ deletes only the value that is expected', async () => {
    const { client } = given;
    await client.set('lock', 'minë');
    if (!given.has('DELIFEQ')) {
      await expectUnknown('DELIFEQ', client.delifeq('lock', 'minë'));
      expect(await client.get('lock')).toBe('minë');
      return;
    }
    expect(await client.delifeq('lock', 'yours')).toBe(0);
    expect(await client.get('lock')).toBe('minë');
    expect(await client.delifeq('lock', 'minë')).toBe(1);
    expect(await client.delifeq('lock', 'minë')).toBe(0);
  });

  it('MSETEX sets several keys with one expiry and on one condition', async () => {
    const { client } = given;
    if (!given.has('MSETEX')) {
      await expectUnknown('MSETEX', client.msetex({ a: 1, b: 2 }, { ex: 100 }));
      expect(await client.mget('a', 'b')).toEqual([null, null]);
      return;
    }
    expect(await client.msetex({ a: 1, b: 2 }, { exat: YEAR_2100 })).toBe(1);
    expect(await Promise.all([client.expiretime('a'), client.expiretime('b')])).toEqual([
      YEAR_2100,
      YEAR_2100,
    ]);
    expect(await client.msetex(2, 'b', 3, 'c', 3, 'NX')).toBe(0);
    expect(await client.msetex(2, 'b', 3, 'c', 3, 'XX')).toBe(0);
    expect(await client.msetex(2, 'a', 3, 'b', 3, 'XX', 'KEEPTTL')).toBe(1);
    expect(await client.mget('a', 'b', 'c')).toEqual(['3', '3', null]);
    expect(await client.expiretime('b')).toBe(YEAR_2100);
    expect(await client.msetex(1, 'b', 4)).toBe(1);
    expect(await client.ttl('b')).toBe(-1);
  });

  it('a key of another type is refused by every command that reads or changes text', async () => {
    const { client } = given;
    await client.rpush('list', 'x');
    await expectWrongType(
      client.get('list'),
      client.getset('list', 'y'),
      client.getex('list'),
      client.getdel('list'),
      client.set('list', 'y', 'GET'),
      client.append('list', 'y'),
      client.strlen('list'),
      client.getrange('list', 0, 1),
      client.setrange('list', 0, 'y'),
      client.incr('list'),
      client.decrby('list', 1),
      client.incrbyfloat('list', 1),
    );
    await client.set('text', 'x');
    await expectRefused(client.lcs('list', 'text'), 'ERR', /must contain string values/);
    // SET and MSET ask for nothing that was there
    expect(await client.set('list', 'text')).toBe('OK');
    expect(await client.get('list')).toBe('text');
  });
});
