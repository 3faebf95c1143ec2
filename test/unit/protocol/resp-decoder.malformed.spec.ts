import { describe, expect, it } from '@jest/globals';
import { MalformedReplyError } from '../../../lib/core/protocol/decoder.js';
import { decode, decodeByteByByte, RecordingSink } from './wire.js';
import { RespDecoder } from '../../../lib/core/protocol/resp-decoder.js';

const MALFORMED: [what: string, wire: string][] = [
  ['an inline text', 'OK\r\n'],
  ['a line end', '\r\n'],
  ['a zero byte', '\0'],
  ['a byte beyond ASCII', '\xff'],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
  ['TLS', '\x15\x03\x01\x00\x02\x02\x46'],
  ['a simple string with LF', '+a\nb\r\n'],
  ['a simple string with CR', '+a\rb\r\n'],
  ['a simple string that ends with LF', '+a\n'],
  ['an error with LF', '-ERR a\nb\r\n'],
  ['no integer', ':\r\n'],
  ['a sign', ':-\r\n'],
  ['two signs', ':--1\r\n'],
  ['a fraction as integer', ':1.5\r\n'],
  ['hexadecimal', ':0x10\r\n'],
  ['a space before an integer', ': 1\r\n'],
  ['a space after an integer', ':1 \r\n'],
  ['an integer that ends with LF', ':1\n'],
  ['an integer that ends with CR', ':1\rx'],
  ['an integer beyond all', ':0000000000000000000000000000000000\r\n'],
  ['no length', '$\r\n'],
  ['a length with a sign', '$+5\r\nhello\r\n'],
  ['a length -0', '$-0\r\n\r\n'],
  ['a length -2', '$-2\r\n'],
  ['a length -1 with zeros', '$-01\r\n'],
  ['a length with a space', '$ 5\r\nhello\r\n'],
  ['a length in letters', '$five\r\nhello\r\n'],
  ['a length of digits and letters', '$5a\r\nhello\r\n'],
  ['a length with an exponent', '$1e1\r\nhellohello\r\n'],
  ['a length that ends with LF', '$5\nhello\r\n'],
  ['a length in 40 digits', `$${'0'.repeat(39)}5\r\nhello\r\n`],
  ['a string that is longer', '$5\r\nhello!\r\n'],
  ['a string that is shorter', '$5\r\nhell\r\n\r\n'],
  ['a string without CR', '$5\r\nhello\n'],
  ['a string with CR alone', '$5\r\nhello\r\r'],
  ['an empty string without CRLF', '$0\r\n$0\r\n\r\n'],
  ['a long string that is longer', `$300\r\n${'x'.repeat(301)}\r\n`],
  ['a string beyond the limit', '$536870913\r\n'],
  ['a string of 4 GB', '$4294967296\r\n'],
  ['a string beyond numbers', '$9999999999999999999999999999\r\n'],
  ['a null set', '~-1\r\n'],
  ['a null map', '%-1\r\n'],
  ['a null push', '>-1\r\n'],
  ['a null attribute', '|-1\r\n'],
  ['a null verbatim string', '=-1\r\n'],
  ['a null blob error', '!-1\r\n'],
  ['an array of -2', '*-2\r\n'],
  ['an array of no length', '*\r\n'],
  ['an array of letters', '*a\r\n'],
  ['an array beyond the limit', '*2000000000\r\n'],
  ['a map beyond the limit', '%2000000000\r\n'],
  ['an array of 2^32', '*4294967296\r\n'],
  ['a set of 2^32', '~4294967296\r\n'],
  ['a push of 2^32', '>4294967296\r\n'],
  ['a map of 2^32', '%4294967296\r\n'],
  ['an attribute of 2^32', '|4294967296\r\n'],
  ['an array of 2^32 + 1, which is 1 in 32 bits', '*4294967297\r\n:1\r\n'],
  ['a string of 2^32 + 1, which is 1 in 32 bits', '$4294967297\r\na\r\n'],
  ['a verbatim string of 4 GB', '=4294967296\r\n'],
  ['a blob error of 4 GB', '!4294967296\r\n'],
  ['a part of 4 GB', '$?\r\n;4294967296\r\n'],
  ['an array with no element', '*1\r\n\r\n'],
  ['true in letters', '#true\r\n'],
  ['true in capitals', '#T\r\n'],
  ['no boolean', '#\r\n'],
  ['a null with a text', '_null\r\n'],
  ['no double', ',\r\n'],
  ['a double that is a point', ',.\r\n'],
  ['a double of letters', ',one\r\n'],
  ['a double with two points', ',1.2.3\r\n'],
  ['a double without its fraction', ',1.\r\n'],
  ['a double without its whole', ',.5\r\n'],
  ['a double without its exponent', ',1e\r\n'],
  ['a double in hexadecimal', ',0x10\r\n'],
  ['a double with a space', ', 1\r\n'],
  ['Infinity in full', ',Infinity\r\n'],
  ['no big number', '(\r\n'],
  ['a big number with a fraction', '(1.5\r\n'],
  ['a big number in hexadecimal', '(0x10\r\n'],
  ['a verbatim string with no format', '=3\r\ntxt\r\n'],
  ['a verbatim string with no colon', '=5\r\ntxt-a\r\n'],
  ['a streamed verbatim string', '=?\r\n'],
  ['a streamed blob error', '!?\r\n'],
  ['a part of no string', ';1\r\na\r\n'],
  ['the last part of no string', ';0\r\n'],
  ['a streamed part', '$?\r\n;?\r\n'],
  ['a null part', '$?\r\n;-1\r\n'],
  ['a string between the parts', '$?\r\n;1\r\na\r\n$1\r\nb\r\n;0\r\n'],
  ['a push between the parts', '$?\r\n;1\r\na\r\n>1\r\n+p\r\n'],
  ['an attribute between the parts', '$?\r\n|0\r\n;0\r\n'],
  ['a part that is longer', '$?\r\n;1\r\nab\r\n;0\r\n'],
  ['the end of nothing', '.\r\n'],
  ['the end of an array of known length', '*1\r\n.\r\n'],
  ['an end inside of another', '*?\r\n*2\r\n:1\r\n.\r\n'],
  ['an end with a text', '*?\r\n.a\r\n'],
  ['a streamed map that ends with a key', '%?\r\n+a\r\n.\r\n'],
  ['a streamed attribute that ends with a key', '|?\r\n+a\r\n.\r\n'],
  ['a push inside an array', '*2\r\n:1\r\n>1\r\n+p\r\n'],
  ['a push inside a map', '%1\r\n+a\r\n>1\r\n+p\r\n'],
  ['a push inside a push', '>2\r\n+a\r\n>1\r\n+p\r\n'],
  ['a push inside an attribute', '|1\r\n+a\r\n>1\r\n+p\r\n'],
  ['a push without a kind', '>0\r\n'],
  ['a streamed push without a kind', '>?\r\n.\r\n'],
];

