import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { SAMPLES } from './corpus.js';
import {
  array,
  assertSame,
  bulk,
  decode,
  decodeByteByByte,
  decodeOne,
  isMalformed,
  RecordingSink,
  type Told,
} from './wire.js';
import { RespDecoder } from '../../../lib/core/protocol/resp-decoder.js';

/** Every pair of cuts of a sample of so many bytes is 2,000 decodings. */
const PAIRS_UP_TO = 64;

describe('RespDecoder', () => {
  describe.each(SAMPLES)('$name', ({ wire, text, bytes }) => {
    const whole = typeof wire === 'string' ? Buffer.from(wire) : wire;

    describe.each([
      ['text', false, text],
      ['bytes', true, bytes ?? text],
    ])('as %s', (_kind, buffers: boolean, expected: Told[]) => {
      it('comes out of one chunk', () => {
        expect(decode(whole, { buffers }).told).toStrictEqual(expected);
      });

      it('comes out of two chunks, wherever they are cut', () => {
        for (let cut = 0; cut <= whole.length; cut++) {
          assertSame(decode(whole, { buffers, cuts: [cut] }).told, expected, () => `cut at ${cut}`);
        }
      });

      it('comes out of three chunks', () => {
        const step = whole.length <= PAIRS_UP_TO ? 1 : Math.ceil(whole.length / PAIRS_UP_TO);
        for (let first = 0; first < whole.length; first += step) {
          for (let second = first; second <= whole.length; second += step) {
            const { told } = decode(whole, { buffers, cuts: [first, second] });
            assertSame(told, expected, () => `cut at ${first} and ${second}`);
          }
        }
      });

      it('comes out byte by byte', () => {
        assertSame(decodeByteByByte(whole, buffers).told, expected, () => 'byte by byte');
      });

      it('asks once for each reply and each push', () => {
        for (const sink of [decode(whole, { buffers }), decodeByteByByte(whole, buffers)]) {
          const pushes = expected.filter(([kind]) => kind === 'push').length;
          expect([sink.asked, sink.pushesAsked]).toEqual([expected.length - pushes, pushes]);
        }
      });
    });

    it('says nothing before its last byte', () => {
      const { told } = decode(whole.subarray(0, -1));
      expect(told.length).toBe(text.length - 1);
    });
  });

  it('decodes all samples in one stream, in chunks of every size', () => {
    const wires = SAMPLES.map(({ wire }) => (typeof wire === 'string' ? Buffer.from(wire) : wire));
    const stream = Buffer.concat(wires);
    for (const buffers of [false, true]) {
      const expected = SAMPLES.flatMap(({ text, bytes }) => (buffers ? (bytes ?? text) : text));
      for (let size = 1; size < 400; size++) {
        const cuts = Array.from({ length: Math.ceil(stream.length / size) - 1 }, (_, i) => (i + 1) * size);
        assertSame(decode(stream, { buffers, cuts }).told, expected, () => `chunks of ${size}`);
      }
    }
  });

  it('asks for each reply after the one before was delivered, whatever came with it', () => {
    const said: string[] = [];
    const decoder = new RespDecoder({
      wantsBuffers: () => {
        said.push('?');
        return said.length % 4 === 1;
      },
      wantsPairs: () => false,
      wantsPushBuffers: () => {
        said.push('?push');
        return false;
      },
      onReply: (reply) =>
        said.push(Buffer.isBuffer(reply) ? `bytes ${reply.toString()}` : `text ${String(reply)}`),
      onError: (message) => said.push(`error ${message}`),
      onPush: (items) => said.push(`push ${items.join()}`),
    });
    const wire = Buffer.from('$1\r\na\r\n$1\r\nb\r\n>1\r\n+p\r\n-E\r\n|1\r\n+k\r\n+v\r\n+c\r\n');
    decoder.write(wire, wire.length);
    expect(said).toEqual(['?', 'bytes a', '?', 'text b', '?push', 'push p', '?', 'error E', '?', 'bytes c']);
  });

  it('keeps what pushes and replies want apart', () => {
    const sink = new RecordingSink(true, false);
    const decoder = new RespDecoder(sink);
    const wire = Buffer.from('>1\r\n$1\r\np\r\n$1\r\na\r\n>1\r\n$1\r\nq\r\n*1\r\n$1\r\nb\r\n');
    for (const byte of wire) decoder.write(Buffer.from([byte]), 1);
    expect(sink.told).toStrictEqual([
      ['push', ['p']],
      ['reply', Buffer.from('a')],
      ['push', ['q']],
      ['reply', [Buffer.from('b')]],
    ]);
  });

  it('does not read past the length it was given', () => {
    const sink = new RecordingSink();
    const decoder = new RespDecoder(sink);
    const chunk = Buffer.from('+a\r\n+b\r\n$3\r\nabc\r\n');
    decoder.write(chunk, 4);
    decoder.write(chunk, 0);
    decoder.write(Buffer.from('$3\r\nabc\r\n'), 8);
    expect(sink.told).toEqual([['reply', 'a']]);
  });

  it('makes plain objects, with a __proto__ that is a field', () => {
    const map = decodeOne('%2\r\n$9\r\n__proto__\r\n%1\r\n+polluted\r\n#t\r\n+a\r\n:1\r\n') as object;
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
    expect(Object.keys(map)).toEqual(['__proto__', 'a']);
    expect((map as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getOwnPropertyDescriptor(map, '__proto__')).toEqual({
      value: { polluted: true },
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });

  it('takes field names apart that fall on one place of the cache', () => {
    // many more names than the cache has places, twice, cached ones among them
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) {
        const name = `field:${i}`;
        assertSame(
          decodeOne(`%2\r\n$${name.length}\r\n${name}\r\n:${i}\r\n$4\r\nname\r\n:1\r\n`),
          { [name]: i, name: 1 },
          () => name,
        );
      }
    }
  });

  it.each(['v', 'é'])('decodes lists of texts of every length, whatever the chunks: %s', (letter) => {
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd((index * 7) % 150, letter));
    const nested = [texts, 'between', texts.slice(0, 7), [texts.slice(3, 20)]];
    const wire = Buffer.from(array(nested) + bulk('after') + array(texts));
    for (const size of [7, 100, 513, 4096, 65_536]) {
      const cuts = Array.from(
        { length: Math.ceil(wire.length / size) - 1 },
        (_, index) => (index + 1) * size,
      );
      expect(decode(wire, { cuts }).told).toEqual([
        ['reply', nested],
        ['reply', 'after'],
        ['reply', texts],
      ]);
    }
  });

  it('gives a map as pairs where they are wanted, with every key and in their order', () => {
    const wire = `%2\r\n${bulk('9')}*1\r\n${bulk('a')}${bulk('1')}%1\r\n${bulk('inner')}:1\r\n%0\r\n:7\r\n`;
    const sink = new RecordingSink(false, false, [-1]);
    new RespDecoder(sink).write(Buffer.from(wire), Buffer.byteLength(wire));
    expect(sink.told).toEqual([
      ['reply', ['9', ['a'], '1', { inner: 1 }]],
      ['reply', []],
      ['reply', 7],
    ]);
    const keys = Buffer.from([0x25, 0x32, 13, 10, 0x24, 0x31, 13, 10, 0xff, 13, 10, 0x3a, 0x31, 13, 10]);
    const same = Buffer.concat([keys, keys.subarray(4)]);
    const bytes = new RecordingSink(true, false, [-1]);
    new RespDecoder(bytes).write(same, same.length);
    expect(bytes.told).toEqual([['reply', [Buffer.from([0xff]), 1, Buffer.from([0xff]), 1]]]);
  });

  it('gives a map inside a list as pairs at the places where they are wanted, and nowhere deeper', () => {
    const map = '%1\r\n$1\r\nk\r\n:1\r\n';
    const wire = `*4\r\n${map}${map}*2\r\n${map}${map}:5\r\n${map}%1\r\n$1\r\nm\r\n${map}`;
    const sink = new RecordingSink(false, false, [1]);
    new RespDecoder(sink).write(Buffer.from(wire), Buffer.byteLength(wire));
    expect(sink.told).toEqual([
      ['reply', [{ k: 1 }, ['k', 1], [{ k: 1 }, { k: 1 }], 5]],
      ['reply', { k: 1 }],
      ['reply', { m: { k: 1 } }],
    ]);
  });

  it('knows the names of messages again, and takes no channel for another', () => {
    const names = ['', 'a', 'ab', 'channel:1', 'channel:2', 'c'.repeat(24), 'c'.repeat(25), 'é', '__proto__'];
    const messages = [...names, ...names].map((name) => ['message', name, `to ${name}`]);
    const wire = Buffer.from(messages.map((message) => `>${array(message).slice(1)}`).join(''));
    expect(decode(wire).told).toEqual(messages.map((message) => ['push', message]));
  });

  it('hands out bytes of their own', () => {
    for (const size of [1, 16, 64, 65, 1000, 4096, 100_000]) {
      const value = Buffer.alloc(size, 'x');
      const first = decodeOne(
        Buffer.concat([Buffer.from(`$${size}\r\n`), value, Buffer.from('\r\n')]),
        true,
      ) as Buffer;
      expect(first.equals(value)).toBe(true);
      expect(first.buffer.byteLength).toBeLessThanOrEqual(Math.max(size, 8192));
    }
  });

  it('keeps values apart that share memory', () => {
    // bytes in between that are no values, two replies in one chunk, and a slab's end in the middle
    const values = Array.from({ length: 300 }, (_, i) => Buffer.alloc(65 + ((i * 37) % 900), `${i},`));
    const reply = Buffer.concat([
      Buffer.from(`*${values.length * 2}\r\n`),
      ...values.flatMap((value) => [Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n:1\r\n')]),
    ]);
    for (const cuts of [[], [50_000], [20_000, 60_000, 60_001]]) {
      const { told } = decode(Buffer.concat([reply, reply]), { buffers: true, cuts });
      const expected = values.flatMap((value) => [value, 1]);
      assertSame(
        told,
        [
          ['reply', expected],
          ['reply', expected],
        ],
        () => `cut at ${cuts.join()}`,
      );
    }
  });

  it('does not let a value be taken away with another', () => {
    const [one, other] = decodeOne(
      `*2\r\n$70\r\n${'a'.repeat(70)}\r\n$70\r\n${'b'.repeat(70)}\r\n`,
      true,
    ) as Buffer[];
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(one, [one.buffer as ArrayBuffer]);
    } catch (error) {
      expect((error as Error).name).toBe('DataCloneError');
    }
    port1.close();
    port2.close();
    expect(other.toString()).toBe('b'.repeat(70));
  });

  it('is ended by an exception of its sink', () => {
    const sink = new RecordingSink();
    sink.onReply = () => {
      throw new Error('the sink');
    };
    const decoder = new RespDecoder(sink);
    expect(() => decoder.write(Buffer.from('+a\r\n+b\r\n'), 8)).toThrow('the sink');
    expect(() => decoder.write(Buffer.from('+c\r\n'), 4)).toThrow('earlier error');
  });

  it('is ended by malformed bytes', () => {
    const sink = new RecordingSink();
    const decoder = new RespDecoder(sink);
    for (let i = 0; i < 2; i++) {
      let thrown: unknown;
      try {
        decoder.write(Buffer.from('+a\r\nx+b\r\n'), 9);
      } catch (error) {
        thrown = error;
      }
      expect(isMalformed(thrown)).toBe(true);
    }
    expect(sink.told).toEqual([['reply', 'a']]);
  });
});
