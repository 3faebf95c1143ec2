import { describe, expect, it } from '@jest/globals';
import { SendMemory } from '../../../lib/core/protocol/send-memory.js';

const TEXTS = [
  'a'.repeat(32_768),
  'é'.repeat(40_000),
  '漢'.repeat(50_000),
  `${'x'.repeat(32_767)}🎉`,
  `\ud800${'y'.repeat(40_000)}`,
  'z'.repeat(2 ** 24 + 1),
];

describe('SendMemory', () => {
  it.each(TEXTS.map((text, index) => [index, text] as const))('gives the UTF-8 of text %d', (_, text) => {
    const memory = new SendMemory();
    const reference = Buffer.from(text);
    const first = memory.encode(text);
    expect(first.bytes.equals(reference)).toBe(true);
    memory.giveBack(first.memory);
    expect(memory.encode(text).bytes.equals(reference)).toBe(true);
  });

  it('uses again what was given back, and nothing that was not', () => {
    const memory = new SendMemory();
    const first = memory.encode('a'.repeat(100_000));
    const second = memory.encode('b'.repeat(100_000));
    expect(second.memory.buffer).not.toBe(first.memory.buffer);
    memory.giveBack(first.memory);
    const third = memory.encode('c'.repeat(120_000));
    expect(third.memory).toBe(first.memory);
    expect(second.bytes.equals(Buffer.alloc(100_000, 'b'))).toBe(true);
  });

  it('keeps 8 MiB at most', () => {
    const memory = new SendMemory();
    const lent = Array.from({ length: 20 }, () => memory.encode('a'.repeat(2 ** 20)).memory);
    for (const piece of lent) memory.giveBack(piece);
    expect(memory.kept).toBe(8 * 2 ** 20);
    memory.giveBack(memory.encode('a'.repeat(2 ** 25)).memory);
    expect(memory.kept).toBe(8 * 2 ** 20);
    for (let turn = 0; turn < 8; turn++) memory.encode('a'.repeat(2 ** 20));
    expect(memory.kept).toBe(0);
  });
});