describe('RespDecoder on malformed bytes', () => {
  it.each(MALFORMED)('refuses %s', (_what, text) => {
    const wire = Buffer.from(text, 'latin1');
    expect(() => decode(wire)).toThrow(MalformedReplyError);
    expect(() => decodeByteByByte(wire)).toThrow(MalformedReplyError);
    for (let cut = 1; cut < wire.length; cut++)
      expect(() => decode(wire, { cuts: [cut] })).toThrow(MalformedReplyError);
    // and in the middle of things
    for (const before of ['+OK\r\n', '*3\r\n:1\r\n', '%2\r\n+k\r\n']) {
      const more = Buffer.concat([Buffer.from(before), wire]);
      expect(() => decode(more)).toThrow(MalformedReplyError);
      expect(() => decodeByteByByte(more)).toThrow(MalformedReplyError);
    }
  });

  it.each(MALFORMED)('delivers nothing of %s', (_what, text) => {
    const sink = new RecordingSink();
    const decoder = new RespDecoder(sink);
    const wire = Buffer.from(text, 'latin1');
    expect(() => decoder.write(wire, wire.length)).toThrow(MalformedReplyError);
    // where the first bytes are a reply, what follows it is what is malformed
    const first = text.startsWith('$5\r\nhello') || text.startsWith('$0') || text.startsWith(':1\r');
    if (!first) expect(sink.told).toEqual([]);
  });

  it('tells nothing of the content', () => {
    for (const wire of [
      '$4\r\nsecret\r\n',
      '+sec\nret\r\n',
      ':secret\r\n',
      '(secret\r\n',
      ',secret\r\n',
      '#secret\r\n',
      'secret',
    ]) {
      expect(() => decode(wire)).not.toThrow(/secret|ecre/);
    }
  });
});

