import { describe, expect, it } from '@jest/globals';
import type { CommandArgument } from '../../../lib/core/commands/arguments.js';
import type { CommandSpec } from '../../../lib/core/commands/command-spec.js';
import { RedisCommands } from '../../../lib/core/commands/commands.generated.js';

/** Keeps what would be sent. */
class Recorder extends RedisCommands {
  readonly sent: CommandArgument[][] = [];

  protected override execute(spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    this.sent.push([spec.name, ...args]);
    return Promise.resolve(null);
  }
}

function sent(call: (commands: Recorder) => Promise<unknown>): CommandArgument[] {
  const recorder = new Recorder();
  void call(recorder);
  return recorder.sent[0]!;
}

describe('arguments', () => {
  it('go as they are given', () => {
    expect(sent((c) => c.get('k'))).toEqual(['GET', 'k']);
    expect(sent((c) => c.set('k', 'v', 'EX', 10, 'NX'))).toEqual(['SET', 'k', 'v', 'EX', 10, 'NX']);
    expect(sent((c) => c.set('k', 1n))).toEqual(['SET', 'k', 1n]);
    expect(sent((c) => c.lmove('a', 'b', 'LEFT', 'right'))).toEqual(['LMOVE', 'a', 'b', 'LEFT', 'right']);
    expect(sent((c) => c.clientNoEvict('ON'))).toEqual(['CLIENT NO-EVICT', 'ON']);
    expect(sent((c) => c.xgroupCreate('s', 'g', '$', 'MKSTREAM'))).toEqual([
      'XGROUP CREATE',
      's',
      'g',
      '$',
      'MKSTREAM',
    ]);
    expect(sent((c) => c.ping())).toEqual(['PING']);
    expect(sent((c) => c.eval('return 1', 1, 'k', 'v'))).toEqual(['EVAL', 'return 1', 1, 'k', 'v']);
  });

  it('may come in lists', () => {
    const bytes = Buffer.from('c');
    expect(sent((c) => c.del('a', ['b', bytes]))).toEqual(['DEL', 'a', 'b', bytes]);
    expect(sent((c) => c.sadd('s', ['a', 1, 2n]))).toEqual(['SADD', 's', 'a', 1, 2n]);
    expect(sent((c) => c.clusterAddslots(1, [2, 3]))).toEqual(['CLUSTER ADDSLOTS', 1, 2, 3]);
    const keys = Object.freeze(['a', 'b']);
    expect(sent((c) => c.mget(keys))).toEqual(['MGET', 'a', 'b']);
  });

  it('may come in records and Maps where pairs repeat', () => {
    expect(sent((c) => c.mset({ a: 1, b: 'x' }))).toEqual(['MSET', 'a', 1, 'b', 'x']);
    expect(sent((c) => c.mset('a', 1, 'b', 2))).toEqual(['MSET', 'a', 1, 'b', 2]);
    expect(sent((c) => c.hset('h', new Map([['f', 'v']])))).toEqual(['HSET', 'h', 'f', 'v']);
    expect(sent((c) => c.hset('h', ['f', 'v', 'g', 'w']))).toEqual(['HSET', 'h', 'f', 'v', 'g', 'w']);
    expect(sent((c) => c.xadd('s', 'MAXLEN', '~', 10, '*', { f: 'v' }))).toEqual([
      'XADD',
      's',
      'MAXLEN',
      '~',
      10,
      '*',
      'f',
      'v',
    ]);
    expect(sent((c) => c.configSet({ maxmemory: 1 }))).toEqual(['CONFIG SET', 'maxmemory', 1]);
    expect(sent((c) => c.hset('h', Object.assign(Object.create(null) as object, { f: 'v' })))).toEqual([
      'HSET',
      'h',
      'f',
      'v',
    ]);
  });

  it('may come in objects where groups repeat', () => {
    const one = { member: 'a', score: 1 };
    expect(sent((c) => c.zadd('z', 'GT', one))).toEqual(['ZADD', 'z', 'GT', 1, 'a']);
    expect(sent((c) => c.zadd('z', [one, { score: 2, member: 'b' }]))).toEqual(['ZADD', 'z', 1, 'a', 2, 'b']);
    expect(sent((c) => c.zadd('z', 1, 'a', 2, 'b'))).toEqual(['ZADD', 'z', 1, 'a', 2, 'b']);
    expect(sent((c) => c.geoadd('g', { longitude: 1, latitude: 2, member: 'm' }))).toEqual([
      'GEOADD',
      'g',
      1,
      2,
      'm',
    ]);
  });

  it('that cannot be sent reach the check in their place', () => {
    const loose = new Recorder() as unknown as Record<string, (...args: unknown[]) => unknown>;
    const date = new Date(0);
    loose.hset!('h', { f: undefined, g: null, d: date });
    loose.mset!(date);
    loose.del!(['a', undefined, new Set(['b'])]);
    loose.zadd!('z', { member: 'a' });
    expect((loose as unknown as Recorder).sent).toEqual([
      ['HSET', 'h', 'f', undefined, 'g', null, 'd', date],
      ['MSET', date],
      ['DEL', 'a', undefined, new Set(['b'])],
      ['ZADD', 'z', undefined, 'a'],
    ]);
  });

  it('leave what the caller gave as it was', () => {
    const given = ['a', 'b'];
    const record = { f: 'v' };
    expect(sent((c) => c.del(given))).not.toBe(given);
    sent((c) => c.hset('h', record));
    expect([given, record]).toEqual([['a', 'b'], { f: 'v' }]);
  });
});
