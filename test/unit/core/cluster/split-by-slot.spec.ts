import { describe, expect, it } from '@jest/globals';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import { canSplit, joinReplies, splitBySlot } from '../../../../lib/core/cluster/many-nodes/split-by-slot.js';
import { allCommands, DEL, MGET, MSET, MSETNX } from '../../../../lib/core/commands/commands.generated.js';
import { RedisServerError, RedisTimeoutError } from '../../../../lib/core/errors.js';

const done = (value: unknown): PromiseSettledResult<unknown> => ({ status: 'fulfilled', value });
const failed = (reason: unknown): PromiseSettledResult<unknown> => ({ status: 'rejected', reason });

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

describe('splitBySlot', () => {
  it('splits what is the same key by key, and nothing else', () => {
    const names = allCommands().filter(canSplit);
    expect(names.map(({ name }) => name).toSorted()).toEqual([
      'DEL',
      'EXISTS',
      'MGET',
      'MSET',
      'TOUCH',
      'UNLINK',
    ]);
    expect(() => splitBySlot(MSETNX, ['a', 1, 'b', 2])).toThrow(TypeError);
  });

  it('keeps the keys of a slot together, in their order', () => {
    expect(splitBySlot(MGET, ['{a}1', '{b}1', '{a}2', 'c', '{b}2', '{a}1'])).toEqual([
      { slot: keySlot('a'), args: ['{a}1', '{a}2', '{a}1'], places: [0, 2, 5] },
      { slot: keySlot('b'), args: ['{b}1', '{b}2'], places: [1, 4] },
      { slot: keySlot('c'), args: ['c'], places: [3] },
    ]);
  });

  it('leaves each value with its key', () => {
    const bytes = Buffer.from([0xff]);
    expect(splitBySlot(MSET, ['{a}1', 1, bytes, 2n, '{a}2', 'x'])).toEqual([
      { slot: keySlot('a'), args: ['{a}1', 1, '{a}2', 'x'], places: [0, 2] },
      { slot: keySlot(bytes), args: [bytes, 2n], places: [1] },
    ]);
  });

  it('sends no part where a value is missing', () => {
    expect(() => splitBySlot(MSET, ['a', 1, 'b'])).toThrow('MSET needs a value for each key');
  });
});

describe('joinReplies', () => {
  it('puts values back in the order of the keys', () => {
    const parts = splitBySlot(MGET, ['{a}1', '{b}1', '{a}2', 'c', '{b}2']);
    const replies = [done(['a1', null]), done(['b1', Buffer.from('b2')]), done(['c'])];
    expect(joinReplies(MGET, parts, replies)).toEqual(['a1', 'b1', null, 'c', Buffer.from('b2')]);
  });

  it('sums counts, and says OK once', () => {
    const parts = splitBySlot(DEL, ['a', 'b', 'c']);
    expect(joinReplies(DEL, parts, [done(1), done(0), done(1)])).toBe(2);
    expect(joinReplies(MSET, splitBySlot(MSET, ['a', 1, 'b', 2]), [done('OK'), done('OK')])).toBe('OK');
  });

  it('fails as the first part that failed, and says what became of the others', () => {
    const parts = splitBySlot(DEL, ['a', 'b', 'c']);
    const first = new RedisServerError('MOVED 1 h:1', { command: 'DEL', cause: 'moved' });
    const second = new RedisTimeoutError('command', 'too late');
    const error = thrownBy(() => joinReplies(DEL, parts, [done(1), failed(first), failed(second)]));
    expect(error).toBeInstanceOf(RedisServerError);
    expect(error).toMatchObject({
      code: 'MOVED',
      command: 'DEL',
      cause: 'moved',
      message: 'MOVED 1 h:1; 2 of 3 parts failed, the other has taken effect',
    });
    expect(thrownBy(() => joinReplies(DEL, parts, [failed(second), done(1), done(1)]))).toMatchObject({
      code: 'TIMEOUT',
      kind: 'command',
      message: 'too late; 1 of 3 parts failed, the other 2 have taken effect',
    });
    expect(
      thrownBy(() => joinReplies(MGET, parts, [done(['a']), failed(second), done(['c'])])),
    ).toMatchObject({ message: 'too late; 1 of 3 parts failed, the other 2 were answered' });
    expect(
      thrownBy(() => joinReplies(DEL, parts, [failed(second), failed(second), failed(second)])),
    ).toMatchObject({ message: 'too late; 3 of 3 parts failed' });
  });
});
