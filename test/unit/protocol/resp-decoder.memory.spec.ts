import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { Reply } from '../../../lib/core/protocol/reply.js';
import { RespDecoder } from '../../../lib/core/protocol/resp-decoder.js';
import { bulk, RecordingSink } from './wire.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// looked up once: under Jest each look at a global goes through a sandbox, and there are millions of replies
const { isArray } = Array;

const MIB = 2 ** 20;
const CHUNK = 64 * 1024;
const CHUNKS = 200;

function memory(): number {
  // the second waits for the first to have given everything back
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What is alive after a chunk full of such values came so many times, and of each time one value was kept. */
function keptAlive(
  value: (index: number) => string,
  buffers: boolean,
  elements = 0,
): { bytes: number; kept: Reply[] } {
  const receive = Buffer.alloc(CHUNK);
  let length = elements === 0 ? 0 : receive.write(`*${elements}\r\n`);
  let count = 0;
  for (let index = 0; elements === 0 || count < elements; index++, count++) {
    const wire = bulk(value(index));
    if (length + Buffer.byteLength(wire) > CHUNK) break;
    length += receive.write(wire, length);
  }
  const kept: Reply[] = [];
  const sink = new RecordingSink(buffers);
  let last: Reply = null;
  sink.onReply = (reply) => {
    last = isArray(reply) ? reply[reply.length >> 1] : reply;
  };
  const decoder = new RespDecoder(sink);
  for (let chunk = 0; chunk < 20; chunk++) decoder.write(receive, length);
  const before = memory();
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    decoder.write(receive, length);
    kept.push(last);
  }
  last = null;
  return { bytes: memory() - before, kept };
}

// were the chunks, or strings made of them, kept alive, these would come to 12 MiB
describe('what a kept value keeps alive', () => {
  it.each([1, 2, 3, 8, 12, 13, 16, 20, 24, 25, 40, 100])(
    'is not its chunk: text of %i characters',
    (size) => {
      const value = (index: number): string => `${index}`.padStart(size, 'v').slice(-size);
      const { bytes, kept } = keptAlive(value, false);
      expect(kept.length).toBe(CHUNKS);
      expect((kept[0] as string).length).toBe(size);
      expect(bytes).toBeLessThan(MIB);
    },
  );

  it.each([5, 13, 24, 60, 128, 129])('is some 512 bytes of a list: text of %i characters', (size) => {
    const value = (index: number): string => `${index}`.padStart(size, 'v').slice(-size);
    const { bytes, kept } = keptAlive(value, false, 400);
    expect(kept.length).toBe(CHUNKS);
    expect(kept.every((text) => text === value(200))).toBe(true);
    expect(bytes).toBeLessThan(CHUNKS * 1024 + MIB / 8);
  });

  it.each([8, 20, 60])('is not its chunk: text of %i characters that are not ASCII', (size) => {
    const value = (index: number): string => `é${index}`.padStart(size, 'ü').slice(-size);
    expect(keptAlive(value, false).bytes).toBeLessThan(MIB);
  });

  it.each([1, 16, 64, 2049, 5000])('is nothing but itself: %i bytes', (size) => {
    expect(keptAlive(() => 'b'.repeat(size), true).bytes).toBeLessThan(MIB + CHUNKS * size);
  });

  it.each([65, 1000, 2048])('is one slab: %i bytes', (size) => {
    expect(keptAlive(() => 'b'.repeat(size), true).bytes).toBeLessThan(CHUNKS * 8192 + MIB);
  });

  it('is nothing for a decoder at rest', () => {
    const decoders: RespDecoder[] = [];
    const replies = Buffer.from(
      `*2\r\n${bulk('x'.repeat(20_000))}%1\r\n${bulk('key')}${bulk('y'.repeat(20_000))}`,
    );
    const sink = new RecordingSink();
    sink.onReply = () => {};
    const run = (): void => {
      const decoder = new RespDecoder(sink);
      for (let from = 0; from < replies.length; from += 30_000) {
        const chunk = Buffer.from(replies.subarray(from, from + 30_000));
        decoder.write(chunk, chunk.length);
      }
      decoders.push(decoder);
    };
    run();
    const before = memory();
    for (let i = 0; i < 500; i++) run();
    // the replies were 40 KB each
    expect((memory() - before) / 500).toBeLessThan(10_000);
    expect(decoders.length).toBe(501);
  });
});

