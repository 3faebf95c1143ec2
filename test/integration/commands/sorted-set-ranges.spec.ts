import { describe, expect, it } from '@jest/globals';
import { describeCommands, expectWrongType, refusal } from './support/zset-stream.js';

describeCommands('sorted-set-ranges', (on) => {
  const fillScores = (): Promise<unknown> =>
    on.client.zadd('z', -Infinity, 'low', 1, 'a', 2, 'b', 2.5, 'c', Infinity, 'top');
  const fillLetters = (): Promise<unknown> =>
    on.client.zadd('letters', ...['a', 'b', 'c', 'd', 'e'].flatMap((letter) => [0, letter]));

  describe('by rank', () => {
    it('ZRANGE and ZREVRANGE, from either end', async () => {
      const { client } = on;
      await fillScores();
      expect(await client.zrange('z', 0, -1)).toEqual(['low', 'a', 'b', 'c', 'top']);
      expect(await client.zrange('z', -2, -1)).toEqual(['c', 'top']);
      expect(await client.zrange('z', 0, 1, 'REV', 'WITHSCORES')).toEqual([
        { member: 'top', score: Infinity },
        { member: 'c', score: 2.5 },
      ]);
      expect(await client.zrevrange('z', 3, -1, 'WITHSCORES')).toEqual([
        { member: 'a', score: 1 },
        { member: 'low', score: -Infinity },
      ]);
      expect(await client.zrevrange('z', 0, 0)).toEqual(['top']);
      expect(await client.zrange('z', 4, 1)).toEqual([]);
      expect(await client.zrange('none', 0, -1, 'WITHSCORES')).toEqual([]);
      expect(await refusal(client.zrange('z', 0, -1, 'LIMIT', 0, 1))).toMatchObject({ code: 'ERR' });
    });

    it('ZREMRANGEBYRANK removes and counts', async () => {
      const { client } = on;
      await fillScores();
      expect(await client.zremrangebyrank('z', 0, 1)).toBe(2);
      expect(await client.zremrangebyrank('z', -1, -1)).toBe(1);
      expect(await client.zremrangebyrank('z', 5, 9)).toBe(0);
      expect(await client.zrange('z', 0, -1)).toEqual(['b', 'c']);
    });
  });

  describe('by score', () => {
    it('ZRANGE BYSCORE: open and closed bounds, infinities, REV, LIMIT', async () => {
      const { client } = on;
      await fillScores();
      expect(await client.zrange('z', 1, 2, 'BYSCORE')).toEqual(['a', 'b']);
      expect(await client.zrange('z', '(1', '(2.5', 'BYSCORE', 'WITHSCORES')).toEqual([
        { member: 'b', score: 2 },
      ]);
      expect(await client.zrange('z', '-inf', '+inf', 'BYSCORE')).toHaveLength(5);
      expect(await client.zrange('z', '(-inf', '(+inf', 'BYSCORE')).toEqual(['a', 'b', 'c']);
      expect(await client.zrange('z', Infinity, 2, 'BYSCORE', 'REV')).toEqual(['top', 'c', 'b']);
      expect(await client.zrange('z', '-inf', 'inf', 'BYSCORE', 'LIMIT', 1, 2)).toEqual(['a', 'b']);
      expect(await client.zrange('z', '-inf', 'inf', 'BYSCORE', 'LIMIT', 3, -1)).toEqual(['c', 'top']);
      expect(await client.zrange('z', 'inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')).toEqual([
        { member: 'top', score: Infinity },
      ]);
    });

    it('ZRANGEBYSCORE and ZREVRANGEBYSCORE mirror each other', async () => {
      const { client } = on;
      await fillScores();
      const scored = await client.zrangebyscore('z', '(1', 'inf', 'WITHSCORES');
      expect(scored).toEqual([
        { member: 'b', score: 2 },
        { member: 'c', score: 2.5 },
        { member: 'top', score: Infinity },
      ]);
      expect(await client.zrevrangebyscore('z', 'inf', '(1', 'WITHSCORES')).toEqual(scored.toReversed());
      expect(await client.zrangebyscore('z', '-inf', 2, 'LIMIT', 1, 1)).toEqual(['a']);
      expect(await client.zrevrangebyscore('z', 2.5, '-inf', 'LIMIT', 1, 2)).toEqual(['b', 'a']);
      expect(await client.zrangebyscore('z', 9, 1)).toEqual([]);
    });

    it('ZREMRANGEBYSCORE removes and counts', async () => {
      const { client } = on;
      await fillScores();
      expect(await client.zremrangebyscore('z', '(1', 2.5)).toBe(2);
      expect(await client.zremrangebyscore('z', 5, 9)).toBe(0);
      expect(await client.zrange('z', 0, -1)).toEqual(['low', 'a', 'top']);
      expect(await client.zremrangebyscore('z', '-inf', 'inf')).toBe(3);
      expect(await client.exists('z')).toBe(0);
    });
  });

  describe('by text', () => {
    it('ZRANGE BYLEX: `[` with the bound, `(` without, `-` and `+` without any', async () => {
      const { client } = on;
      await fillLetters();
      expect(await client.zrange('letters', '[b', '(d', 'BYLEX')).toEqual(['b', 'c']);
      expect(await client.zrange('letters', '-', '[b', 'BYLEX')).toEqual(['a', 'b']);
      expect(await client.zrange('letters', '+', '(c', 'BYLEX', 'REV')).toEqual(['e', 'd']);
      expect(await client.zrange('letters', '-', '+', 'BYLEX', 'LIMIT', 2, 2)).toEqual(['c', 'd']);
      expect(await client.zrange('letters', '[bb', '[bz', 'BYLEX')).toEqual([]);
      expect(await refusal(client.zrange('letters', 'b', '+', 'BYLEX'))).toMatchObject({ code: 'ERR' });
      expect(await refusal(client.zrange('letters', '-', '+', 'BYLEX', 'WITHSCORES'))).toMatchObject({
        code: 'ERR',
      });
    });

    it('ZRANGEBYLEX, ZREVRANGEBYLEX and ZLEXCOUNT agree', async () => {
      const { client } = on;
      await fillLetters();
      expect(await client.zrangebylex('letters', '(a', '[d')).toEqual(['b', 'c', 'd']);
      expect(await client.zrevrangebylex('letters', '[d', '(a')).toEqual(['d', 'c', 'b']);
      expect(await client.zlexcount('letters', '(a', '[d')).toBe(3);
      expect(await client.zlexcount('letters', '-', '+')).toBe(5);
      expect(await client.zlexcount('letters', '+', '-')).toBe(0);
      expect(await client.zlexcount('none', '-', '+')).toBe(0);
      expect(await client.zrangebylex('letters', '-', '+', 'LIMIT', 1, 2)).toEqual(['b', 'c']);
      expect(await client.zrevrangebylex('letters', '+', '-', 'LIMIT', 0, 1)).toEqual(['e']);
    });

    it('the order is that of bytes, whatever the language; bounds may be bytes', async () => {
      const { client } = on;
      const { buffers } = client;
      const high = Buffer.from([0xff, 0x00, 0x0a]);
      await client.zadd('words', 0, 'zebra', 0, 'Ähre', 0, '日本', 0, high, 0, 'apple');
      expect(await buffers.zrangebylex('words', '-', '+')).toEqual([
        ...['apple', 'zebra', 'Ähre', '日本'].map((word) => Buffer.from(word)),
        high,
      ]);
      expect(await buffers.zrange('words', Buffer.from([0x5b, 0xf0]), '+', 'BYLEX')).toEqual([high]);
      expect(await client.zrange('words', '[Ä', '[日本', 'BYLEX')).toEqual(['Ähre', '日本']);
    });

    it('ZREMRANGEBYLEX removes and counts', async () => {
      const { client } = on;
      await fillLetters();
      expect(await client.zremrangebylex('letters', '[b', '(d')).toBe(2);
      expect(await client.zremrangebylex('letters', '[x', '+')).toBe(0);
      expect(await client.zrange('letters', 0, -1)).toEqual(['a', 'd', 'e']);
    });
  });

  it('ZRANGESTORE stores what ZRANGE gives, and deletes where that is nothing', async () => {
    const { client } = on;
    await fillScores();
    await fillLetters();
    expect(await client.zrangestore('by rank', 'z', 1, 2)).toBe(2);
    expect(await client.zrange('by rank', 0, -1, 'WITHSCORES')).toEqual([
      { member: 'a', score: 1 },
      { member: 'b', score: 2 },
    ]);
    expect(await client.zrangestore('by score', 'z', 'inf', '(1', 'BYSCORE', 'REV', 'LIMIT', 0, 2)).toBe(2);
    expect(await client.zrange('by score', 0, -1)).toEqual(['c', 'top']);
    expect(await client.zrangestore('by text', 'letters', '[b', '[c', 'BYLEX')).toBe(2);
    expect(await client.zrange('by text', 0, -1)).toEqual(['b', 'c']);
    expect(await client.zrangestore('by text', 'letters', '(x', '+', 'BYLEX')).toBe(0);
    expect(await client.exists('by text')).toBe(0);
  });

  describe('of several sets', () => {
    const fill = async (): Promise<void> => {
      await on.client.zadd('x', 1, 'a', 2, 'b', 3, 'c');
      await on.client.zadd('y', 10, 'b', 20, 'c', 30, 'd');
    };

    it('ZUNION adds up, or weighs and takes the least or the greatest', async () => {
      const { client } = on;
      await fill();
      expect(await client.zunion(2, 'x', 'y')).toEqual(['a', 'b', 'c', 'd']);
      expect(await client.zunion(2, ['x', 'y'], 'WITHSCORES')).toEqual([
        { member: 'a', score: 1 },
        { member: 'b', score: 12 },
        { member: 'c', score: 23 },
        { member: 'd', score: 30 },
      ]);
      const least = client.zunion(2, 'x', 'y', 'WEIGHTS', 4, 0.5, 'AGGREGATE', 'MIN', 'WITHSCORES');
      expect(await least).toEqual([
        { member: 'a', score: 4 },
        { member: 'b', score: 5 },
        { member: 'c', score: 10 },
        { member: 'd', score: 15 },
      ]);
      const greatest = client.zunion(3, 'x', 'y', 'none', 'AGGREGATE', 'MAX', 'WITHSCORES');
      expect((await greatest)[1]).toEqual({ member: 'b', score: 10 });
      expect(await client.zunion(1, 'none', 'WITHSCORES')).toEqual([]);
    });

    it('ZINTER keeps what all have; ZINTERCARD counts it, up to a limit', async () => {
      const { client } = on;
      await fill();
      expect(await client.zinter(2, 'x', 'y')).toEqual(['b', 'c']);
      expect(await client.zinter(2, 'x', 'y', 'WEIGHTS', 1, 'inf', 'WITHSCORES')).toEqual([
        { member: 'b', score: Infinity },
        { member: 'c', score: Infinity },
      ]);
      expect(await client.zinter(2, 'x', 'y', 'AGGREGATE', 'MAX', 'WITHSCORES')).toEqual([
        { member: 'b', score: 10 },
        { member: 'c', score: 20 },
      ]);
      expect(await client.zinter(2, 'x', 'none')).toEqual([]);
      expect(await client.zintercard(2, 'x', 'y')).toBe(2);
      expect(await client.zintercard(2, ['x', 'y'], 'LIMIT', 1)).toBe(1);
      expect(await client.zintercard(2, 'x', 'none')).toBe(0);
    });

    it('ZDIFF keeps what only the first has, with its scores', async () => {
      const { client } = on;
      await fill();
      expect(await client.zdiff(2, 'x', 'y')).toEqual(['a']);
      expect(await client.zdiff(2, 'y', 'x', 'WITHSCORES')).toEqual([{ member: 'd', score: 30 }]);
      expect(await client.zdiff(3, 'x', 'y', 'none', 'WITHSCORES')).toEqual([{ member: 'a', score: 1 }]);
      expect(await client.zdiff(2, 'x', 'x')).toEqual([]);
    });

    it('ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE store and count, over what was there', async () => {
      const { client } = on;
      await fill();
      await client.set('to', 'text before');
      expect(await client.zunionstore('to', 2, 'x', 'y', 'WEIGHTS', 1, -1)).toBe(4);
      expect(await client.zrange('to', 0, -1, 'WITHSCORES')).toEqual([
        { member: 'd', score: -30 },
        { member: 'c', score: -17 },
        { member: 'b', score: -8 },
        { member: 'a', score: 1 },
      ]);
      expect(await client.zinterstore('to', 2, ['x', 'y'], 'AGGREGATE', 'MIN')).toBe(2);
      expect(await client.zrange('to', 0, -1, 'WITHSCORES')).toEqual([
        { member: 'b', score: 2 },
        { member: 'c', score: 3 },
      ]);
      expect(await client.zdiffstore('to', 2, 'x', 'y')).toBe(1);
      expect(await client.zrange('to', 0, -1)).toEqual(['a']);
      expect(await client.zdiffstore('to', 2, 'x', 'x')).toBe(0);
      expect(await client.exists('to')).toBe(0);
    });

    it('a plain set counts as one whose scores are all 1; opposite infinities make 0', async () => {
      const { client } = on;
      await client.sadd('plain', 'b', 'ü');
      await client.zadd('x', 2, 'b', Infinity, 'i');
      await client.zadd('y', -Infinity, 'i');
      expect(await client.zunion(3, 'x', 'plain', 'y', 'WITHSCORES')).toEqual([
        { member: 'i', score: 0 },
        { member: 'ü', score: 1 },
        { member: 'b', score: 3 },
      ]);
    });

    it('a count of keys that is wrong is refused', async () => {
      const { client } = on;
      await fill();
      expect(await refusal(client.zunion(0, 'x'))).toMatchObject({ code: 'ERR', command: 'ZUNION' });
      expect(await refusal(client.zinter(5, 'x'))).toMatchObject({ code: 'ERR', command: 'ZINTER' });
      expect(await refusal(client.zintercard('many', 'x'))).toMatchObject({ code: 'ERR' });
    });

    it('in bytes', async () => {
      const { buffers } = on.client;
      const bytes = Buffer.from([0x80, 0xfe]);
      await buffers.zadd('x', 0.1, bytes);
      expect(await buffers.zunion(1, 'x')).toEqual([bytes]);
      expect(await buffers.zinter(1, 'x', 'WITHSCORES')).toEqual([{ member: bytes, score: 0.1 }]);
      expect(await buffers.zrevrangebyscore('x', 1, 0, 'WITHSCORES')).toEqual([
        { member: bytes, score: 0.1 },
      ]);
    });
  });

  it('a key of another type is refused by all', async () => {
    const { client } = on;
    await client.set('text', 'x');
    await expectWrongType({
      ZRANGE: client.zrange('text', 0, -1),
      ZRANGEBYLEX: client.zrangebylex('text', '-', '+'),
      ZRANGEBYSCORE: client.zrangebyscore('text', 0, 1),
      ZRANGESTORE: client.zrangestore('to', 'text', 0, -1),
      ZLEXCOUNT: client.zlexcount('text', '-', '+'),
      ZREVRANGE: client.zrevrange('text', 0, -1),
      ZREVRANGEBYLEX: client.zrevrangebylex('text', '+', '-'),
      ZREVRANGEBYSCORE: client.zrevrangebyscore('text', 1, 0),
      ZREMRANGEBYLEX: client.zremrangebylex('text', '-', '+'),
      ZREMRANGEBYRANK: client.zremrangebyrank('text', 0, 1),
      ZREMRANGEBYSCORE: client.zremrangebyscore('text', 0, 1),
      ZDIFF: client.zdiff(1, 'text'),
      ZDIFFSTORE: client.zdiffstore('to', 1, 'text'),
      ZINTER: client.zinter(1, 'text'),
      ZINTERCARD: client.zintercard(1, 'text'),
      ZINTERSTORE: client.zinterstore('to', 1, 'text'),
      ZUNION: client.zunion(1, 'text'),
      ZUNIONSTORE: client.zunionstore('to', 1, 'text'),
    });
  });
});
