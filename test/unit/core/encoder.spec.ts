import { constants } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { Encoder, type WireArgument } from '../../../lib/core/protocol/encoder.js';

/** What the socket would write. */
function bytesOf(encoder: Encoder): Buffer {
  const { parts, encoding } = encoder.take();
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, encoding) : part)));
}

function reference(args: readonly WireArgument[]): Buffer {
  const parts = args.map((arg) => (Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg))));
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
  ]);
}

const ARGUMENTS: WireArgument[] = [
  '',
  'key',
  'k'.repeat(95),
  'k'.repeat(96),
  'k'.repeat(2_000),
  'k'.repeat(40_000),
  'ü',
  'grüße 🎉',
  'é'.repeat(500),
  '漢'.repeat(20_000),
  '\ud800 lone surrogate',
  '\r\n$5\r\n',
  '\u0000\u007f\u0080\u00ff',
  0,
  -1.5,
  Number.MAX_SAFE_INTEGER,
  1e21,
  2n ** 70n,
  Buffer.alloc(0),
  Buffer.from([0, 13, 10, 127, 128, 255]),
  Buffer.alloc(1_024, 0xff),
  Buffer.alloc(1_025, 0xfe),
  Buffer.alloc(70_000, 0x80),
];

describe('Encoder', () => {
  it.each(ARGUMENTS.map((argument, index) => [index, argument] as const))(
    'writes argument %d alone',
    (_, argument) => {
      const encoder = new Encoder();
      encoder.append('\r\n*2', ['X', argument]);
      expect(bytesOf(encoder).equals(reference(['X', argument]))).toBe(true);
    },
  );

  it('writes every pair of kinds in one batch, either first, and is clean afterwards', () => {
    const encoder = new Encoder();
    for (const first of ARGUMENTS) {
      for (const second of ARGUMENTS) {
        encoder.append('\r\n*2', [first, second]);
        encoder.append('\r\n*3', [second, 'between', first]);
        const expected = Buffer.concat([reference([first, second]), reference([second, 'between', first])]);
        expect(bytesOf(encoder).equals(expected)).toBe(true);
        expect(encoder.size).toBe(0);
      }
    }
  });

  it('writes commands with many arguments, of every kind and in every place, and beyond the memory for short ones', () => {
    const encoder = new Encoder();
    for (const odd of ARGUMENTS) {
      for (let place = 0; place <= 20; place++) {
        const args: WireArgument[] = Array.from({ length: 20 }, (_, index) => 'x'.repeat(index * 5));
        args.splice(place, 0, odd);
        encoder.append('\r\n*21', args);
        encoder.append('\r\n*1', ['next']);
        expect(bytesOf(encoder).equals(Buffer.concat([reference(args), reference(['next'])]))).toBe(true);
      }
    }
    const keys = Array.from({ length: 10_000 }, (_, index) => `key:${index}`);
    encoder.append('\r\n*10000', keys);
    expect(bytesOf(encoder).equals(reference(keys))).toBe(true);
  });

  it('joins what is small into one string, and leaves large values apart', () => {
    const encoder = new Encoder();
    encoder.append('\r\n*1', ['a']);
    encoder.append('\r\n*1', [Buffer.from([1, 2, 255])]);
    encoder.append('\r\n*1', ['ü']);
    expect(encoder.take().parts).toHaveLength(1);
    encoder.append('\r\n*2', ['a', Buffer.alloc(5_000)]);
    expect(encoder.take().parts).toHaveLength(3);
  });

  it('takes commands that are longer than a string can be', () => {
    const { MAX_STRING_LENGTH } = constants;
    const encoder = new Encoder();
    const value = 'v'.repeat(32_000);
    const count = Math.ceil(MAX_STRING_LENGTH / value.length) + 1;
    encoder.append('\r\n*1', ['before']);
    encoder.append(
      '\r\n*1',
      Array.from({ length: count }, () => value),
    );
    encoder.append('\r\n*1', ['after']);
    const parts = encoder.take().parts as string[];
    const lengths = parts.map(({ length }) => length);
    const framed = '*1\r\n$6\r\nbefore\r\n*1\r\n*1\r\n$5\r\nafter\r\n'.length;
    // joining them is what must not be tried; to look at them would make them flat
    expect(lengths.reduce((sum, length) => sum + length)).toBe(
      framed + count * `$32000\r\n${value}\r\n`.length,
    );
    expect(Math.max(...lengths)).toBeLessThan(MAX_STRING_LENGTH / 4);
  });
});