describe('large strings', () => {
  const sizes = [4095, 4096, 65_536, MIB - 1, MIB, MIB + 1, 3 * MIB + 5];

  /** Feeds it in chunks of the receive buffer's size, which is overwritten after each. */
  function decodeLarge(wire: Buffer, buffers: boolean, size = CHUNK): Reply[] {
    const sink = new RecordingSink(buffers);
    const decoder = new RespDecoder(sink);
    const receive = Buffer.alloc(size);
    for (let from = 0; from < wire.length; from += size) {
      decoder.write(receive, wire.copy(receive, 0, from));
      receive.fill(0x35);
    }
    return sink.told.map(([, value]) => value);
  }

  const wireOf = (values: Buffer[]): Buffer =>
    Buffer.concat(
      values.flatMap((value) => [Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]),
    );

  const filled = (text: string | Buffer, size: number): Buffer => Buffer.alloc(size, text);

  it.each(sizes)('come whole: %i bytes of ASCII', (size) => {
    const values = [filled('first, ', size), filled('second, ', size), filled('third, ', size)];
    expect(decodeLarge(wireOf(values), false)).toEqual(values.map((value) => value.toString()));
    expect(decodeLarge(wireOf(values), true).every((value, i) => values[i].equals(value as Buffer))).toBe(
      true,
    );
  });

  it.each(sizes)('come whole: %i bytes of UTF-8, cut inside characters', (size) => {
    // of 1 to 4 bytes each, so that chunks end in every place of them; the end may be no whole character
    const values = [
      filled('aé尺😀', size),
      filled('\ufeffé', size),
      filled('尺寸大小', size),
      filled(Buffer.from([0x61, 0xff, 0xc3]), size),
    ];
    const texts = values.map((value) => value.toString());
    for (const chunk of [CHUNK, 10_007]) {
      const decoded = decodeLarge(wireOf(values), false, chunk);
      expect(decoded.map((text, i) => text === texts[i])).toEqual([true, true, true, true]);
    }
  });

  it.each([2047, 2048, 2049, 5000])('come whole out of one chunk: %i bytes of UTF-8', (size) => {
    const values = [filled('aé尺😀', size), filled('é', size), filled(Buffer.from([0x61, 0xff, 0xc3]), size)];
    expect(decodeLarge(wireOf(values), false)).toEqual(values.map((value) => value.toString()));
  });

  it('share no memory with each other', () => {
    const values = ['a', 'b', 'c'].map((letter) => filled(letter, 200_000));
    const [one, two, three] = decodeLarge(wireOf(values), true) as Buffer[];
    expect(new Set([one.buffer, two.buffer, three.buffer]).size).toBe(3);
    expect(one.byteLength).toBe(one.buffer.byteLength);
  });

  it('come at the same time on several connections', () => {
    const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()];
    const decoders = sinks.map((sink) => new RespDecoder(sink));
    const values = ['x', 'y', 'z'].map((letter) => filled(letter, 300_000));
    const wires = values.map((value) => wireOf([value, value]));
    for (let from = 0; from < wires[0].length; from += 50_000) {
      decoders.forEach((decoder, i) => {
        const chunk = Buffer.from(wires[i].subarray(from, from + 50_000));
        decoder.write(chunk, chunk.length);
      });
    }
    sinks.forEach((sink, i) => {
      expect(sink.told.map(([, value]) => value === values[i].toString())).toEqual([true, true]);
    });
  });

  it('cost no more in small pieces', () => {
    const value = filled('x', MIB);
    const wire = Buffer.concat([
      Buffer.from('*2\r\n'),
      wireOf([value]),
      Buffer.from(`+${'y'.repeat(65_000)}\r\n`),
    ]);
    const started = performance.now();
    expect((decodeLarge(wire, false, 7)[0] as string[]).map((text) => text.length)).toEqual([MIB, 65_000]);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('cost no more as many elements in small pieces', () => {
    const count = 200_000;
    const wire = Buffer.from(`*${count}\r\n${bulk('element')}` + bulk('element').repeat(count - 1));
    const started = performance.now();
    expect((decodeLarge(wire, false, 100)[0] as string[]).length).toBe(count);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
