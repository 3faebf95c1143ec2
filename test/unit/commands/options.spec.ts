import { describe, expect, it } from '@jest/globals';
import type { CommandArgument } from '../../../lib/core/commands/arguments.js';
import type { CommandSpec } from '../../../lib/core/commands/command-spec.js';
import { RedisCommands } from '../../../lib/core/commands/commands.generated.js';

/** Keeps what would be sent. */
class Recorder extends RedisCommands {
  sent: CommandArgument[] = [];

  protected override execute({ name }: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    this.sent = [name, ...args];
    return Promise.resolve(null);
  }
}

function sent(call: (commands: Recorder) => Promise<unknown>): string {
  const recorder = new Recorder();
  void call(recorder);
  return recorder.sent.join(' ');
}

/** Calls as JavaScript may make them. */
type Loose = Record<string, (...args: unknown[]) => Promise<unknown>>;

async function refusal(call: (commands: Loose) => Promise<unknown>): Promise<string> {
  const recorder = new Recorder();
  const error: unknown = await call(recorder as unknown as Loose).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect(recorder.sent).toEqual([]);
  return (error as TypeError).message;
}

/** What is sent, and the call that sends it. */
const CALLS: [line: string, call: (c: Recorder) => Promise<unknown>][] = [
  ['SET k v', (c) => c.set('k', 'v')],
  ['SET k v NX EX 10', (c) => c.set('k', 'v', { ex: 10, nx: true })],
  ['SET k v GET KEEPTTL', (c) => c.set('k', 'v', { keepttl: true, get: true, xx: false, px: undefined })],
  ['SET k v', (c) => c.set('k', 'v', {})],
  ['SET k v IFEQ old', (c) => c.set('k', 'v', { ifeq: 'old' })],
  ['GETEX k PERSIST', (c) => c.getex('k', { persist: true })],
  ['COPY a b DB 1 REPLACE', (c) => c.copy('a', 'b', { replace: true, db: 1 })],
  ['EXPIRE k 10 GT', (c) => c.expire('k', 10, { gt: true })],
  ['SCAN 0 MATCH a* COUNT 5 TYPE hash', (c) => c.scan(0, { match: 'a*', count: 5, type: 'hash' })],
  ['LPOS l e RANK -1 COUNT 0', (c) => c.lpos('l', 'e', { count: 0, rank: -1 })],
  ['LCS a b IDX MINMATCHLEN 4', (c) => c.lcs('a', 'b', { idx: true, minmatchlen: 4 })],
  ['LMPOP 2 a b LEFT COUNT 3', (c) => c.lmpop(['a', 'b'], 'LEFT', { count: 3 })],
  ['LMPOP 2 a b LEFT', (c) => c.lmpop(['a', 'b'], 'LEFT')],
  ['BLMPOP 1 2 a b right', (c) => c.blmpop(1, ['a', 'b'], 'right')],
  ['BITCOUNT k', (c) => c.bitcount('k')],
  ['BITCOUNT k 0 -1 BIT', (c) => c.bitcount('k', { start: 0, end: -1, bit: true })],
  ['BITPOS k 1 2', (c) => c.bitpos('k', 1, { start: 2 })],
  [
    'BITFIELD k GET u8 0 OVERFLOW SAT INCRBY u2 6 3 SET i8 0 -1',
    (c) =>
      c.bitfield('k', [
        { get: ['u8', 0] },
        { overflow: 'SAT', incrby: ['u2', 6, 3] },
        { set: ['i8', 0, -1] },
      ]),
  ],
  ['BITFIELD_RO k GET u8 0 GET u8 8', (c) => c.bitfieldRo('k', [{ get: ['u8', 0] }, { get: ['u8', 8] }])],
  ['HEXPIRE h 10 NX FIELDS 2 f g', (c) => c.hexpire('h', 10, ['f', 'g'], { nx: true })],
  ['HTTL h FIELDS 1 FIELDS', (c) => c.httl('h', ['FIELDS'])],
  ['HGETEX h EX 5 FIELDS 1 f', (c) => c.hgetex('h', ['f'], { ex: 5 })],
  ['HSETEX h FNX EX 5 FIELDS 2 f v g w', (c) => c.hsetex('h', { f: 'v', g: 'w' }, { fnx: true, ex: 5 })],
  ['HSETEX h FIELDS 1 f v', (c) => c.hsetex('h', new Map([['f', 'v']]))],
  ['HRANDFIELD h 2 WITHVALUES', (c) => c.hrandfield('h', { count: 2, withvalues: true })],
  ['MSETEX 2 a 1 b 2 XX PX 5', (c) => c.msetex({ a: 1, b: 2 }, { xx: true, px: 5 })],
  ['SINTERCARD 2 a b LIMIT 3', (c) => c.sintercard(['a', 'b'], { limit: 3 })],
  ['SINTERCARD 2 a b', (c) => c.sintercard(['a', 'b'])],
  // a caller's own optional options, handed on
  ['SINTERCARD 1 a', (c) => c.sintercard(['a'], undefined)],
  ['HEXPIRE h 10 FIELDS 1 f', (c) => c.hexpire('h', 10, ['f'], undefined)],
  ['HSETEX h FIELDS 1 f v', (c) => c.hsetex('h', { f: 'v' }, undefined)],
  ['GEOADD g 1 2 m', (c) => c.geoadd('g', { longitude: 1, latitude: 2, member: 'm' }, undefined)],
  ['ZADD z GT CH 1 a', (c) => c.zadd('z', [{ score: 1, member: 'a' }], { gt: true, ch: true })],
  ['ZADD z NX 1 a', (c) => c.zadd('z', { score: 1, member: 'a' }, { nx: true })],
  ['ZADD z 1 a 2 b', (c) => c.zadd('z', { score: 1, member: 'a' }, { score: 2, member: 'b' })],
  [
    'ZRANGE z 0 10 BYSCORE REV LIMIT 0 10 WITHSCORES',
    (c) => c.zrange('z', 0, 10, { byscore: true, rev: true, limit: [0, 10], withscores: true }),
  ],
  [
    'ZUNION 2 a b WEIGHTS 1 2 AGGREGATE MAX',
    (c) => c.zunion(['a', 'b'], { weights: [1, 2], aggregate: 'MAX' }),
  ],
  ['ZUNION 1 a WITHSCORES', (c) => c.zunion(['a'], { withscores: true })],
  ['ZDIFFSTORE d 2 a b', (c) => c.zdiffstore('d', ['a', 'b'])],
  ['ZMPOP 1 a MIN COUNT 2', (c) => c.zmpop(['a'], 'MIN', { count: 2 })],
  ['GEOADD g CH 1 2 m', (c) => c.geoadd('g', { longitude: 1, latitude: 2, member: 'm' }, { ch: true })],
  [
    'GEOSEARCH g FROMMEMBER m BYRADIUS 10 km ASC COUNT 5 ANY WITHDIST',
    (c) =>
      c.geosearch('g', {
        frommember: 'm',
        byradius: [10, 'km'],
        asc: true,
        count: 5,
        any: true,
        withdist: true,
      }),
  ],
  [
    'GEOSEARCH g FROMLONLAT 1 2 BYBOX 3 4 m',
    (c) => c.geosearch('g', { fromlonlat: [1, 2], bybox: [3, 4, 'm'] }),
  ],
  [
    'GEOSEARCH g BYPOLYGON 3 0 0 0 1 1 1',
    (c) =>
      c.geosearch('g', {
        bypolygon: [
          [0, 0],
          [0, 1],
          [1, 1],
        ],
      }),
  ],
  [
    'XADD s NOMKSTREAM MAXLEN ~ 1000 LIMIT 5 * f v',
    (c) =>
      c.xadd('s', '*', { f: 'v' }, { nomkstream: true, maxlen: { approx: true, threshold: 1000, limit: 5 } }),
  ],
  ['XADD s MINID 5-1 * f v', (c) => c.xadd('s', '*', { f: 'v' }, { minid: '5-1' })],
  ['XADD s * maxlen 1', (c) => c.xadd('s', '*', { maxlen: 1 })],
  ['XTRIM s MAXLEN = 10', (c) => c.xtrim('s', { maxlen: { exact: true, threshold: 10 } })],
  ['XREAD COUNT 1 BLOCK 5 STREAMS a b 0 $', (c) => c.xread({ a: '0', b: '$' }, { count: 1, block: 5 })],
  ['XREAD STREAMS a 0', (c) => c.xread(new Map([['a', '0']]))],
  ['XREADGROUP GROUP g c NOACK STREAMS s >', (c) => c.xreadgroup('g', 'c', { s: '>' }, { noack: true })],
  [
    'XPENDING s g IDLE 5 - + 10 c',
    (c) => c.xpending('s', 'g', { idle: 5, start: '-', end: '+', count: 10, consumer: 'c' }),
  ],
  ['XCLAIM s g c 0 1-1 2-1 JUSTID', (c) => c.xclaim('s', 'g', 'c', 0, ['1-1', '2-1'], { justid: true })],
  ['XCLAIM s g c 0 1-1 FORCE', (c) => c.xclaim('s', 'g', 'c', 0, '1-1', { force: true })],
  ['XINFO STREAM s FULL COUNT 2', (c) => c.xinfoStream('s', { full: true, count: 2 })],
  [
    'SORT l BY w_* LIMIT 0 1 GET # GET o_* DESC ALPHA',
    (c) => c.sort('l', { by: 'w_*', limit: [0, 1], get: ['#', 'o_*'], desc: true, alpha: true }),
  ],
  ['EVAL return 1 2 a b x', (c) => c.eval('return 1', ['a', 'b'], ['x'])],
  ['EVAL return 1 0', (c) => c.eval('return 1', [])],
  // sent raw, the key would be taken for the number of keys
  ['EVAL return 1 1 1 x', (c) => c.eval('return 1', ['1'], 'x')],
  ['EVAL return 1 0 x', (c) => c.eval('return 1', [], Buffer.from('x'))],
  ['EVAL return 1 1 k', (c) => c.eval('return 1', ['k'], undefined)],
  ['FCALL f 1 k 5', (c) => c.fcall('f', ['k'], 5)],
  ['FUNCTION LOAD REPLACE code', (c) => c.functionLoad('code', { replace: true })],
  ['CLIENT KILL ID 1 2 SKIPME no', (c) => c.clientKill({ id: [1, 2], skipme: 'no' })],
  ['CLIENT LIST TYPE normal ID 1 2', (c) => c.clientList({ type: 'normal', id: [1, 2] })],
  ['COMMAND LIST FILTERBY ACLCAT read', (c) => c.commandList({ filterby: { aclcat: 'read' } })],
  [
    'MIGRATE h 1 k 0 1 COPY AUTH2 u p',
    (c) => c.migrate('h', 1, 'k', 0, 1, { copy: true, auth2: ['u', 'p'] }),
  ],
  ['FAILOVER TO h 1 FORCE TIMEOUT 5', (c) => c.failover({ to: ['h', 1], force: true, timeout: 5 })],
];

