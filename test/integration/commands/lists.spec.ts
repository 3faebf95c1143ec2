import { expect, it } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { watch } from '../core/support/index.js';
import { describeGroup, expectRefused, expectWrongType, untilBlocked } from './support/index.js';

const all = (client: RedisClient, key: string): Promise<string[]> => client.lrange(key, 0, -1);

/** s: longer than any test takes, so that only an element ends the waiting. */
const LONG = 60;
/** s: until nothing has come. */
const SHORT = 0.05;

describeGroup('list', (given) => {
  it('LPUSH, RPUSH, LPUSHX, RPUSHX: to either end, X only where there is a list', async () => {
    const { client } = given;
    expect(await client.lpushx('l', 'a')).toBe(0);
    expect(await client.rpushx('l', 'a')).toBe(0);
    expect(await client.exists('l')).toBe(0);
    expect(await client.rpush('l', 'c', ['ü', 4n])).toBe(3);
    // one after the other: the last one given is the first
    expect(await client.lpush('l', 'b', 'a')).toBe(5);
    expect(await client.lpushx('l', '漢', '🎈')).toBe(7);
    expect(await client.rpushx('l', 'z')).toBe(8);
    expect(await all(client, 'l')).toEqual(['🎈', '漢', 'a', 'b', 'c', 'ü', '4', 'z']);
    expect(await client.llen('l')).toBe(8);
    expect(await client.llen('none')).toBe(0);
  });

  it('LRANGE, LINDEX, LSET, LTRIM: by index from either end', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'b', 'c', 'd', 'e');
    expect(await client.lrange('l', 1, 2)).toEqual(['b', 'c']);
    expect(await client.lrange('l', -2, 100)).toEqual(['d', 'e']);
    expect(await client.lrange('l', 3, 1)).toEqual([]);
    expect(await client.lrange('none', 0, -1)).toEqual([]);
    expect(await client.lindex('l', 0)).toBe('a');
    expect(await client.lindex('l', -1)).toBe('e');
    expect(await client.lindex('l', 5)).toBeNull();
    expect(await client.lset('l', -2, 'đ')).toBe('OK');
    expect(await client.ltrim('l', 1, -2)).toBe('OK');
    expect(await all(client, 'l')).toEqual(['b', 'c', 'đ']);
    await expectRefused(client.lset('l', 3, 'x'), 'ERR', /index out of range/);
    await expectRefused(client.lset('none', 0, 'x'), 'ERR', /no such key/);
    expect(await client.ltrim('l', 5, 9)).toBe('OK');
    expect(await client.exists('l')).toBe(0);
  });

  it('LINSERT: beside the first such element; -1 without it, 0 without a list', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'c', 'a');
    expect(await client.linsert('l', 'BEFORE', 'c', 'b')).toBe(4);
    expect(await client.linsert('l', 'AFTER', 'a', 'ä')).toBe(5);
    expect(await all(client, 'l')).toEqual(['a', 'ä', 'b', 'c', 'a']);
    expect(await client.linsert('l', 'before', 'none', 'x')).toBe(-1);
    expect(await client.linsert('none', 'AFTER', 'a', 'x')).toBe(0);
    expect(await client.exists('none')).toBe(0);
  });

  it('LREM: so many from the head, from the tail, or all', async () => {
    const { client } = given;
    await client.rpush('l', 'x', 'a', 'x', 'b', 'x', 'c', 'x');
    expect(await client.lrem('l', 1, 'x')).toBe(1);
    expect(await client.lrem('l', -1, 'x')).toBe(1);
    expect(await all(client, 'l')).toEqual(['a', 'x', 'b', 'x', 'c']);
    expect(await client.lrem('l', 0, 'x')).toBe(2);
    expect(await client.lrem('l', 0, 'x')).toBe(0);
    expect(await all(client, 'l')).toEqual(['a', 'b', 'c']);
  });

  it('LPOS: the first, the one of a RANK, COUNT of them, within MAXLEN comparisons', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'b', 'c', '1', '2', '3', 'c', 'c');
    expect(await client.lpos('l', 'c')).toBe(2);
    expect(await client.lpos('l', 3)).toBe(5);
    expect(await client.lpos('l', 'none')).toBeNull();
    expect(await client.lpos('none', 'c')).toBeNull();
    expect(await client.lpos('l', 'c', 'RANK', 2)).toBe(6);
    expect(await client.lpos('l', 'c', 'RANK', -1)).toBe(7);
    expect(await client.lpos('l', 'c', 'COUNT', 2)).toEqual([2, 6]);
    expect(await client.lpos('l', 'c', 'COUNT', 0, 'RANK', -1)).toEqual([7, 6, 2]);
    expect(await client.lpos('l', 'none', 'COUNT', 0)).toEqual([]);
    expect(await client.lpos('none', 'c', 'COUNT', 1)).toEqual([]);
    expect(await client.lpos('l', 'c', 'MAXLEN', 2)).toBeNull();
    expect(await client.lpos('l', 'c', 'RANK', -1, 'COUNT', 0, 'MAXLEN', 2)).toEqual([7, 6]);
    await expectRefused(client.lpos('l', 'c', 'RANK', 0), 'ERR', /RANK can't be zero/);
    await expectRefused(client.lpos('l', 'c', 'COUNT', -1), 'ERR', /COUNT can't be negative/);
  });

  it('LPOP, RPOP: one, or several in the order in which they leave', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'b', 'c', 'd', 'e', 'é');
    expect(await client.lpop('l')).toBe('a');
    expect(await client.rpop('l')).toBe('é');
    expect(await client.lpop('l', 2)).toEqual(['b', 'c']);
    expect(await client.rpop('l', 0)).toEqual([]);
    expect(await client.rpop('l', 9)).toEqual(['e', 'd']);
    expect(await client.exists('l')).toBe(0);
    expect(await client.lpop('l')).toBeNull();
    expect(await client.rpop('l', 2)).toBeNull();
    await expectRefused(client.lpop('l', -1), 'ERR', /must be positive/);
  });

  it('LMOVE, RPOPLPUSH: from an end to an end, also of the same list', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'b', 'c');
    expect(await client.lmove('l', 'm', 'LEFT', 'RIGHT')).toBe('a');
    expect(await client.lmove('l', 'm', 'right', 'left')).toBe('c');
    expect(await client.rpoplpush('m', 'l')).toBe('a');
    expect(await Promise.all([all(client, 'l'), all(client, 'm')])).toEqual([['a', 'b'], ['c']]);
    expect(await client.lmove('l', 'l', 'LEFT', 'RIGHT')).toBe('a');
    expect(await all(client, 'l')).toEqual(['b', 'a']);
    expect(await client.lmove('none', 'm', 'LEFT', 'LEFT')).toBeNull();
    expect(await client.rpoplpush('none', 'm')).toBeNull();
    expect(await all(client, 'm')).toEqual(['c']);
  });

  it('LMPOP: from the first list that has any', async () => {
    const { client } = given;
    await client.rpush('l', 'a', 'b', 'ç', 'd');
    await client.rpush('m', 'x');
    expect(await client.lmpop(3, 'none', 'l', 'm', 'LEFT')).toEqual({ key: 'l', elements: ['a'] });
    expect(await client.lmpop(2, ['l', 'm'], 'RIGHT', 'COUNT', 2)).toEqual({
      key: 'l',
      elements: ['d', 'ç'],
    });
    expect(await client.lmpop(2, 'm', 'l', 'LEFT', 'COUNT', 9)).toEqual({ key: 'm', elements: ['x'] });
    expect(await client.lmpop(1, 'none', 'LEFT')).toBeNull();
    await expectRefused(client.lmpop(0, 'l', 'LEFT'), 'ERR', /numkeys should be greater than 0/);
    await expectRefused(client.lmpop(1, 'l', 'LEFT', 'COUNT', 0), 'ERR', /count should be greater than 0/);
  });

  it('elements may be any bytes', async () => {
    const { client } = given;
    const bytes = [Buffer.from([0xff, 0x00]), Buffer.from('\r\n'), Buffer.alloc(0)];
    const key = Buffer.from([0xfe]);
    await client.rpush(key, bytes);
    expect(await client.buffers.lrange(key, 0, -1)).toEqual(bytes);
    expect(await client.lpos(key, bytes[1]!)).toBe(1);
    expect(await client.buffers.blpop(key, 1)).toEqual([key, bytes[0]]);
    expect(await client.buffers.blmpop(1, 1, key, 'LEFT', 'COUNT', 2)).toEqual({
      key,
      elements: [bytes[1], bytes[2]],
    });
  });

  // each on an empty list `l`, to which `a` and then `ü` are pushed in one go
  const blocking: [
    name: string,
    call: (client: RedisClient, seconds: number) => Promise<unknown>,
    unknown,
  ][] = [
    ['BLPOP', (client, seconds) => client.blpop('none', 'l', seconds), ['l', 'a']],
    ['BRPOP', (client, seconds) => client.brpop(['none', 'l'], seconds), ['l', 'ü']],
    ['BLMOVE', (client, seconds) => client.blmove('l', 'm', 'LEFT', 'RIGHT', seconds), 'a'],
    ['BRPOPLPUSH', (client, seconds) => client.brpoplpush('l', 'm', seconds), 'ü'],
    [
      'BLMPOP',
      (client, seconds) => client.blmpop(seconds, 2, 'none', 'l', 'LEFT', 'COUNT', 5),
      { key: 'l', elements: ['a', 'ü'] },
    ],
  ];

  it.each(blocking)('%s waits until somebody pushes, and holds nobody up', async (_name, call, reply) => {
    const { client, other } = given;
    const waiting = call(client, LONG);
    const state = watch(waiting);
    await untilBlocked(other);
    // the same client goes on meanwhile
    expect(await client.llen('l')).toBe(0);
    expect(state.settled).toBe(false);
    expect(await other.rpush('l', 'a', 'ü')).toBe(2);
    expect(await waiting).toEqual(reply);
    await untilBlocked(other, 0);
  });

  it.each(blocking)('%s waits for ever with 0, takes at once what is there', async (_name, call, reply) => {
    const { client, other } = given;
    const waiting = call(client, 0);
    const state = watch(waiting);
    await untilBlocked(other);
    expect(state.settled).toBe(false);
    await other.rpush('l', 'a', 'ü');
    expect(await waiting).toEqual(reply);
    await other.del('l');
    await other.rpush('l', 'a', 'ü');
    expect(await call(client, 0)).toEqual(reply);
  });

  it.each(blocking)('%s gives null when nothing has come in its time', async (_name, call) => {
    const { client } = given;
    expect(await call(client, SHORT)).toBeNull();
    await untilBlocked(client, 0);
    expect(await client.exists('l', 'm')).toBe(0);
  });

  it.each(blocking)('%s refuses a negative timeout', async (_name, call) => {
    await expectRefused(call(given.client, -1), 'ERR', /timeout is negative/);
  });

  it('who waited first is served first; moved elements wake those who wait for them', async () => {
    const { client, other } = given;
    const first = client.blpop('l', LONG);
    await untilBlocked(other);
    const second = client.brpop('l', LONG);
    await untilBlocked(other, 2);
    const moved = client.blmove('m', 'l', 'LEFT', 'LEFT', LONG);
    await untilBlocked(other, 3);
    await other.rpush('l', '1');
    expect(await first).toEqual(['l', '1']);
    await other.rpush('m', '2');
    expect(await moved).toBe('2');
    expect(await second).toEqual(['l', '2']);
    expect(await client.exists('l', 'm')).toBe(0);
  });

  it('a key of another type is refused, also by the blocking ones, which do not wait', async () => {
    const { client } = given;
    await client.set('text', 'x');
    await client.rpush('l', 'a');
    await expectWrongType(
      client.lpush('text', 'a'),
      client.rpush('text', 'a'),
      client.lpushx('text', 'a'),
      client.rpushx('text', 'a'),
      client.llen('text'),
      client.lrange('text', 0, -1),
      client.lindex('text', 0),
      client.lset('text', 0, 'a'),
      client.ltrim('text', 0, 1),
      client.linsert('text', 'BEFORE', 'a', 'b'),
      client.lrem('text', 0, 'a'),
      client.lpos('text', 'a'),
      client.lpop('text'),
      client.rpop('text', 2),
      client.lmove('l', 'text', 'LEFT', 'LEFT'),
      client.rpoplpush('text', 'l'),
      client.lmpop(1, 'text', 'LEFT'),
      client.blpop('text', LONG),
      client.brpop('text', LONG),
      client.blmove('l', 'text', 'LEFT', 'LEFT', LONG),
      client.brpoplpush('text', 'l', LONG),
      client.blmpop(LONG, 1, 'text', 'LEFT'),
    );
    expect(await all(client, 'l')).toEqual(['a']);
  });
});
