import { expect, it } from '@jest/globals';
import type { RedisClient } from 'nestjs-redwire/core';
import { describeGroup, expectRefused, expectWrongType } from './support/index.js';

const WORDS = ['äpfel', 'birne', '梨', '🍒'];

/** Sets have no order: neither have the lists that come of them. */
const sorted = (members: readonly string[]): string[] => members.toSorted();
const membersOf = async (client: RedisClient, key: string): Promise<string[]> =>
  sorted(await client.smembers(key));

describeGroup('set', (given) => {
  it('SADD, SREM, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS: a member is there once or not', async () => {
    const { client } = given;
    expect(await client.sadd('s', WORDS, 'birne')).toBe(4);
    expect(await client.sadd('s', 'birne', 'x', 7)).toBe(2);
    expect(await client.scard('s')).toBe(6);
    expect(await client.srem('s', 'x', ['7', 'none'])).toBe(2);
    expect(await membersOf(client, 's')).toEqual(sorted(WORDS));
    expect(await client.sismember('s', '梨')).toBe(1);
    expect(await client.sismember('s', 'none')).toBe(0);
    expect(await client.smismember('s', 'none', '🍒', ['äpfel', ''])).toEqual([0, 1, 1, 0]);
    expect(await client.smismember('none', 'a', 'b')).toEqual([0, 0]);
    expect(await client.sismember('none', 'a')).toBe(0);
    expect(await client.smembers('none')).toEqual([]);
    expect(await client.scard('none')).toBe(0);
    // with its last member the set is gone
    expect(await client.srem('s', ...WORDS)).toBe(4);
    expect(await client.exists('s')).toBe(0);
  });

  it('bytes that are no text are members of their own', async () => {
    const { client } = given;
    const bytes = [Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.alloc(0)];
    expect(await client.sadd('s', bytes)).toBe(3);
    const found = await client.buffers.smembers('s');
    expect(found.toSorted(Buffer.compare)).toEqual(bytes.toSorted(Buffer.compare));
    expect(await client.sismember('s', bytes[1]!)).toBe(1);
    expect(await client.buffers.srandmember('s', 10)).toHaveLength(3);
    expect(await client.srem('s', bytes[0]!, bytes[2]!)).toBe(2);
    expect(await client.buffers.spop('s')).toEqual(bytes[1]);
  });

  it('SMOVE: out of one set, into another, in one step', async () => {
    const { client } = given;
    await client.sadd('from', 'a', 'b');
    await client.sadd('to', 'b');
    expect(await client.smove('from', 'to', 'none')).toBe(0);
    expect(await client.smove('none', 'to', 'a')).toBe(0);
    expect(await client.smove('from', 'to', 'a')).toBe(1);
    expect(await client.smove('from', 'to', 'b')).toBe(1);
    expect(await client.exists('from')).toBe(0);
    expect(await membersOf(client, 'to')).toEqual(['a', 'b']);
  });

  it('SINTER, SUNION, SDIFF, and what they store', async () => {
    const { client } = given;
    await client.sadd('a', 1, 2, 3, 4);
    await client.sadd('b', 3, 4, 5);
    await client.sadd('c', 4, 9);
    expect(sorted(await client.sinter('a', 'b'))).toEqual(['3', '4']);
    expect(await client.sinter(['a', 'b'], 'c')).toEqual(['4']);
    expect(await client.sinter('a', 'none')).toEqual([]);
    expect(sorted(await client.sunion('b', 'c', 'none'))).toEqual(['3', '4', '5', '9']);
    expect(sorted(await client.sdiff('a', 'b', 'c'))).toEqual(['1', '2']);
    expect(await client.sdiff('none', 'a')).toEqual([]);
    expect(await client.sinterstore('d', 'a', 'b')).toBe(2);
    expect(await membersOf(client, 'd')).toEqual(['3', '4']);
    expect(await client.sunionstore('d', 'd', ['c'])).toBe(3);
    expect(await membersOf(client, 'd')).toEqual(['3', '4', '9']);
    expect(await client.sdiffstore('d', 'd', 'b')).toBe(1);
    expect(await client.smembers('d')).toEqual(['9']);
    // an empty result takes away what was there, whatever it was
    await client.set('text', 'x');
    expect(await client.sinterstore('text', 'a', 'none')).toBe(0);
    expect(await client.exists('text')).toBe(0);
  });

  it('SINTERCARD counts without sending, and stops at LIMIT', async () => {
    const { client } = given;
    await client.sadd('a', 1, 2, 3, 4);
    await client.sadd('b', 2, 3, 4, 5);
    expect(await client.sintercard(2, 'a', 'b')).toBe(3);
    expect(await client.sintercard(2, ['a', 'b'], 'LIMIT', 2)).toBe(2);
    expect(await client.sintercard(2, 'a', 'b', 'LIMIT', 0)).toBe(3);
    expect(await client.sintercard(1, 'a')).toBe(4);
    expect(await client.sintercard(2, 'a', 'none')).toBe(0);
    await expectRefused(client.sintercard(0, 'a'), 'ERR', /numkeys should be greater than 0/);
    await expectRefused(client.sintercard(2, 'a', 'b', 'LIMIT', -1), 'ERR', /LIMIT can't be negative/);
  });

  it('SRANDMEMBER: one, so many different ones, or as many draws with repetition', async () => {
    const { client } = given;
    await client.sadd('s', WORDS);
    expect(WORDS).toContain(await client.srandmember('s'));
    const three = await client.srandmember('s', 3);
    expect(new Set(three).size).toBe(3);
    expect(WORDS).toEqual(expect.arrayContaining(three));
    expect(sorted(await client.srandmember('s', 100))).toEqual(sorted(WORDS));
    const draws = await client.srandmember('s', -100);
    expect(draws).toHaveLength(100);
    expect(WORDS).toEqual(expect.arrayContaining(draws));
    expect(await client.srandmember('s', 0)).toEqual([]);
    expect(await client.srandmember('none')).toBeNull();
    expect(await client.srandmember('none', 3)).toEqual([]);
    expect(await client.scard('s')).toBe(4);
  });

  it('SPOP: what it gives is gone', async () => {
    const { client } = given;
    await client.sadd('s', WORDS);
    const first = (await client.spop('s'))!;
    expect(await client.sismember('s', first)).toBe(0);
    const two = await client.spop('s', 2);
    expect(two).toHaveLength(2);
    expect(await client.smismember('s', two)).toEqual([0, 0]);
    expect(await client.spop('s', 0)).toEqual([]);
    const rest = await client.spop('s', 10);
    expect(sorted([first, ...two, ...rest])).toEqual(sorted(WORDS));
    expect(await client.spop('s')).toBeNull();
    expect(await client.spop('s', 2)).toEqual([]);
    await expectRefused(client.spop('s', -1), 'ERR', /must be positive/);
  });

  it('SSCAN passes every member at least once, in steps', async () => {
    const { client } = given;
    const members = Array.from({ length: 2_000 }, (_, index) => `m:${index}:ü`);
    await client.sadd('s', members);
    const seen = new Set<string>();
    let steps = 0;
    let cursor = '0';
    do {
      const [next, items] = await client.sscan('s', cursor, 'COUNT', 100);
      for (const item of items) seen.add(item);
      cursor = next;
      steps++;
    } while (cursor !== '0' && steps < 2_000);
    expect(cursor).toBe('0');
    expect(steps).toBeGreaterThan(5);
    expect(sorted([...seen])).toEqual(sorted(members));
    expect(await client.sscan('s', 0, 'MATCH', 'm:1999:*', 'COUNT', 10_000)).toEqual(['0', ['m:1999:ü']]);
    expect(await client.sscan('none', 0)).toEqual(['0', []]);
    await expectRefused(client.sscan('s', 'x'), 'ERR', /invalid cursor/);
  });

  it('a key of another type is refused', async () => {
    const { client } = given;
    await client.set('text', 'x');
    await client.sadd('s', 'a');
    await expectWrongType(
      client.sadd('text', 'a'),
      client.srem('text', 'a'),
      client.scard('text'),
      client.sismember('text', 'a'),
      client.smismember('text', 'a'),
      client.smembers('text'),
      client.smove('s', 'text', 'a'),
      client.spop('text'),
      client.srandmember('text', 2),
      client.sscan('text', 0),
      client.sinter('s', 'text'),
      client.sunion('text', 's'),
      client.sdiff('s', 'text'),
      client.sintercard(2, 's', 'text'),
      client.sinterstore('d', 's', 'text'),
      client.sunionstore('d', 's', 'text'),
      client.sdiffstore('d', 's', 'text'),
    );
    expect(await client.exists('d')).toBe(0);
    expect(await client.smembers('s')).toEqual(['a']);
  });
});
