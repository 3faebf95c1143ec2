import { describe, expect, it } from '@jest/globals';
import { MANY_SLOTS, NO_SLOT, slotOf, slotOfAll } from '../../../../lib/core/cluster/slots/command-slot.js';
import { keySlot } from '../../../../lib/core/cluster/slots/key-slot.js';
import type { CommandArgument } from '../../../../lib/core/commands/arguments.js';
import { commandByName } from '../../../../lib/core/commands/command-by-name.js';
import { defineCommand, KeyPlace } from '../../../../lib/core/commands/command-spec.js';
import {
  allCommands,
  BLPOP,
  GET,
  KEYS,
  MIGRATE,
  OBJECT_ENCODING,
  PING,
  SORT,
} from '../../../../lib/core/commands/commands.generated.js';
import { slotPositions } from '../../../../lib/core/commands/key-positions.js';

// that `slotPositions()` finds what COMMAND GETKEYS says is shown in test/integration/command-keys.spec.ts

const split = (text: string): string[] => text.split(' ');

function slot(call: string): number {
  const [name, ...rest] = split(call);
  const spec = commandByName(name!, rest[0])!;
  const args = rest.slice(spec.words - 1).map((word) => (word === '""' ? '' : word));
  return slotOf(spec, args);
}

describe('slotOf', () => {
  it.each([
    ['GET k', 'k'],
    ['OBJECT ENCODING k', 'k'],
    ['XGROUP CREATE k g $', 'k'],
    ['BITOP AND {t}d {t}a {t}b', 't'],
    ['DEL k', 'k'],
    ['MGET {t}a {t}b {t}c', 't'],
    ['MSET {t}a x {t}b y', 't'],
    ['EVAL return 2 {t}a {t}b other', 't'],
    ['FCALL_RO f 1 k other', 'k'],
    ['XREADGROUP GROUP g c COUNT 1 STREAMS {t}a {t}b > >', 't'],
    ['XREAD BLOCK 5 STREAMS k 0', 'k'],
    ['ZUNIONSTORE {t}d 2 {t}a {t}b WEIGHTS 1 2', 't'],
    ['SORT {t}k BY w_* GET o_* STORE {t}d', 't'],
    ['MIGRATE h 1 "" 0 1 KEYS {t}a {t}b', 't'],
    ['MIGRATE h 1 k 0 1', 'k'],
    ['GEORADIUS {t}k 1 2 3 m STORE {t}d', 't'],
    ['LMPOP 2 {t}a {t}b LEFT', 't'],
    ['BLMPOP 1 1 k LEFT', 'k'],
    ['SPUBLISH channel m', 'channel'],
    ['SSUBSCRIBE {t}c {t}d', 't'],
    ['MSETEX 2 {t}a 1 {t}b 2 EX 10', 't'],
    ['WATCH {t}a {t}b', 't'],
  ])('%s: that of %s', (call, key) => {
    expect(slot(call)).toBe(keySlot(key));
  });

  it.each([
    'PING',
    'KEYS a*',
    'PUBLISH channel m',
    'EVAL return 0 a b',
    'FCALL f 0',
    'SUBSCRIBE a b',
    'SCAN 0 MATCH a*',
    'CONFIG GET a',
    'XREAD COUNT 1',
    'DEL',
    'GET',
  ])('%s: none', (call) => {
    expect(slot(call)).toBe(NO_SLOT);
  });

  it.each([
    'MGET a b',
    'MSET a b c d',
    'EVAL return 2 a b',
    'XREADGROUP GROUP g c STREAMS a b > >',
    'ZUNIONSTORE d 2 {t}a {t}b',
    'SORT {t}k BY w_* STORE d',
    'MIGRATE h 1 "" 0 1 KEYS a b',
    'GEORADIUS k 1 2 3 m STORE d',
    'LMPOP 2 a b LEFT',
    'SSUBSCRIBE a b',
    'BITOP AND a b c',
    'RENAME a b',
    'WATCH a b',
  ])('%s: several', (call) => {
    expect(slot(call)).toBe(MANY_SLOTS);
  });

  it('takes keys that are no text', () => {
    expect(slotOf(GET, [Buffer.from([0xff, 0xfe])])).toBe(keySlot(Buffer.from([0xff, 0xfe])));
    expect(slotOf(BLPOP, ['7', 7, 7n, 0])).toBe(keySlot('7'));
  });

  it('says the same by the short way and by the long one', () => {
    const args: CommandArgument[] = [1, '{1}a', '{1}b', '{1}c', '{1}d', '{1}e', '{1}f'];
    let short = 0;
    for (const spec of allCommands()) {
      if (spec.keyPlace < 0) continue;
      short++;
      expect(slotPositions(spec, args)).toEqual([spec.keyPlace]);
      expect(slotOf(spec, args)).toBe(keySlot('1'));
      expect(slotPositions(spec, [])).toEqual([]);
      expect(slotOf(spec, [])).toBe(NO_SLOT);
    }
    expect(short).toBeGreaterThan(150);
  });
});

describe('keyPlace', () => {
  it('is the place of the one key', () => {
    expect(GET.keyPlace).toBe(0);
    expect(OBJECT_ENCODING.keyPlace).toBe(0);
    expect(PING.keyPlace).toBe(KeyPlace.NONE);
    expect(KEYS.keyPlace).toBe(KeyPlace.NONE);
    expect(SORT.keyPlace).toBe(KeyPlace.VARIES);
    expect(MIGRATE.keyPlace).toBe(KeyPlace.VARIES);
    const third = [{ begin: { index: 2 }, find: { lastKey: 0, step: 1, limit: 0 } }];
    expect(defineCommand('X', 0, third).keyPlace).toBe(2);
    const maybeEmpty = third.map((key) => ({ ...key, skipEmpty: true as const }));
    expect(defineCommand('X', 0, maybeEmpty).keyPlace).toBe(KeyPlace.VARIES);
  });
});

describe('slotOfAll', () => {
  it('is the slot that all have which have any', () => {
    expect(slotOfAll([])).toBe(NO_SLOT);
    expect(slotOfAll([NO_SLOT, NO_SLOT])).toBe(NO_SLOT);
    expect(slotOfAll([NO_SLOT, 0, NO_SLOT, 0])).toBe(0);
    expect(slotOfAll([0, 1])).toBe(MANY_SLOTS);
    expect(slotOfAll([NO_SLOT, MANY_SLOTS])).toBe(MANY_SLOTS);
    expect(slotOfAll([MANY_SLOTS, 3])).toBe(MANY_SLOTS);
  });
});
