import { type Told } from './wire.js';
import { ReplyError } from '../../../lib/core/protocol/reply.js';

/** One stream of bytes, and what is to be told of it as text and, where that is different, as bytes. */
export interface Sample {
  name: string;
  wire: string | Buffer;
  text: Told[];
  bytes?: Told[];
}

const b = (text: string): Buffer => Buffer.from(text);

function reply(name: string, wire: string | Buffer, value: unknown, bytes?: unknown): Sample {
  return {
    name,
    wire,
    text: [['reply', value] as Told],
    ...(bytes === undefined ? {} : { bytes: [['reply', bytes] as Told] }),
  };
}

const proto: Record<string, unknown> = { a: 1 };
Object.defineProperty(proto, '__proto__', {
  value: 'x',
  writable: true,
  enumerable: true,
  configurable: true,
});

const LONG = 'A long value, longer than what is cut by hand. '.repeat(8);
const LONG_UNICODE = 'Größe 尺寸 📏 — '.repeat(40);

export const SAMPLES: Sample[] = [
  reply('simple string', '+OK\r\n', 'OK', b('OK')),
  reply('simple string, empty', '+\r\n', '', b('')),
  reply('simple string, not ASCII', '+naïve ✓\r\n', 'naïve ✓', b('naïve ✓')),
  reply('simple string, long', `+${LONG}\r\n`, LONG, b(LONG)),
  { name: 'error', wire: '-WRONGTYPE Operation\r\n', text: [['error', 'WRONGTYPE Operation']] },
  { name: 'error, empty', wire: '-\r\n', text: [['error', '']] },
  { name: 'error, not ASCII', wire: '-ERR é\r\n', text: [['error', 'ERR é']] },
  {
    name: 'blob error',
    wire: '!21\r\nSYNTAX invalid syntax\r\n',
    text: [['error', 'SYNTAX invalid syntax']],
  },
  { name: 'blob error with lines', wire: '!7\r\na\r\nb\r\nc\r\n', text: [['error', 'a\r\nb\r\nc']] },
  reply('integer 0', ':0\r\n', 0),
  reply('integer', ':1234\r\n', 1234),
  reply('integer with plus', ':+7\r\n', 7),
  reply('integer, negative', ':-1\r\n', -1),
  reply('integer -0', ':-0\r\n', 0),
  reply('integer, leading zeros', ':000000000000000000012\r\n', 12),
  reply('integer, 15 digits', ':999999999999999\r\n', 999999999999999),
  reply('integer, 9 digits', ':999999999\r\n', 999999999),
  reply('integer, 10 digits', ':4294967296\r\n', 4294967296),
  reply('integer, 13 digits', ':1700000000001\r\n', 1700000000001),
  reply('integer, 15 digits, negative', ':-999999999999999\r\n', -999999999999999),
  reply('integer, 16 digits', ':1000000000000000\r\n', 1000000000000000),
  reply('integer, last safe', ':9007199254740991\r\n', 9007199254740991),
  reply('integer, last safe, negative', ':-9007199254740991\r\n', -9007199254740991),
  reply('integer, first unsafe', ':9007199254740992\r\n', 9007199254740992n),
  reply('integer, unsafe', ':9007199254740993\r\n', 9007199254740993n),
  reply('integer, int64 max', ':9223372036854775807\r\n', 9223372036854775807n),
  reply('integer, int64 min', ':-9223372036854775808\r\n', -9223372036854775808n),
  reply('integer, unsafe with plus', ':+9223372036854775807\r\n', 9223372036854775807n),
  reply('bulk string', '$5\r\nhello\r\n', 'hello', b('hello')),
  reply('bulk string, empty', '$0\r\n\r\n', '', b('')),
  reply('bulk string of CRLF', '$4\r\n\r\n\r\n\r\n', '\r\n\r\n', b('\r\n\r\n')),
  reply('bulk string, length with zeros', '$0005\r\nhello\r\n', 'hello', b('hello')),
  reply(
    'bulk string that looks like a reply',
    '$9\r\n$3\r\nfoo\r\n\r\n',
    '$3\r\nfoo\r\n',
    b('$3\r\nfoo\r\n'),
  ),
  reply(
    'bulk string, not ASCII',
    `$${b(LONG_UNICODE).length}\r\n${LONG_UNICODE}\r\n`,
    LONG_UNICODE,
    b(LONG_UNICODE),
  ),
  reply('bulk string, short, not ASCII', '$6\r\n€é!\r\n', '€é!', b('€é!')),
  reply('bulk string, four-byte characters', '$8\r\n😀😁\r\n', '😀😁', b('😀😁')),
  reply('bulk string, long', `$${LONG.length}\r\n${LONG}\r\n`, LONG, b(LONG)),
  reply(
    'bulk string, no UTF-8',
    Buffer.from([0x24, 0x34, 13, 10, 0xff, 0x61, 0xc3, 0x28, 13, 10]),
    '\ufffda\ufffd(',
    Buffer.from([0xff, 0x61, 0xc3, 0x28]),
  ),
  reply('bulk string of zeros', '$3\r\n\0\0\0\r\n', '\0\0\0', b('\0\0\0')),
  reply('null bulk string', '$-1\r\n', null),
  reply('null array', '*-1\r\n', null),
  reply('null', '_\r\n', null),
  reply('true', '#t\r\n', true),
  reply('false', '#f\r\n', false),
  reply('double', ',3.14\r\n', 3.14),
  reply('double, 14 digits', ',1234567.8901234\r\n', 1234567.8901234),
  reply('double, many places', ',0.0000000000001\r\n', 0.0000000000001),
  reply('double -0.0', ',-0.0\r\n', -0),
  reply('double, whole', ',10\r\n', 10),
  reply('double with plus', ',+1.5\r\n', 1.5),
  reply('double, negative', ',-0.25\r\n', -0.25),
  reply('double -0', ',-0\r\n', -0),
  reply('double, exponent', ',1.5e3\r\n', 1500),
  reply('double, small exponent', ',-1E-7\r\n', -1e-7),
  reply('double, exponent with plus', ',1e+20\r\n', 1e20),
  reply('double, 17 digits', ',0.30000000000000004\r\n', 0.30000000000000004),
  reply('double, 16 digits', ',1234567.890123457\r\n', 1234567.890123457),
  reply('double, past all', ',1e999\r\n', Infinity),
  reply('double inf', ',inf\r\n', Infinity),
  reply('double -inf', ',-inf\r\n', -Infinity),
  reply('double nan', ',nan\r\n', NaN),
  reply('double -nan', ',-nan\r\n', NaN),
  reply(
    'big number',
    '(3492890328409238509324850943850943825024385\r\n',
    3492890328409238509324850943850943825024385n,
  ),
  reply('big number, small', '(12\r\n', 12n),
  reply('big number, negative', '(-12345678901234567890123\r\n', -12345678901234567890123n),
  reply('big number with plus', '(+1\r\n', 1n),
  reply('verbatim string', '=15\r\ntxt:Some string\r\n', 'Some string', b('Some string')),
  reply('verbatim string, markdown', '=7\r\nmkd:# a\r\n', '# a', b('# a')),
  reply('verbatim string, empty', '=4\r\ntxt:\r\n', '', b('')),
  reply('verbatim string, not ASCII', '=6\r\ntxt:é\r\n', 'é', b('é')),
  reply(
    'string in parts',
    '$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n',
    'Hello word',
    b('Hello word'),
  ),
  reply('string in no parts', '$?\r\n;0\r\n', '', b('')),
  reply(
    'string in parts that cut a character',
    Buffer.concat([
      b('$?\r\n;2\r\na'),
      b('€').subarray(0, 1),
      b('\r\n;2\r\n'),
      b('€').subarray(1),
      b('\r\n;0\r\n'),
    ]),
    'a€',
    b('a€'),
  ),
  reply('array', '*3\r\n:1\r\n$1\r\na\r\n+b\r\n', [1, 'a', 'b'], [1, b('a'), b('b')]),
  reply('array, empty', '*0\r\n', []),
  reply('array of nulls', '*3\r\n$-1\r\n_\r\n*-1\r\n', [null, null, null]),
  reply('arrays in arrays', '*3\r\n*2\r\n:1\r\n*0\r\n*1\r\n*1\r\n:2\r\n:3\r\n', [[1, []], [[2]], 3]),
  reply('array with errors', '*3\r\n-ERR a\r\n:1\r\n!5\r\nERR b\r\n', [
    new ReplyError('ERR a'),
    1,
    new ReplyError('ERR b'),
  ]),
  reply(
    'array of all scalars',
    '*6\r\n,1.5\r\n(7\r\n#t\r\n_\r\n=6\r\ntxt:hi\r\n:9007199254740993\r\n',
    [1.5, 7n, true, null, 'hi', 9007199254740993n],
    [1.5, 7n, true, null, b('hi'), 9007199254740993n],
  ),
  reply('array with a string in parts', '*2\r\n$?\r\n;1\r\na\r\n;0\r\n:1\r\n', ['a', 1], [b('a'), 1]),
  reply('set', '~3\r\n:1\r\n:1\r\n+a\r\n', [1, 1, 'a'], [1, 1, b('a')]),
  reply('set, empty', '~0\r\n', []),
  reply(
    'map',
    '%2\r\n+first\r\n:1\r\n$6\r\nsecond\r\n$1\r\nx\r\n',
    { first: 1, second: 'x' },
    { first: 1, second: b('x') },
  ),
  reply('map, empty', '%0\r\n', {}),
  reply('map, a key twice', '%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n', { a: 2 }),
  reply(
    'map, keys that are no text',
    '%6\r\n:1\r\n:10\r\n#t\r\n:11\r\n,1.5\r\n:12\r\n_\r\n:13\r\n(99\r\n:14\r\n$0\r\n\r\n:15\r\n',
    {
      1: 10,
      true: 11,
      1.5: 12,
      null: 13,
      99: 14,
      '': 15,
    },
  ),
  reply('map, key not ASCII', '%1\r\n$2\r\né\r\n$2\r\nü\r\n', { é: 'ü' }, { é: b('ü') }),
  reply('map, long key', `%1\r\n$${LONG.length}\r\n${LONG}\r\n:1\r\n`, { [LONG]: 1 }),
  reply('map, verbatim key', '%1\r\n=5\r\ntxt:k\r\n:1\r\n', { k: 1 }),
  reply('map, key in parts', '%1\r\n$?\r\n;1\r\nk\r\n;0\r\n:1\r\n', { k: 1 }),
  reply('map, __proto__', '%2\r\n+a\r\n:1\r\n$9\r\n__proto__\r\n$1\r\nx\r\n', proto, {
    ...proto,
    ...protoBytes(),
  }),
  reply('map, names of Object.prototype', '%2\r\n$11\r\nconstructor\r\n:1\r\n+toString\r\n:2\r\n', {
    constructor: 1,
    toString: 2,
  }),
  reply('maps in maps', '%1\r\n+a\r\n%1\r\n+b\r\n%0\r\n', { a: { b: {} } }),
  reply(
    'map of arrays',
    '%2\r\n+a\r\n*1\r\n%1\r\n+k\r\n+v\r\n+b\r\n~0\r\n',
    { a: [{ k: 'v' }], b: [] },
    { a: [{ k: b('v') }], b: [] },
  ),
  reply(
    'map, aggregate key',
    '%3\r\n+a\r\n:1\r\n*1\r\n:5\r\n:2\r\n:7\r\n:3\r\n',
    new Map<unknown, unknown>([
      ['a', 1],
      [[5], 2],
      ['7', 3],
    ]),
  ),
  reply('map, map key', '%1\r\n%1\r\n+a\r\n:1\r\n:2\r\n', new Map([[{ a: 1 }, 2]])),
  reply('map, empty array key', '%1\r\n*0\r\n:2\r\n', new Map([[[], 2]])),
  reply('map with errors', '%1\r\n+a\r\n-ERR no\r\n', { a: new ReplyError('ERR no') }),
  reply('streamed array', '*?\r\n:1\r\n*?\r\n.\r\n+a\r\n.\r\n', [1, [], 'a'], [1, [], b('a')]),
  reply('streamed set', '~?\r\n:1\r\n.\r\n', [1]),
  reply('streamed map', '%?\r\n+a\r\n:1\r\n$1\r\nb\r\n:2\r\n.\r\n', { a: 1, b: 2 }),
  reply('streamed map, empty', '%?\r\n.\r\n', {}),
  reply('streamed that fills what holds it', '*1\r\n*1\r\n%?\r\n+a\r\n:1\r\n.\r\n', [[{ a: 1 }]]),
  {
    name: 'push',
    wire: '>2\r\n+invalidate\r\n*1\r\n$3\r\nkey\r\n',
    text: [['push', ['invalidate', ['key']]]],
    bytes: [['push', [b('invalidate'), [b('key')]]]],
  },
  { name: 'push, streamed', wire: '>?\r\n+x\r\n.\r\n', text: [['push', ['x']]], bytes: [['push', [b('x')]]] },
  {
    name: 'pushes between replies',
    wire: '+a\r\n>1\r\n+p\r\n$1\r\nb\r\n>2\r\n+q\r\n:1\r\n:3\r\n',
    text: [
      ['reply', 'a'],
      ['push', ['p']],
      ['reply', 'b'],
      ['push', ['q', 1]],
      ['reply', 3],
    ],
    bytes: [
      ['reply', b('a')],
      ['push', [b('p')]],
      ['reply', b('b')],
      ['push', [b('q'), 1]],
      ['reply', 3],
    ],
  },
  reply('attribute', '|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n', 'v', b('v')),
  reply('attribute, empty', '|0\r\n:1\r\n', 1),
  reply('attribute, streamed', '|?\r\n+k\r\n:1\r\n.\r\n:2\r\n', 2),
  reply('attributes, one after another', '|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n*1\r\n:2\r\n:5\r\n', 5),
  reply('attribute of an attribute', '|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n+v\r\n:5\r\n', 5),
  reply(
    'attributes in an array',
    '*2\r\n|1\r\n+a\r\n:1\r\n:1\r\n|1\r\n*1\r\n:9\r\n%1\r\n+x\r\n-ERR\r\n:2\r\n',
    [1, 2],
  ),
  reply('attributes in a map', '%1\r\n|1\r\n+a\r\n:1\r\n+k\r\n|1\r\n+a\r\n:1\r\n:2\r\n', { k: 2 }),
  { name: 'attribute before an error', wire: '|1\r\n+a\r\n:1\r\n-ERR\r\n', text: [['error', 'ERR']] },
  {
    name: 'attribute before a push',
    wire: '|1\r\n+a\r\n:1\r\n>1\r\n+p\r\n',
    text: [['push', ['p']]],
    bytes: [['push', [b('p')]]],
  },
  {
    name: 'replies in a row',
    wire: '+OK\r\n:1\r\n$-1\r\n*1\r\n:2\r\n-ERR x\r\n$3\r\nabc\r\n_\r\n',
    text: [
      ['reply', 'OK'],
      ['reply', 1],
      ['reply', null],
      ['reply', [2]],
      ['error', 'ERR x'],
      ['reply', 'abc'],
      ['reply', null],
    ],
    bytes: [
      ['reply', b('OK')],
      ['reply', 1],
      ['reply', null],
      ['reply', [2]],
      ['error', 'ERR x'],
      ['reply', b('abc')],
      ['reply', null],
    ],
  },
];

function protoBytes(): object {
  const value = {};
  Object.defineProperty(value, '__proto__', {
    value: b('x'),
    writable: true,
    enumerable: true,
    configurable: true,
  });
  return value;
}
