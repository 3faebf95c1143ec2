import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { errorOf } from './support/index.js';

/** Every byte there is. */
const ALL = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

/** Bytes that a careless reader or writer stumbles over. */
const AWKWARD = [
  Buffer.alloc(0),
  ALL,
  Buffer.from('\r\n'),
  Buffer.from('$5\r\nhello\r\n'),
  Buffer.from('*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n'),
  Buffer.from('-ERR no error\r\n+OK\r\n:1\r\n'),
  Buffer.from([0]),
  Buffer.from([255, 254, 253]),
  // UTF-8 that is cut: first bytes without those that must follow
  Buffer.from([0xe6, 0xbc]),
  Buffer.from([0xf0, 0x9f, 0x8e]),
  // about the size from which on Buffers are written apart
  Buffer.alloc(1_024, ALL),
  Buffer.alloc(1_025, ALL),
  Buffer.alloc(70_000, ALL),
];

/** One character for each byte, for Buffers in arrays too: Jest compares text a thousand times faster than Buffers. */
function latin1(bytes: readonly (Buffer | null)[]): string[] {
  return bytes.map((part) => part!.toString('latin1'));
}

const AWKWARD_TEXT = latin1(AWKWARD);

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([
    [2, 65_536],
    [3, 65_536],
    [2, 64],
    [3, 64],
  ] as const)('in RESP%d, read %d bytes at a time', (protocol, readBufferSize) => {
    let client: RedisClient;

    beforeAll(async () => {
      client = new RedisClient({ url: server.url, protocol, readBufferSize });
      await client.flushall();
    });
    afterAll(() => client.close());

    it('keys and values: each byte, and every awkward one, out as it went in', async () => {
      const written = AWKWARD.flatMap((key) =>
        AWKWARD.map((value) => [Buffer.concat([key, value]), value] as const),
      );
      await Promise.all(written.map(([key, value]) => client.set(key, value)));
      const last = new Map(written.map(([key, value]) => [key.toString('latin1'), value]));
      for (const [key, value] of last) {
        expect((await client.buffers.get(Buffer.from(key, 'latin1')))!.equals(value)).toBe(true);
      }
      const keys = latin1(await client.buffers.keys('*'));
      expect(keys.toSorted()).toEqual([...last.keys()].toSorted());
      await client.flushdb();
    });

    it('single bytes: 256 keys with 256 values', async () => {
      const bytes = Array.from(ALL, (byte) => Buffer.from([byte]));
      await client.mset(bytes.flatMap((byte) => [byte, byte]));
      const values = await client.buffers.mget(bytes);
      expect(Buffer.concat(values as Buffer[]).equals(ALL)).toBe(true);
      expect(await client.buffers.randomkey()).toHaveLength(1);
      await client.flushdb();
    });

    it('members, list elements, stream entries, script arguments, messages', async () => {
      await client.sadd('set', AWKWARD);
      const members = latin1(await client.buffers.smembers('set'));
      expect(members.toSorted()).toEqual(AWKWARD_TEXT.toSorted());
      await client.rpush('list', AWKWARD);
      expect(latin1(await client.buffers.lrange('list', 0, -1))).toEqual(AWKWARD_TEXT);
      await client.zadd(
        'sorted',
        AWKWARD.map((member, score) => ({ score, member })),
      );
      expect(latin1(await client.buffers.zrange('sorted', 0, -1))).toEqual(AWKWARD_TEXT);
      expect(await client.zscore('sorted', ALL)).toBe(1);
      expect(latin1((await client.buffers.eval('return ARGV', 0, ...AWKWARD)) as Buffer[])).toEqual(
        AWKWARD_TEXT,
      );
      await client.xadd('stream', '*', 'bytes', ALL);
      const [entry] = await client.buffers.xrange('stream', '-', '+');
      expect(entry!.fields).toEqual({ bytes: ALL });
      expect(await client.buffers.blpop('list', 5)).toEqual([Buffer.from('list'), AWKWARD[0]]);
      const subscription = await client.subscribe(['bytes'], { buffers: true });
      for (const bytes of AWKWARD) await client.publish('bytes', bytes);
      for (const bytes of AWKWARD) expect((await subscription.next()).value!.data.equals(bytes)).toBe(true);
      await subscription.unsubscribe();
    });

    it('fields of a hash: any bytes, as pairs', async () => {
      await client.hset('hash', ...AWKWARD.flatMap((bytes) => [bytes, bytes]));
      expect(await client.hlen('hash')).toBe(AWKWARD.length);
      expect(latin1(await client.buffers.hmget('hash', AWKWARD))).toEqual(AWKWARD_TEXT);
      const fields = await client.buffers.hkeys('hash');
      expect(latin1(fields).toSorted()).toEqual(AWKWARD_TEXT.toSorted());
    });

    it('text of one to four bytes a character, cut wherever a chunk may end', async () => {
      const words = ['a', 'ü', '漢', '🎉', 'aü漢🎉', '\u0000', '\u007f\u0080\u07ff\u0800\uffff'];
      // a reply's first byte moves by one each time: every character is cut at every place
      const texts = Array.from(
        { length: 140 },
        (_, shift) => 'x'.repeat(shift) + words[shift % 7]!.repeat(40),
      );
      await Promise.all(texts.map((text, index) => client.set(`text:${index}`, text)));
      expect(await client.mget(texts.map((_, index) => `text:${index}`))).toEqual(texts);
      expect(await Promise.all(texts.map((text) => client.echo(text)))).toEqual(texts);
      for (const text of texts.slice(0, 8)) expect(await client.echo(text)).toBe(text);
    });

    it('text that is no UTF-8 comes as U+FFFD, and as it is by buffers', async () => {
      const bytes = Buffer.from([0x61, 0xff, 0x62, 0xe6, 0xbc, 0x63, 0xf0, 0x9f, 0x8e]);
      await client.set('no text', bytes);
      expect(await client.get('no text')).toBe('a\ufffdb\ufffdc\ufffd');
      expect(await client.get('no text')).toBe(bytes.toString());
      expect(await client.buffers.get('no text')).toEqual(bytes);
    });

    it('lone surrogates leave as U+FFFD, in short text and long, and shift nothing', async () => {
      const lone = [
        '\ud800',
        'a\udc00b',
        '\udfff\ud800',
        `${'ü'.repeat(200)}\ud83c`,
        `${'x'.repeat(40_000)}\ude00`,
      ];
      const stored = await Promise.all(lone.map((text) => client.echo(text)));
      expect(stored).toEqual(lone.map((text) => Buffer.from(text).toString()));
      await client.set(lone[1]!, 'by the replacement');
      expect(await client.get('a\ufffdb')).toBe('by the replacement');
    });

    it('text beside bytes beside numbers, in one tick, in any order', async () => {
      const mixed = [
        'plain',
        'grüße',
        ALL,
        42,
        '漢'.repeat(30_000),
        Buffer.alloc(3_000, ALL),
        -1.5,
        9_007_199_254_740_993n,
        '',
        Buffer.alloc(0),
        '🎉',
        ALL,
        'x'.repeat(40_000),
      ];
      const expected = mixed.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(String(part))));
      const turned = mixed.map((_, shift) => [...mixed.slice(shift), ...mixed.slice(0, shift)]);
      const replies = await Promise.all(
        turned.map((parts) => client.buffers.eval('return ARGV', 0, ...parts)),
      );
      for (const [shift, reply] of replies.entries())
        expect(latin1(reply as Buffer[])).toEqual(
          latin1([...expected.slice(shift), ...expected.slice(0, shift)]),
        );
    });
  });

  it('a key without a byte, and one of a million', async () => {
    await using client = new RedisClient(server.url);
    for (const key of [
      '',
      Buffer.alloc(0),
      'k'.repeat(1_000_000),
      'ü'.repeat(500_000),
      Buffer.alloc(1_000_000, ALL),
    ]) {
      await client.set(key, 'here');
      expect(await client.get(key)).toBe('here');
      expect(await client.exists(key)).toBe(1);
      expect(await client.del(key)).toBe(1);
    }
  });

  it('keyPrefix before bytes: they stay as they are', async () => {
    await using plain = new RedisClient(server.url);
    await using client = new RedisClient({ url: server.url, keyPrefix: 'ü:' });
    await client.set(ALL, 'bytes');
    await client.set('grüße', 'text');
    expect(await plain.get(Buffer.concat([Buffer.from('ü:'), ALL]))).toBe('bytes');
    expect(await plain.get('ü:grüße')).toBe('text');
    expect(await client.buffers.keys('*')).toEqual(expect.arrayContaining([ALL, Buffer.from('grüße')]));
    expect(await client.del(ALL, 'grüße')).toBe(2);
  });

  it('a view of a larger Buffer, or one of the pool, sends its own bytes and no others', async () => {
    await using client = new RedisClient(server.url);
    for (const size of [10, 1_500, 100_000]) {
      const large = Buffer.alloc(size * 3, ALL);
      const view = large.subarray(size, size * 2);
      await client.set('view', view);
      expect((await client.buffers.get('view'))!.equals(view)).toBe(true);
      const shared = Buffer.from(new ArrayBuffer(size * 2), size, size).fill(7);
      await client.set('shared', shared);
      expect((await client.buffers.get('shared'))!.equals(shared)).toBe(true);
    }
    const pooled = Array.from({ length: 500 }, (_, index) => Buffer.from(`pooled ${index}`));
    expect(await Promise.all(pooled.map((bytes) => client.buffers.echo(bytes)))).toEqual(pooled);
  });

  it('bytes that come in are the caller’s own: what arrives later does not change them', async () => {
    await using client = new RedisClient({ url: server.url, readBufferSize: 64 });
    const sizes = [1, 40, 63, 64, 65, 200, 9_000, 100_000];
    const held = await Promise.all(sizes.map((size) => client.buffers.echo(Buffer.alloc(size, 1))));
    for (let round = 2; round < 6; round++)
      await Promise.all(sizes.map((size) => client.buffers.echo(Buffer.alloc(size, round))));
    for (const [index, bytes] of held.entries())
      expect(bytes.equals(Buffer.alloc(sizes[index]!, 1))).toBe(true);
    held[0]!.fill(9);
    expect(await client.buffers.echo(Buffer.alloc(40, 3))).toEqual(Buffer.alloc(40, 3));
  });

  it('a Buffer may be used again once its reply is there', async () => {
    await using client = new RedisClient(server.url);
    for (const size of [8, 2_000, 300_000]) {
      const bytes = Buffer.alloc(size);
      for (let round = 1; round <= 20; round++) {
        await client.set(`round:${round}`, bytes.fill(round));
      }
      for (let round = 1; round <= 20; round++)
        expect((await client.buffers.get(`round:${round}`))!.equals(Buffer.alloc(size, round))).toBe(true);
    }
  });

  it('a Buffer that is changed too early changes what is stored, and nothing else', async () => {
    await using client = new RedisClient(server.url);
    await client.connect();
    for (const size of [8, 2_000, 300_000]) {
      const bytes = Buffer.alloc(size, 'a');
      const written = client.set('early', bytes);
      const after = client.echo('after');
      bytes.fill('\r\n');
      expect(await written).toBe('OK');
      expect(await after).toBe('after');
      const stored = await client.get('early');
      expect(stored).toHaveLength(size);
      expect(stored).toMatch(/^(a|\r\n)*$/);
    }
  });

  it('other kinds of bytes are a TypeError that says what to pass, and nothing is sent', async () => {
    await using client = new RedisClient(server.url);
    const loose = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const bytes = new Uint8Array([1, 2, 3]);
    for (const [what, value] of [
      ['Uint8Array', bytes],
      ['ArrayBuffer', bytes.buffer],
      ['DataView', new DataView(bytes.buffer)],
      ['SharedArrayBuffer', new SharedArrayBuffer(3)],
      ['Float64Array', new Float64Array(3)],
      ['Blob', new Blob([bytes])],
    ] as const) {
      for (const [method, position, args] of [
        ['set', 2, ['k', value]],
        ['get', 1, [value]],
        ['hset', 3, ['h', { field: value }]],
        ['mset', 2, [new Map([['k', value]])]],
        ['rpush', 3, ['l', ['x', value]]],
        ['zadd', 3, ['z', { score: 1, member: value }]],
        ['eval', 3, ['return 1', 0, value]],
        ['publish', 2, ['c', value]],
        ['call', 2, ['SET', 'k', value]],
      ] as const) {
        const error = await errorOf(loose[method]!(...args));
        expect(error.name).toBe('TypeError');
        expect(error.message).toMatch(
          new RegExp(`: argument ${position} is (an? )?${what}.*nothing was sent\\. .*Buffer\\.from\\(\\)`),
        );
      }
    }
    expect(client.status).toBe('idle');
    await client.set('k', Buffer.from(bytes.buffer));
    expect(await client.buffers.get('k')).toEqual(Buffer.from([1, 2, 3]));
  });
});
