import { describe, expect, it } from '@jest/globals';
import { RespDecoder } from '../../../lib/core/protocol/resp-decoder.js';
import { RecordingSink } from './wire.js';

/** Feeds `text` in pieces of `size` bytes. */
function feed(decoder: RespDecoder, text: string, size: number): void {
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size), 'latin1');
    decoder.write(piece, piece.length);
  }
}

describe('long lines', () => {
  const line = 'x'.repeat(200_000);

  it.each([1, 7, 65_536, 1_000_000])('come whole where they are allowed, in pieces of %d bytes', (size) => {
    const sink = new RecordingSink();
    const decoder = new RespDecoder(sink);
    decoder.longestLine = 300_000;
    feed(decoder, `+${line}\r\n:1\r\n+${line}\r\n+OK\r\n`, size);
    expect(sink.told.length).toBe(4);
    expect(sink.told.map(([, value]) => value === line)).toEqual([true, false, true, false]);
    expect(sink.told.map(([, value]) => value).filter((value) => value !== line)).toEqual([1, 'OK']);
  });

  it.each([1, 7, 65_536, 1_000_000])('are refused where they are not, in pieces of %d bytes', (size) => {
    const sink = new RecordingSink();
    expect(() => feed(new RespDecoder(sink), `+${line}\r\n`, size)).toThrow('a line without an end');
    expect(sink.told).toEqual([]);
    const longer = new RespDecoder(sink);
    longer.longestLine = 150_000;
    expect(() => feed(longer, `+${line}\r\n`, size)).toThrow('a line without an end');
    // of what is no text no line is longer than before
    expect(() => feed(longer, `:${'1'.repeat(40)}\r\n`, size)).toThrow();
  });
});
