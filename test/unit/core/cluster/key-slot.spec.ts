import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient } from 'nestjs-redwire/core';
import { keySlot, SLOT_COUNT } from '../../../../lib/core/cluster/slots/key-slot.js';
import { newSeed, Random, startServer, type TestServer } from '../../../support/index.js';

describe('keySlot', () => {
  it('is CRC16/XMODEM modulo 16,384', () => {
    // the check value of CRC16/XMODEM
    expect(keySlot('123456789')).toBe(0x31c3 % SLOT_COUNT);
    expect(keySlot('foo')).toBe(12_182);
    expect(keySlot('bar')).toBe(5_061);
    expect(keySlot('')).toBe(0);
  });

  it('takes text, bytes, numbers and bigints for what goes on the wire', () => {
    expect(keySlot(Buffer.from('123456789'))).toBe(keySlot('123456789'));
    expect(keySlot(123_456_789)).toBe(keySlot('123456789'));
    expect(keySlot(123_456_789n)).toBe(keySlot('123456789'));
    expect(keySlot('grüße 🎉')).toBe(keySlot(Buffer.from('grüße 🎉')));
    expect(keySlot('lone \ud800')).toBe(keySlot(Buffer.from('lone \ufffd')));
  });

  it.each([
    ['{user}:name', 'user'],
    ['a{user}', 'user'],
    ['{a}{b}', 'a'],
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
    ['ü{user}ü', 'user'],
    ['x{grüße}', 'grüße'],
    ['}{a}', 'a'],
  ])('of %s is that of %s', (key, tag) => {
    expect(keySlot(key)).toBe(keySlot(tag));
    expect(keySlot(Buffer.from(key))).toBe(keySlot(tag));
  });

  // by the server below as well: an empty first tag is none, whatever follows
  it.each(['{}', '{}{a}', 'foo{}{bar}', '{', '}', 'a{b', 'a}b{'])('of %s is that of all of it', (key) => {
    const whole = [...Buffer.from(key)].reduce((crc, byte) => {
      let next = crc ^ (byte << 8);
      for (let bit = 0; bit < 8; bit++) next = (next & 0x8000 ? (next << 1) ^ 0x1021 : next << 1) & 0xffff;
      return next;
    }, 0);
    expect(keySlot(key)).toBe(whole % SLOT_COUNT);
    expect(keySlot(Buffer.from(key))).toBe(whole % SLOT_COUNT);
  });
});

describe('as a server says it', () => {
  let server: TestServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await startServer({ kind: 'valkey-9.1', args: ['--cluster-enabled', 'yes'] });
    client = new RedisClient({ url: server.url, queueSize: 4_000 });
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('for thousands of keys', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    const pieces = ['a', 'key', '{', '}', '{}', 'ü', '漢', '🎉', '\ud800', ':', '0', '\0', '\x7f', '\x80'];
    const keys: (string | Buffer)[] = Array.from({ length: 4_000 }, (_, index) => {
      const text = Array.from({ length: random.between(0, 12) }, () => random.pick(pieces)).join('');
      if (index % 2 === 0) return text;
      const bytes = Buffer.from(text);
      // no UTF-8
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    });
    const theirs = await Promise.all(keys.map((key) => client.clusterKeyslot(key)));
    const wrong = keys.filter((key, index) => keySlot(key) !== theirs[index]);
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    expect(new Set(theirs).size).toBeGreaterThan(1_000);
  });
});
