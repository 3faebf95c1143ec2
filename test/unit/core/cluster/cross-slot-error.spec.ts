import { describe, expect, it } from '@jest/globals';
import { crossSlotError } from '../../../../lib/core/cluster/many-nodes/cross-slot-error.js';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import { EVALSHA, GET, MGET, SET, SUNION, WATCH } from '../../../../lib/core/commands/commands.generated.js';
import { RedisClientError } from '../../../../lib/core/errors.js';

describe('crossSlotError', () => {
  it('names the command, its keys with their slots, and what to do', () => {
    const error = crossSlotError([{ spec: MGET, args: ['a', 'b', 'c'] }]);
    expect(error).toBeInstanceOf(RedisClientError);
    expect(error).toMatchObject({ code: 'CROSSSLOT', command: 'MGET' });
    expect(error.message).toBe(
      "The 3 keys of MGET are in 3 slots of the cluster, and one node must have them all: 'a' (slot 15495), " +
        "'b' (slot 3300), 'c' (slot 7365). Nothing was sent. Give them a hash tag in common, as {1} in " +
        "'user:{1}:name' and 'user:{1}:mail', or let the client send one command for each slot with `crossSlot: 'split'`.",
    );
  });

  it('offers no split where none can be', () => {
    expect(crossSlotError([{ spec: SUNION, args: ['a', 'b'] }]).message).not.toContain('split');
    expect(crossSlotError([{ spec: MGET, args: ['a', 'b'] }], 'the transaction').message).not.toContain(
      'split',
    );
  });

  it('shows a key of each slot, five at most', () => {
    const { message } = crossSlotError([
      { spec: MGET, args: ['{a}1', '{a}2', '{b}1', '{b}2', 'c', 'd', 'e', 'f', 'g'] },
    ]);
    expect(message).toContain('The 9 keys of MGET are in 7 slots');
    expect(message.match(/'[^' ]+' \(slot \d+\)/g)).toEqual(
      ['{a}1', '{b}1', 'c', 'd', 'e'].map((key) => `'${key}' (slot ${keySlot(key)})`),
    );
    expect(message).toContain(`(slot ${keySlot('e')}), …. Nothing was sent`);
  });

  it('names what several commands make up', () => {
    const commands = [
      { spec: WATCH, args: ['a'] },
      { spec: SET, args: ['a', 'value'] },
      { spec: GET, args: ['b'] },
    ];
    const error = crossSlotError(commands, 'the transaction');
    expect(error.command).toBeUndefined();
    expect(error.message).toContain('The 3 keys of the transaction are in 2 slots');
    expect(error.message).not.toContain('value');
    expect(crossSlotError(commands).message).toContain('The 3 keys of the commands are');
  });

  it('shows no arguments but keys', () => {
    const { message } = crossSlotError([{ spec: EVALSHA, args: ['sha', 2, 'a', 'b', 'secret'] }]);
    expect(message).not.toContain('secret');
    expect(message).not.toContain('sha,');
  });

  it('cuts long keys, and shows bytes that are no text in hex', () => {
    const keyOf = (key: string | Buffer | number) =>
      /all: (.*?) \(slot/.exec(crossSlotError([{ spec: MGET, args: [key, 'other'] }]).message)![1];
    expect(keyOf('k'.repeat(40))).toBe(`'${'k'.repeat(40)}'`);
    expect(keyOf('k'.repeat(41))).toBe(`'${'k'.repeat(40)}…'`);
    expect(keyOf(`${'k'.repeat(39)}🎉`)).toBe(`'${'k'.repeat(39)}…'`);
    expect(keyOf(Buffer.from('grüße'))).toBe("'grüße'");
    expect(keyOf(Buffer.from('k'.repeat(41)))).toBe(`'${'k'.repeat(40)}…'`);
    expect(keyOf(Buffer.from([0xff, 0x00]))).toBe('0xff00');
    expect(keyOf(Buffer.alloc(20, 0xff))).toBe(`0x${'ff'.repeat(20)}`);
    expect(keyOf(Buffer.alloc(21, 0xff))).toBe(`0x${'ff'.repeat(20)}…`);
    expect(keyOf(7)).toBe("'7'");
  });
});
