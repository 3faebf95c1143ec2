import { expect, it } from '@jest/globals';
import { describeGroup, expectRefused, expectWrongType } from './support/index.js';

describeGroup('bitmap', (given) => {
  it('SETBIT, GETBIT: bits from the left, each with what it was; the text grows by whole bytes', async () => {
    const { client } = given;
    expect(await client.getbit('none', 7)).toBe(0);
    expect(await client.setbit('k', 1, 1)).toBe(0);
    expect(await client.setbit('k', 7, 1)).toBe(0);
    expect(await client.get('k')).toBe('A');
    expect(await client.setbit('k', 1, 0)).toBe(1);
    expect(await client.setbit('k', 23, 1)).toBe(0);
    expect(await client.buffers.get('k')).toEqual(Buffer.from([0x01, 0x00, 0x01]));
    expect(await Promise.all([6, 7, 23, 1_000].map((bit) => client.getbit('k', bit)))).toEqual([0, 1, 1, 0]);
    expect(await client.strlen('k')).toBe(3);
    await expectRefused(client.setbit('k', 0, 2), 'ERR', /bit is not an integer or out of range/);
    await expectRefused(client.setbit('k', 2 ** 32, 1), 'ERR', /bit offset is not an integer/);
    await expectRefused(client.getbit('k', -1), 'ERR', /bit offset is not an integer/);
  });

  it('BITCOUNT counts over all, over bytes or over bits', async () => {
    const { client } = given;
    await client.set('k', 'foobar');
    expect(await client.bitcount('k')).toBe(26);
    expect(await client.bitcount('k', 0, 0)).toBe(4);
    expect(await client.bitcount('k', 1, 1, 'BYTE')).toBe(6);
    expect(await client.bitcount('k', 5, 30, 'BIT')).toBe(17);
    expect(await client.bitcount('k', -2, -1)).toBe(7);
    expect(await client.bitcount('k', -8, -1, 'BIT')).toBe(4);
    expect(await client.bitcount('k', 5, 2)).toBe(0);
    expect(await client.bitcount('none')).toBe(0);
    // Valkey alone takes a start without an end
    if (given.kind === 'valkey-9.1') expect(await client.bitcount('k', 1)).toBe(22);
    else await expectRefused(client.bitcount('k', 1), 'ERR', /syntax error/);
  });

  it('BITPOS: the first bit of a kind, from a byte or bit on', async () => {
    const { client } = given;
    await client.set('k', Buffer.from([0xff, 0xf0, 0x00]));
    expect(await client.bitpos('k', 0)).toBe(12);
    expect(await client.bitpos('k', 1, 1)).toBe(8);
    expect(await client.bitpos('k', 1, 2)).toBe(-1);
    expect(await client.bitpos('k', 0, 0, 0)).toBe(-1);
    expect(await client.bitpos('k', 0, 2, -1, 'BYTE')).toBe(16);
    expect(await client.bitpos('k', 1, 3, 20, 'BIT')).toBe(3);
    expect(await client.bitpos('k', 0, 3, 11, 'BIT')).toBe(-1);
    expect(await client.bitpos('k', 1, -13, -1, 'BIT')).toBe(11);
    // a text of ones has zeros after its end, unless its end was given
    await client.set('ones', Buffer.from([0xff, 0xff]));
    expect(await client.bitpos('ones', 0)).toBe(16);
    expect(await client.bitpos('ones', 0, 0, -1)).toBe(-1);
    expect(await client.bitpos('none', 0)).toBe(0);
    expect(await client.bitpos('none', 1)).toBe(-1);
    await expectRefused(client.bitpos('k', 2), 'ERR', /bit argument must be 1 or 0/);
  });

  it('BITOP: a shorter text counts as filled up with zeros', async () => {
    const { client } = given;
    await client.set('a', Buffer.from([0b1100_1010, 0xff]));
    await client.set('b', Buffer.from([0b1010_0110]));
    const resultOf = async (call: Promise<number>): Promise<number[]> => {
      expect(await call).toBe(2);
      return [...(await client.buffers.get('d'))!];
    };
    expect(await resultOf(client.bitop('AND', 'd', 'a', 'b'))).toEqual([0b1000_0010, 0x00]);
    expect(await resultOf(client.bitop('OR', 'd', ['a', 'b']))).toEqual([0b1110_1110, 0xff]);
    expect(await resultOf(client.bitop('XOR', 'd', 'a', 'b'))).toEqual([0b0110_1100, 0xff]);
    expect(await resultOf(client.bitop('NOT', 'd', 'a'))).toEqual([0b0011_0101, 0x00]);
    await expectRefused(client.bitop('NOT', 'd', 'a', 'b'), 'ERR', /single source key/);
    // of nothing comes nothing: what was there is gone
    expect(await client.bitop('AND', 'd', 'none')).toBe(0);
    expect(await client.exists('d')).toBe(0);
  });

  it('BITFIELD: what overflows wraps round, stops at the end, or fails with null', async () => {
    const { client } = given;
    await client.bitfield('k', 'SET', 'u8', 0, 250, 'SET', 'i8', '#1', 120);
    expect(await client.bitfield('k', 'INCRBY', 'u8', 0, 10, 'INCRBY', 'i8', '#1', 10)).toEqual([4, -126]);
    await client.bitfield('k', 'SET', 'u8', 0, 250, 'SET', 'i8', '#1', 120);
    expect(
      await client.bitfield('k', 'OVERFLOW', 'SAT', 'INCRBY', 'u8', 0, 10, 'INCRBY', 'i8', '#1', 10),
    ).toEqual([255, 127]);
    expect(await client.bitfield('k', 'OVERFLOW', 'SAT', 'INCRBY', 'i8', '#1', -300)).toEqual([-128]);
    // from each OVERFLOW on to the next
    expect(
      await client.bitfield(
        'k',
        ['OVERFLOW', 'FAIL', 'INCRBY', 'u8', 0, 1],
        ['GET', 'u8', 0],
        ['INCRBY', 'i8', '#1', -1],
        ['OVERFLOW', 'WRAP', 'INCRBY', 'u8', 0, 1],
      ),
    ).toEqual([null, 255, null, 0]);
    expect(await client.bitfield('k', 'OVERFLOW', 'FAIL', 'SET', 'u4', 0, 16, 'GET', 'u4', 0)).toEqual([
      null,
      0,
    ]);
    expect([...(await client.buffers.get('k'))!]).toEqual([0, 0x80]);
  });

  it('BITFIELD: SET gives what was there; wide integers come exactly, past 2^53 as bigint', async () => {
    const { client } = given;
    expect(await client.bitfield('k', 'SET', 'i64', 0, -(2n ** 63n), 'GET', 'i64', 0)).toEqual([
      0,
      -(2n ** 63n),
    ]);
    expect(await client.bitfield('k', 'SET', 'i64', '#0', 2n ** 53n + 1n)).toEqual([-(2n ** 63n)]);
    expect(await client.bitfield('k', 'INCRBY', 'i64', 0, -2)).toEqual([Number.MAX_SAFE_INTEGER]);
    expect(await client.bitfield('k', 'INCRBY', 'i64', 0, 4)).toEqual([2n ** 53n + 3n]);
    await client.bitfield('wide', 'SET', 'u63', 1, 2n ** 63n - 1n);
    expect(await client.bitfield('wide', 'GET', 'i64', 0, 'GET', 'u1', 0)).toEqual([2n ** 63n - 1n, 0]);
    expect(await client.bitfield('wide')).toEqual([]);
    await expectRefused(client.bitfield('k', 'GET', 'u64', 0), 'ERR', /Invalid bitfield type/);
  });

  it('BITFIELD_RO reads and does nothing else', async () => {
    const { client } = given;
    await client.set('k', Buffer.from([0xab, 0xcd]));
    expect(await client.bitfieldRo('k', 'GET', 'u8', 0, 'GET', 'u4', '#1', 'GET', 'i8', 8)).toEqual([
      0xab, 0xb, -51,
    ]);
    expect(await client.bitfieldRo('none', 'GET', 'u32', 100)).toEqual([0]);
    expect(await client.exists('none')).toBe(0);
    await client.bitfield('k', 'SET', 'i64', 0, 2n ** 62n + 1n);
    expect(await client.bitfieldRo('k', 'GET', 'i64', 0)).toEqual([2n ** 62n + 1n]);
    await expectRefused(
      client.bitfieldRo('k', 'SET', 'u8', 0, 1),
      'ERR',
      /BITFIELD_RO only supports the GET subcommand/,
    );
    expect(await client.bitfieldRo('k', 'GET', 'u8', 0)).toEqual([0x40]);
  });

  it('a key of another type is refused', async () => {
    const { client } = given;
    await client.sadd('set', 'x');
    await client.set('text', 'x');
    await expectWrongType(
      client.getbit('set', 0),
      client.setbit('set', 0, 1),
      client.bitcount('set'),
      client.bitpos('set', 1),
      client.bitop('OR', 'd', 'text', 'set'),
      client.bitfield('set', 'GET', 'u8', 0),
      client.bitfieldRo('set', 'GET', 'u8', 0),
    );
    expect(await client.exists('d')).toBe(0);
  });
});