describe('RespDecoder and its limits', () => {
  const nested = (depth: number): string => '*1\r\n'.repeat(depth - 1) + '*0\r\n';

  it('takes 128 levels and no more', () => {
    expect(decode(nested(128)).told.length).toBe(1);
    expect(() => decode(nested(129))).toThrow('maxDepth');
    expect(() => decode('*1\r\n'.repeat(129))).toThrow('maxDepth');
    expect(() => decode('%1\r\n+a\r\n'.repeat(129))).toThrow('maxDepth');
    expect(() => decode('*?\r\n'.repeat(129))).toThrow('maxDepth');
    expect(() => decode('|1\r\n+a\r\n'.repeat(129))).toThrow('maxDepth');
  });

  it('refuses 100,000 levels at once', () => {
    const started = performance.now();
    for (const one of ['*1\r\n', '%1\r\n', '~?\r\n', '|1\r\n']) {
      expect(() => decode(one.repeat(100_000))).toThrow('maxDepth');
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('is as deep again after each reply', () => {
    expect(decode(nested(128).repeat(50)).told.length).toBe(50);
  });

  it('takes the depth it is given', () => {
    const limits = { maxDepth: 2 };
    expect(decode(nested(2), { limits }).told).toEqual([['reply', [[]]]]);
    expect(() => decode(nested(3), { limits })).toThrow('maxDepth');
    expect(() => decode('*1\r\n', { limits: { maxDepth: 0 } })).toThrow('maxDepth');
  });

  it('takes what is undefined for not given', () => {
    const limits = { maxDepth: undefined, maxBulkLength: undefined, maxAggregateLength: undefined };
    expect(() => decode(nested(129), { limits })).toThrow('maxDepth');
    expect(() => decode('$536870913\r\n', { limits })).toThrow('maxBulkLength');
    expect(() => decode('*134217729\r\n', { limits })).toThrow('maxAggregateLength');
  });

  it.each(['$', '=', '!'])('bounds strings of type %s', (type) => {
    const limits = { maxBulkLength: 8 };
    expect(decode(`${type}8\r\ntxt:4567\r\n`, { limits }).told.length).toBe(1);
    expect(() => decode(`${type}9\r\n`, { limits })).toThrow('maxBulkLength');
    expect(() => decode(`${type}9\r\ntxt:45678\r\n`, { limits })).toThrow('maxBulkLength');
  });

  it('bounds a string in parts', () => {
    const limits = { maxBulkLength: 8 };
    expect(decode('$?\r\n;4\r\n1234\r\n;4\r\n5678\r\n;0\r\n', { limits }).told).toEqual([
      ['reply', '12345678'],
    ]);
    expect(() => decode('$?\r\n;4\r\n1234\r\n;5\r\n', { limits })).toThrow('maxBulkLength');
    expect(() => decode('$?\r\n;9\r\n', { limits })).toThrow('maxBulkLength');
  });

  it.each(['*', '~', '>', '%', '|'])('bounds aggregates of type %s', (type) => {
    const limits = { maxAggregateLength: 2 };
    const element = type === '%' || type === '|' ? '+k\r\n:1\r\n' : ':1\r\n';
    const after = type === '|' ? ':1\r\n' : '';
    expect(decode(`${type}2\r\n${element.repeat(2)}${after}`, { limits }).told.length).toBe(1);
    expect(decode(`${type}?\r\n${element.repeat(2)}.\r\n${after}`, { limits }).told.length).toBe(1);
    expect(() => decode(`${type}3\r\n`, { limits })).toThrow('maxAggregateLength');
    expect(() => decode(`${type}?\r\n${element.repeat(3)}`, { limits })).toThrow('maxAggregateLength');
  });

  it.each([
    ['+', 65_535],
    ['-', 65_535],
    ['(', 65_535],
    [',', 65_535],
  ])('bounds lines of type %s', (type, most) => {
    const longest = `${type}${'1'.repeat(most)}\r\n`;
    const feed = [[], [10], [65_535], [65_536], [65_537], [20, 300, 40_000]];
    for (const cuts of feed) expect(decode(longest, { cuts }).told.length).toBe(1);
    expect(decodeByteByByte(longest).told.length).toBe(1);
    const longer = `${type}${'1'.repeat(most + 1)}`;
    for (const end of ['', '\r\n']) {
      for (const cuts of feed) expect(() => decode(longer + end, { cuts })).toThrow('without an end');
      expect(() => decodeByteByByte(longer + end)).toThrow('without an end');
    }
  });

  it.each(['$', ':', '*', '%', '~', '>', '|', '=', '!', '#', '_'])(
    'bounds the line of type %s by 32 bytes',
    (type) => {
      const wire = `${type}${'0'.repeat(32)}`;
      expect(() => decode(wire)).toThrow(MalformedReplyError);
      expect(() => decodeByteByByte(wire)).toThrow(MalformedReplyError);
    },
  );

  it('takes no memory for what is only announced', () => {
    const before = process.memoryUsage();
    const decoders: RespDecoder[] = [];
    for (let i = 0; i < 40; i++) {
      for (const wire of [
        '$536870912\r\nabc',
        '*134217728\r\n:1\r\n',
        '%134217728\r\n+a\r\n',
        '*?\r\n',
        '$?\r\n;500000000\r\n',
      ]) {
        const decoder = new RespDecoder(new RecordingSink(i % 2 === 0));
        decoder.write(Buffer.from(wire), wire.length);
        decoders.push(decoder);
      }
    }
    const after = process.memoryUsage();
    // 200 decoders, of which 80 have begun a string: 1 MiB each at most, and not even that is touched
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100 * 2 ** 20);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(30 * 2 ** 20);
    expect(decoders.length).toBe(200);
  });
});
