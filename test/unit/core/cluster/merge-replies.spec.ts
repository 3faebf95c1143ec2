import { describe, expect, it } from '@jest/globals';
import { mergeReplies } from '../../../../lib/core/cluster/many-nodes/merge-replies.js';
import { policyOf } from '../../../../lib/core/cluster/many-nodes/policy-of.js';
import type { CommandSpec } from '../../../../lib/core/commands/command-spec.js';
import {
  ACL_LOG,
  CONFIG_SET,
  DBSIZE,
  FLUSHALL,
  INFO,
  KEYS,
  LASTSAVE,
  PUBSUB_CHANNELS,
  PUBSUB_NUMSUB,
  RANDOMKEY,
  SCRIPT_EXISTS,
  SCRIPT_KILL,
  WAIT,
  WAITAOF,
} from '../../../../lib/core/commands/commands.generated.js';
import { RedisConnectionError, RedisProtocolError, RedisServerError } from '../../../../lib/core/errors.js';

const done = (value: unknown): PromiseSettledResult<unknown> => ({ status: 'fulfilled', value });
const failed = (reason: unknown): PromiseSettledResult<unknown> => ({ status: 'rejected', reason });

const outcomesOf = (spec: CommandSpec, outcomes: PromiseSettledResult<unknown>[]) =>
  mergeReplies(spec, policyOf(spec)!, outcomes);
const merged = (spec: CommandSpec, ...replies: unknown[]) => outcomesOf(spec, replies.map(done));

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

describe('replies of several nodes', () => {
  it('all succeeded: the first', () => {
    expect(merged(FLUSHALL, 'OK', 'OK')).toBe('OK');
    expect(merged(CONFIG_SET, 'OK')).toBe('OK');
  });

  it('sums, also past 2^53, and name by name', () => {
    expect(merged(DBSIZE, 1, 2, 4)).toBe(7);
    expect(merged(DBSIZE, Number.MAX_SAFE_INTEGER, 1)).toBe(2n ** 53n);
    expect(merged(DBSIZE, 2n ** 60n, 1)).toBe(2n ** 60n + 1n);
    expect(merged(PUBSUB_NUMSUB, { a: 1, b: 0 }, { a: 2, b: 3 }, { c: 4 })).toEqual({ a: 3, b: 3, c: 4 });
    const hostile = JSON.parse('{"__proto__": 1}') as unknown;
    expect(Object.entries(merged(PUBSUB_NUMSUB, hostile, hostile) as object)).toEqual([['__proto__', 2]]);
  });

  it('the least, also position by position', () => {
    expect(merged(WAIT, 2, 1, 3)).toBe(1);
    expect(merged(LASTSAVE, 1_700_000_000, 1_600_000_000)).toBe(1_600_000_000);
    expect(merged(WAITAOF, [1, 2], [0, 3], [1, 1])).toEqual([0, 1]);
  });

  it('1 where all say so', () => {
    expect(merged(SCRIPT_EXISTS, [1, 1, 0], [1, 0, 0], [1, 1, 1])).toEqual([1, 0, 0]);
  });

  it('lists one after the other', () => {
    expect(merged(KEYS, ['a'], [], ['b', 'a'])).toEqual(['a', 'b', 'a']);
    expect(merged(KEYS, [Buffer.from('a')], [Buffer.from('b')])).toEqual([
      Buffer.from('a'),
      Buffer.from('b'),
    ]);
    // entries that are lists themselves stay whole
    expect(merged(ACL_LOG, [{ id: 1 }], [['x', ['y']]])).toEqual([{ id: 1 }, ['x', ['y']]]);
    expect(merged(ACL_LOG, 'OK', 'OK')).toBe('OK');
  });

  it('each text once', () => {
    expect(merged(PUBSUB_CHANNELS, ['b', 'a'], ['a', 'c'])).toEqual(['b', 'a', 'c']);
    const bytes = (...values: number[]) => Buffer.from(values);
    expect(merged(PUBSUB_CHANNELS, [bytes(0xff), bytes(0xfe)], [bytes(0xff)])).toEqual([
      bytes(0xff),
      bytes(0xfe),
    ]);
  });

  it('one of those there are, not always the first', () => {
    expect(merged(RANDOMKEY, null, 'b', null)).toBe('b');
    expect(merged(RANDOMKEY, null, Buffer.from(''), null)).toEqual(Buffer.from(''));
    expect(merged(RANDOMKEY, null, null)).toBeNull();
    const seen = new Set(Array.from({ length: 200 }, () => merged(RANDOMKEY, 'a', null, 'b')));
    expect([...seen].toSorted()).toEqual(['a', 'b']);
  });

  it('refuses replies that do not fit together', () => {
    expect(() => merged(DBSIZE, 1, 'x')).toThrow(RedisProtocolError);
    expect(() => merged(WAITAOF, [1, 2], [1])).toThrow(
      "The nodes' replies to WAITAOF cannot be put together.",
    );
    expect(() => merged(PUBSUB_NUMSUB, { a: 1 }, Buffer.from('a'))).toThrow(RedisProtocolError);
  });
});

describe('errors of several nodes', () => {
  const down = new RedisConnectionError('connection_lost', 'lost', { command: 'FLUSHALL' });
  const server = (message: string) => new RedisServerError(message, { command: 'SCRIPT KILL' });

  it('the first, with how many failed and what became of the rest', () => {
    const outcomes = [done('OK'), failed(down), failed(server('ERR no')), done('OK'), done('OK')];
    const error = thrownBy(() => outcomesOf(FLUSHALL, outcomes));
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).not.toBe(down);
    expect(error).toMatchObject({
      code: 'CONNECTION_LOST',
      reason: 'connection_lost',
      command: 'FLUSHALL',
      message: 'lost; 2 of 5 nodes failed, the other 3 have taken effect',
    });
    expect(down.message).toBe('lost');
    expect(thrownBy(() => outcomesOf(KEYS, [done(['a']), failed(down)]))).toMatchObject({
      message: 'lost; 1 of 2 nodes failed, the other was answered',
    });
    expect(thrownBy(() => outcomesOf(DBSIZE, [failed(down), failed(down)]))).toMatchObject({
      message: 'lost; 2 of 2 nodes failed',
    });
  });

  it('of one node as it is, and what is none of this package too', () => {
    expect(thrownBy(() => outcomesOf(DBSIZE, [failed(down)]))).toBe(down);
    const foreign = new TypeError('wrong');
    expect(thrownBy(() => outcomesOf(DBSIZE, [done(1), failed(foreign)]))).toBe(foreign);
  });

  it('one success is enough where the policy says so', () => {
    const idle = failed(server('NOTBUSY No scripts in execution right now.'));
    expect(outcomesOf(SCRIPT_KILL, [idle, done('OK'), idle])).toBe('OK');
    expect(thrownBy(() => outcomesOf(SCRIPT_KILL, [idle, idle]))).toMatchObject({ code: 'NOTBUSY' });
    const stuck = failed(server('UNKILLABLE Sorry the script already executed write commands.'));
    expect(thrownBy(() => outcomesOf(SCRIPT_KILL, [idle, stuck, idle]))).toMatchObject({
      code: 'UNKILLABLE',
      message: expect.stringContaining('3 of 3 nodes failed'),
    });
  });
});

it('a command without a policy has nothing to merge', () => {
  expect(policyOf(INFO)).toBeUndefined();
});
