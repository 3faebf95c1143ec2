import { describe, expect, it } from '@jest/globals';
import { answerTo, describeCommands, expectWrongType, refusal } from './support/zset-stream.js';

describeCommands('sorted-sets', (on) => {
  const isRedis7 = on.kind === 'redis-7.0';

  describe('adding', () => {
    it('ZADD counts new members; NX only adds, XX only updates, CH counts changes', async () => {
      const { client } = on;
      expect(await client.zadd('z', 1, 'a', 2, 'b')).toBe(2);
      expect(await client.zadd('z', 5, 'a', 3, 'c')).toBe(1);
      expect(await client.zadd('z', 'NX', 9, 'a', 4, 'd')).toBe(1);
      expect(await client.zadd('z', 'XX', 6, 'a', 1, 'none')).toBe(0);
      expect(await client.zadd('z', 'CH', 7, 'a', 2, 'b', 5, 'e')).toBe(2);
      expect(await client.zadd('z', 'XX', 'CH', 8, 'a', 1, 'none')).toBe(1);
      expect(await client.zmscore('z', 'a', 'b', 'c', 'd', 'e', 'none')).toEqual([8, 2, 3, 4, 5, null]);
      expect(await client.zcard('z')).toBe(5);
    });

    it('ZADD GT and LT move a score one way only, and still add', async () => {
      const { client } = on;
      await client.zadd('z', 5, 'a');
      expect(await client.zadd('z', 'GT', 'CH', 4, 'a')).toBe(0);
      expect(await client.zadd('z', 'GT', 'CH', 6, 'a')).toBe(1);
      expect(await client.zadd('z', 'LT', 'CH', 7, 'a')).toBe(0);
      expect(await client.zadd('z', 'LT', 'CH', 3, 'a', 1, 'b')).toBe(2);
      expect(await client.zadd('z', 'XX', 'GT', 9, 'c')).toBe(0);
      expect(await client.zmscore('z', ['a', 'b', 'c'])).toEqual([3, 1, null]);
      expect(await refusal(client.zadd('z', 'GT', 'NX', 1, 'a'))).toMatchObject({ code: 'ERR' });
      expect(await refusal(client.zadd('z', 'XX', 'NX', 1, 'a'))).toMatchObject({ command: 'ZADD' });
    });

    it('ZADD INCR adds to a score, or gives null where its condition forbids', async () => {
      const { client } = on;
      expect(await client.zadd('z', 'INCR', 1.5, 'a')).toBe(1.5);
      expect(await client.zadd('z', 'incr', -4, 'a')).toBe(-2.5);
      expect(await client.zadd('z', 'NX', 'INCR', 1, 'a')).toBeNull();
      expect(await client.zadd('z', 'XX', 'INCR', 1, 'b')).toBeNull();
      expect(await client.zadd('z', 'GT', 'INCR', -1, 'a')).toBeNull();
      expect(await client.zscore('z', 'a')).toBe(-2.5);
      expect(await client.zadd('z', 1, 'INCR')).toBe(1);
      expect(await client.zscore('z', 'INCR')).toBe(1);
    });

    it('ZINCRBY creates a member and adds to it; infinity less infinity is refused', async () => {
      const { client } = on;
      expect(await client.zincrby('z', 2.5, 'a')).toBe(2.5);
      expect(await client.zincrby('z', -3, 'a')).toBe(-0.5);
      expect(await client.zincrby('z', 'inf', 'a')).toBe(Infinity);
      expect(await refusal(client.zincrby('z', '-inf', 'a'))).toMatchObject({
        code: 'ERR',
        message: expect.stringContaining('not a number'),
      });
      expect(await client.zscore('z', 'a')).toBe(Infinity);
      expect(await refusal(client.zadd('z', 'nan', 'a'))).toMatchObject({ code: 'ERR' });
    });

    it('scores are doubles, exact to the last bit, infinities included', async () => {
      const { client } = on;
      const scores = [0.1, 1 / 3, -1e-300, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 53, -(2 ** 60), 1e21];
      await client.zadd('z', ...scores.flatMap((score, index) => [score, `m${index}`]));
      expect(await client.zmscore('z', ...scores.map((_, index) => `m${index}`))).toEqual(scores);
      await client.zadd('z', Infinity, 'top', -Infinity, 'bottom', '+inf', 'too');
      expect(await client.zmscore('z', 'top', 'bottom', 'too')).toEqual([Infinity, -Infinity, Infinity]);
      expect(await client.zscore('z', 'none')).toBeNull();
      expect(await client.zscore('no key', 'none')).toBeNull();
      expect(await client.zmscore('no key', 'a', 'b')).toEqual([null, null]);
    });
  });

  describe('asking', () => {
    it('ZCOUNT counts between bounds, with `(` without the bound', async () => {
      const { client } = on;
      await client.zadd('z', -Infinity, 'low', 1, 'a', 2, 'b', 2, 'c', 3.5, 'd');
      expect(await client.zcount('z', 1, 2)).toBe(3);
      expect(await client.zcount('z', '(1', '(3.5')).toBe(2);
      expect(await client.zcount('z', '-inf', '+inf')).toBe(5);
      expect(await client.zcount('z', '(-inf', Infinity)).toBe(4);
      expect(await client.zcount('z', 3, 1)).toBe(0);
      expect(await client.zcount('none', 0, 1)).toBe(0);
      expect(await refusal(client.zcount('z', 'low', 1))).toMatchObject({ code: 'ERR' });
    });

    it('ZRANK and ZREVRANK count from either end; equal scores go by bytes', async () => {
      const { client } = on;
      await client.zadd('z', 1, 'b', 1, 'a', 0.5, 'é', Infinity, 'top');
      expect(await Promise.all(['é', 'a', 'b', 'top'].map((name) => client.zrank('z', name)))).toEqual([
        0, 1, 2, 3,
      ]);
      expect(await client.zrevrank('z', 'top')).toBe(0);
      expect(await client.zrevrank('z', 'é')).toBe(3);
      expect(await client.zrank('z', 'none')).toBeNull();
      expect(await client.zrevrank('no key', 'a')).toBeNull();
    });

    it('ZRANK and ZREVRANK WITHSCORE, which Redis 7.0 does not know', async () => {
      const { client } = on;
      await client.zadd('z', 0.5, 'a', Infinity, 'top');
      const asked = [
        client.zrank('z', 'a', 'WITHSCORE'),
        client.zrank('z', 'top', 'withscore'),
        client.zrevrank('z', 'a', 'WITHSCORE'),
        client.zrank('z', 'none', 'WITHSCORE'),
        client.zrevrank('no key', 'a', 'WITHSCORE'),
      ];
      if (isRedis7) {
        for (const call of asked) {
          expect((await refusal(call)).message).toMatch(/wrong number of arguments/);
        }
        return;
      }
      expect(await Promise.all(asked)).toEqual([
        { rank: 0, score: 0.5 },
        { rank: 1, score: Infinity },
        { rank: 1, score: 0.5 },
        null,
        null,
      ]);
    });

    it('ZRANDMEMBER: one, several without repeats, or so many with repeats', async () => {
      const { client } = on;
      const all = { a: 1, b: 2.5, c: -Infinity };
      await client.zadd('z', ...Object.entries(all).map(([member, score]) => ({ member, score })));
      expect(Object.keys(all)).toContain(await client.zrandmember('z'));
      expect((await client.zrandmember('z', 10)).toSorted()).toEqual(['a', 'b', 'c']);
      expect(new Set(await client.zrandmember('z', 2)).size).toBe(2);
      const repeated = await client.zrandmember('z', -20, 'WITHSCORES');
      expect(repeated).toHaveLength(20);
      for (const { member, score } of repeated) expect(score).toBe(all[member as keyof typeof all]);
      expect(await client.zrandmember('z', 0)).toEqual([]);
      expect(await client.zrandmember('none')).toBeNull();
      expect(await client.zrandmember('none', 3)).toEqual([]);
      expect(await client.zrandmember('none', -3, 'WITHSCORES')).toEqual([]);
    });

    it('ZSCAN goes through a large set whole, with MATCH and exact scores as text', async () => {
      const { client } = on;
      const size = 500;
      await client.zadd(
        'z',
        ...Array.from({ length: size }, (_, index) => [index + 0.1, `member:${index}`]).flat(),
      );
      const seen = new Map<string, number>();
      let cursor = '0';
      let rounds = 0;
      do {
        const [next, items] = await client.zscan('z', cursor, 'COUNT', 50);
        for (let index = 0; index < items.length; index += 2)
          seen.set(items[index]!, Number(items[index + 1]));
        cursor = next;
        rounds++;
      } while (cursor !== '0');
      expect(rounds).toBeGreaterThan(1);
      expect(seen.size).toBe(size);
      for (let index = 0; index < size; index++) expect(seen.get(`member:${index}`)).toBe(index + 0.1);
      await client.zadd('small', 1, 'a', 2, 'b', 'inf', 'bc');
      expect(await client.zscan('small', 0, 'MATCH', 'b*')).toEqual(['0', ['b', '2', 'bc', 'inf']]);
      expect(await client.zscan('none', 0)).toEqual(['0', []]);
    });

    it('ZSCAN NOSCORES leaves scores out, on Valkey', async () => {
      const { client } = on;
      await client.zadd('z', 1, 'a', 2, 'b');
      const asked = client.zscan('z', 0, 'NOSCORES');
      if (on.kind === 'valkey-9.1') expect(await asked).toEqual(['0', ['a', 'b']]);
      else expect(await refusal(asked)).toMatchObject({ code: 'ERR', command: 'ZSCAN' });
    });
  });

  describe('taking', () => {
    it('ZREM counts those that were there; the last one takes the key along', async () => {
      const { client } = on;
      await client.zadd('z', 1, 'a', 2, 'b', 3, 'c');
      expect(await client.zrem('z', 'a', ['none', 'c'])).toBe(2);
      expect(await client.zcard('z')).toBe(1);
      expect(await client.zrem('z', 'b')).toBe(1);
      expect(await client.exists('z')).toBe(0);
      expect(await client.zcard('z')).toBe(0);
    });

    it('ZPOPMIN and ZPOPMAX take from either end, the outermost first', async () => {
      const { client } = on;
      await client.zadd('z', -Infinity, 'low', 1, 'a', 2, 'b', 3, 'c', Infinity, 'top');
      expect(await client.zpopmin('z')).toEqual([{ member: 'low', score: -Infinity }]);
      expect(await client.zpopmax('z', 2)).toEqual([
        { member: 'top', score: Infinity },
        { member: 'c', score: 3 },
      ]);
      expect(await client.zpopmin('z', 9)).toEqual([
        { member: 'a', score: 1 },
        { member: 'b', score: 2 },
      ]);
      expect(await client.zpopmax('z')).toEqual([]);
      expect(await client.zpopmin('z', 2)).toEqual([]);
    });

    it('ZMPOP takes from the first set that has any', async () => {
      const { client } = on;
      await client.zadd('first', 1, 'a', 2, 'b', 3, 'c');
      await client.zadd('second', 9, 'z');
      expect(await client.zmpop(3, 'none', 'first', 'second', 'MIN', 'COUNT', 2)).toEqual({
        key: 'first',
        members: [
          { member: 'a', score: 1 },
          { member: 'b', score: 2 },
        ],
      });
      expect(await client.zmpop(2, ['first', 'second'], 'max')).toEqual({
        key: 'first',
        members: [{ member: 'c', score: 3 }],
      });
      expect(await client.zmpop(2, 'first', 'second', 'MAX')).toMatchObject({ key: 'second' });
      expect(await client.zmpop(2, 'first', 'second', 'MAX')).toBeNull();
    });

    it('BZPOPMIN, BZPOPMAX and BZMPOP wait for another client', async () => {
      const { client, other } = on;
      const write = (): Promise<unknown> => other.zadd('queue', 2.5, 'b', Infinity, 'c', -1, 'a');
      expect(await answerTo(on, client.bzpopmin('none', 'queue', 20), write)).toEqual({
        key: 'queue',
        member: 'a',
        score: -1,
      });
      expect(await client.bzpopmin('queue', 0)).toEqual({ key: 'queue', member: 'b', score: 2.5 });
      await client.del('queue');
      expect(await answerTo(on, client.bzpopmax('queue', 20), write)).toEqual({
        key: 'queue',
        member: 'c',
        score: Infinity,
      });
      await client.del('queue');
      const both = client.bzmpop(20, 2, 'none', 'queue', 'MIN', 'COUNT', 2);
      expect(await answerTo(on, both, write)).toEqual({
        key: 'queue',
        members: [
          { member: 'a', score: -1 },
          { member: 'b', score: 2.5 },
        ],
      });
    });

    it('those that wait give null when nothing came', async () => {
      const { client } = on;
      expect(await client.bzpopmin('none', 0.02)).toBeNull();
      expect(await client.bzpopmax(['none', 'too'], 0.02)).toBeNull();
      expect(await client.bzmpop(0.02, 1, 'none', 'MAX')).toBeNull();
    });

    it('one that waits does not hold up the client that sent it', async () => {
      const { client } = on;
      const popped = await answerTo(on, client.bzpopmax('queue', 20), () => client.zadd('queue', 1, 'own'));
      expect(popped).toEqual({ key: 'queue', member: 'own', score: 1 });
    });
  });

  it('a key of another type is refused by all', async () => {
    const { client } = on;
    await client.set('text', 'x');
    await expectWrongType({
      ZADD: client.zadd('text', 1, 'a'),
      ZCARD: client.zcard('text'),
      ZCOUNT: client.zcount('text', 0, 1),
      ZINCRBY: client.zincrby('text', 1, 'a'),
      ZMSCORE: client.zmscore('text', 'a'),
      ZRANDMEMBER: client.zrandmember('text'),
      ZRANK: client.zrank('text', 'a'),
      ZREM: client.zrem('text', 'a'),
      ZREVRANK: client.zrevrank('text', 'a'),
      ZSCAN: client.zscan('text', 0),
      ZSCORE: client.zscore('text', 'a'),
      ZMPOP: client.zmpop(1, 'text', 'MIN'),
      ZPOPMAX: client.zpopmax('text'),
      ZPOPMIN: client.zpopmin('text'),
      BZMPOP: client.bzmpop(1, 1, 'text', 'MIN'),
      BZPOPMAX: client.bzpopmax('text', 1),
      BZPOPMIN: client.bzpopmin('text', 1),
    });
  });

  it('members are text of any language, or bytes', async () => {
    const { client } = on;
    const { buffers } = client;
    const bytes = Buffer.from([0xff, 0, 0x0d, 0x0a, 0x80]);
    await client.zadd('z', 1, 'größer', 2, '日本', 3, bytes);
    expect(await client.zrank('z', '日本')).toBe(1);
    expect(await buffers.zscore('z', bytes)).toBe(3);
    expect(await buffers.zscan('z', 0, 'MATCH', 'gr*')).toEqual([
      '0',
      [Buffer.from('größer'), Buffer.from('1')],
    ]);
    expect(await client.zpopmin('z')).toEqual([{ member: 'größer', score: 1 }]);
    expect(await buffers.bzpopmax('z', 1)).toEqual({ key: Buffer.from('z'), member: bytes, score: 3 });
    expect(await buffers.zmpop(1, 'z', 'MIN')).toEqual({
      key: Buffer.from('z'),
      members: [{ member: Buffer.from('日本'), score: 2 }],
    });
  });
});
