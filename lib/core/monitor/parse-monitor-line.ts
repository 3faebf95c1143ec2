import type { MonitoredCommand } from './monitored-command.js';

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const X = 0x78;
/** Every line begins with the time: answers of other commands on a monitor's connection do not. */
const HEAD = /^(\d+)\.(\d{6}) \[(\d+) (.+)$/s;
/** What follows a backslash, and the byte that it stands for; others stand for themselves. */
const ESCAPED = new Map([
  [0x6e, 0x0a], // \n
  [0x72, 0x0d], // \r
  [0x74, 0x09], // \t
  [0x61, 0x07], // \a
  [0x62, 0x08], // \b
]);

/**
 * Reads what MONITOR says of one command: `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`.
 *
 * @param line its bytes are written over: the arguments are unescaped where they stand, and Buffers are parts of it.
 * @returns undefined where it is no such line.
 */
export function parseMonitorLine<Data extends string | Buffer>(
  line: Buffer,
  buffers: boolean,
): MonitoredCommand<Data> | undefined {
  // quotes inside of arguments are escaped, so this is the end of the head, whatever a socket's path has in it
  const close = line.indexOf('] "');
  if (close === -1) return undefined;
  const head = HEAD.exec(line.toString('utf8', 0, close));
  if (head === null) return undefined;
  const words: Buffer[] = [];
  for (let at = close + 2; ; at++) {
    const end = endOfWord(line, at);
    if (end === undefined) return undefined;
    const word = unescape(line.subarray(at + 1, end));
    if (word === undefined) return undefined;
    words.push(word);
    at = end + 1;
    if (at === line.length) break;
    if (line[at] !== SPACE) return undefined;
  }
  const [command, ...args] = words;
  return {
    // microseconds first: so much is exact, and divided it is the double nearest to the time
    time: (Number(head[1]) * 1e6 + Number(head[2])) / 1e3,
    database: Number(head[3]),
    source: head[4]!,
    command: command!.toString(),
    args: (buffers ? args : args.map(String)) as Data[],
  };
}

/** Where the quote is that closes the word whose opening quote is at `at`. */
function endOfWord(line: Buffer, at: number): number | undefined {
  if (line[at] !== QUOTE) return undefined;
  const { length } = line;
  let end = at + 1;
  while (end < length && line[end] !== QUOTE) end += line[end] === BACKSLASH ? 2 : 1;
  return end < length ? end : undefined;
}

/** What was escaped, in its place; undefined where an escape is cut. */
function unescape(word: Buffer): Buffer | undefined {
  let to = word.indexOf(BACKSLASH);
  if (to === -1) return word;
  for (let from = to; from < word.length; to++) {
    const byte = word[from++]!;
    if (byte !== BACKSLASH) {
      word[to] = byte;
      continue;
    }
    const escape = word[from++]!;
    if (escape === X) {
      const value = hexDigit(word[from]) * 16 + hexDigit(word[from + 1]);
      if (Number.isNaN(value)) return undefined;
      word[to] = value;
      from += 2;
    } else word[to] = ESCAPED.get(escape) ?? escape;
  }
  return word.subarray(0, to);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return NaN;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN;
}