describe('options', () => {
  it.each(CALLS)('become %s', (line, call) => {
    expect(sent(call)).toBe(line);
  });

  it('leave raw arguments as they are', () => {
    expect(sent((c) => c.zadd('z', 'GT', { score: 1, member: 'a' }))).toBe('ZADD z GT 1 a');
    expect(sent((c) => c.zunion(2, 'a', 'b', 'WITHSCORES'))).toBe('ZUNION 2 a b WITHSCORES');
    expect(sent((c) => c.xread('COUNT', 1, 'STREAMS', 'a', '0'))).toBe('XREAD COUNT 1 STREAMS a 0');
    expect(sent((c) => c.xadd('s', 'NOMKSTREAM', '*', { f: 'v' }))).toBe('XADD s NOMKSTREAM * f v');
    expect(sent((c) => c.bitfield('k', ['GET', 'u8', 0]))).toBe('BITFIELD k GET u8 0');
    expect(sent((c) => c.eval('return 1', 1, ['a', 'x']))).toBe('EVAL return 1 1 a x');
    expect(sent((c) => c.set('k', 'v', ['EX', 10]))).toBe('SET k v EX 10');
  });

  it('that make no sense are refused before anything is sent', async () => {
    expect(await refusal((c) => c.set!('k', 'v', { nx: true, xx: true }))).toBe(
      'SET: options `nx` and `xx` exclude each other; nothing was sent.',
    );
    expect(await refusal((c) => c.set!('k', 'v', { exx: 1 }))).toMatch(
      /^SET: there is no option `exx`; it takes `nx`, .*`keepttl`; nothing was sent\.$/,
    );
    expect(await refusal((c) => c.set!('k', 'v', { ex: true }))).toMatch(
      /option `ex` must be a string, number, bigint or Buffer, not a boolean/,
    );
    expect(await refusal((c) => c.set!('k', 'v', { ex: null }))).toMatch(/option `ex` must be .*, not null/);
    expect(await refusal((c) => c.set!('k', 'v', { nx: 1 }))).toMatch(
      /option `nx` must be true or false, not a number/,
    );
    expect(await refusal((c) => c.zrange!('z', 0, 1, { limit: [1] }))).toMatch(
      /option `limit` must be a list of 2 values, not a list/,
    );
    expect(await refusal((c) => c.zrange!('z', 0, 1, { limit: 5 }))).toMatch(/not a number/);
    expect(await refusal((c) => c.bitcount!('k', { end: 1 }))).toMatch(
      /with `end` the option `start` is needed/,
    );
    expect(await refusal((c) => c.geosearch!('g', { frommember: 'm' }))).toMatch(
      /one of the options `byradius`, `bybox` or `bypolygon` is needed/,
    );
    expect(await refusal((c) => c.geosearch!('g', { byradius: [1, 'm'], any: true }))).toMatch(
      /with `any` the option `count` is needed/,
    );
    expect(await refusal((c) => c.xadd!('s', '*', { f: 'v' }, { maxlen: { approx: true } }))).toMatch(
      /option `maxlen` needs a `threshold`/,
    );
    expect(
      await refusal((c) =>
        c.xadd!('s', '*', { f: 'v' }, { maxlen: { threshold: 1, approx: true, exact: true } }),
      ),
    ).toMatch(/`approx` and `exact` exclude each other/);
    expect(await refusal((c) => c.bitfield!('k', [{ get: ['u8', 0], set: ['u8', 0, 1] }]))).toMatch(
      /`get` and `set` exclude each other/,
    );
    expect(await refusal((c) => c.bitfield!('k', [{ gett: ['u8', 0] }]))).toMatch(/one of the options/);
    // without the filter it would end all connections
    expect(await refusal((c) => c.clientKill!({ id: [], skipme: 'no' }))).toMatch(
      /option `id` must not be an empty list/,
    );
    expect(await refusal((c) => c.sort!('l', { get: [] }))).toMatch(/option `get` must not be an empty list/);
    expect(await refusal((c) => c.commandList!({ filterby: 'x' }))).toMatch(
      /must be an object, not a string/,
    );
  });

  it('never show a value in what they are refused with', async () => {
    const message = await refusal((c) => c.set!('k', 'v', { ex: ['secret'], ifeq: 'hidden' }));
    expect(message).not.toMatch(/secret|hidden/);
  });
});
