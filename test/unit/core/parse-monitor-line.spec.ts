import { describe, expect, it } from '@jest/globals';
import { parseMonitorLine } from '../../../lib/core/monitor/parse-monitor-line.js';

const text = (line: string): unknown => parseMonitorLine<string>(Buffer.from(line, 'latin1'), false);
const bytes = (line: string): Buffer[] | undefined =>
  parseMonitorLine<Buffer>(Buffer.from(line, 'latin1'), true)?.args.slice();

/** A command's word as servers write it: what is printable as it is, the rest escaped. */
function escaped(word: Buffer): string {
  const names: Record<number, string> = { 10: 'n', 13: 'r', 9: 't', 7: 'a', 8: 'b', 92: '\\', 34: '"' };
  const parts = [...word].map((byte) => {
    if (byte in names) return `\\${names[byte]}`;
    return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${parts.join('')}"`;
}

describe('the lines of MONITOR', () => {
  it('time with microseconds, database, source, command, arguments', () => {
    expect(text('1339518083.107412 [0 127.0.0.1:60866] "keys" "*"')).toEqual({
      time: 1_339_518_083_107.412,
      database: 0,
      source: '127.0.0.1:60866',
      command: 'keys',
      args: ['*'],
    });
    expect(text('1795286919.000001 [15 lua] "PING"')).toEqual({
      time: 1_795_286_919_000.001,
      database: 15,
      source: 'lua',
      command: 'PING',
      args: [],
    });
  });

  it.each(['[::1]:6379', 'unix:/run/redis.sock', 'unix:/a b/[x] y/s', 'unix:/gr\u00fc\u00dfe'])(
    'source %s',
    (source) => {
      const line = Buffer.from(`1.000000 [3 ${source}] "GET" "a] " "[0 b] "`);
      expect(parseMonitorLine(line, false)).toMatchObject({ database: 3, source, args: ['a] ', '[0 b] '] });
    },
  );

  it('no microsecond is lost', () => {
    for (let micros = 0; micros < 1_000_000; micros += 997) {
      const digits = String(micros).padStart(6, '0');
      const { time } = text(`1999999999.${digits} [0 lua] "PING"`) as { time: number };
      expect(time.toFixed(3)).toBe(`1999999999${digits.slice(0, 3)}.${digits.slice(3)}`);
    }
  });

  it('arguments come back as the bytes that were sent', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const words = [
      all,
      Buffer.alloc(0),
      Buffer.from('\\x41"\\'),
      Buffer.from('gr\u00fc\u00dfe \u{1f600}'),
      all,
    ];
    const line = `1.000000 [0 lua] "SET" ${words.map(escaped).join(' ')}`;
    expect(bytes(line)).toEqual(words);
    expect(text(line)).toMatchObject({ args: words.map(String) });
    expect(text('1.000000 [0 lua] "SET" "\\xC3\\xbc" "\\q"')).toMatchObject({ args: ['\u00fc', 'q'] });
    // a server that escapes less
    expect(bytes('1.000000 [0 lua] "SET" "\xff\x01"')).toEqual([Buffer.from([0xff, 1])]);
  });

  it.each([
    'OK',
    'PONG',
    '',
    '1.000000',
    '1.0 [0 lua] "GET"',
    '1.000000 [x lua] "GET"',
    '1.000000 [0 lua] GET',
    '1.000000 [0 lua] "GET',
    '1.000000 [0 lua] "GET" x',
    '1.000000 [0 lua] "GET" ',
    '1.000000 [0 lua] "GET" "a\\"',
    '1.000000 [0 lua] "GET" "\\x4"',
    '1.000000 [0 lua] "GET" "\\x4g"',
    '1.000000 [0 lua] "GET""a"',
  ])('%j is none', (line) => {
    expect(text(line)).toBeUndefined();
  });
});
