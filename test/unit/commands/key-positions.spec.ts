import { describe, expect, it } from '@jest/globals';
import type { CommandArgument } from '../../../lib/core/commands/arguments.js';
import { commandByName } from '../../../lib/core/commands/command-by-name.js';
import {
  keyPositions,
  prefixKeys,
  slotPositions,
  stripPrefix,
} from '../../../lib/core/commands/key-positions.js';

// where the keys are is checked against real servers in test/integration/command-keys.spec.ts

const split = (text: string): string[] => text.split(' ');

function prefixed(...[name, ...rest]: [string, ...CommandArgument[]]): CommandArgument[] {
  const spec = commandByName(name, rest[0])!;
  return prefixKeys(spec, rest.slice(spec.words - 1), 'p:');
}

function positions(find: typeof keyPositions, call: string): number[] {
  const [name, ...rest] = split(call);
  const spec = commandByName(name!, rest[0])!;
  return find(spec, rest.slice(spec.words - 1));
}

describe('keyPositions', () => {
  it('counts from the first argument', () => {
    expect(positions(keyPositions, 'GET k')).toEqual([0]);
    expect(positions(keyPositions, 'OBJECT ENCODING k')).toEqual([0]);
    expect(positions(keyPositions, 'PING')).toEqual([]);
  });

  it('bears with calls that the server will refuse', () => {
    expect(positions(keyPositions, 'DEL')).toEqual([]);
    expect(positions(keyPositions, 'EVAL x many a')).toEqual([]);
    expect(positions(keyPositions, 'EVAL x 5 a')).toEqual([2]);
    expect(positions(keyPositions, 'EVAL x -1 a')).toEqual([]);
    expect(positions(keyPositions, 'XREAD COUNT 1')).toEqual([]);
    expect(positions(keyPositions, 'ZUNION')).toEqual([]);
  });

  it('tells shard channels from keys', () => {
    expect(positions(keyPositions, 'SPUBLISH c m')).toEqual([]);
    expect(positions(slotPositions, 'SPUBLISH c m')).toEqual([0]);
    expect(positions(slotPositions, 'PUBLISH c m')).toEqual([]);
    expect(positions(slotPositions, 'MGET a b')).toEqual([0, 1]);
    expect(positions(slotPositions, 'KEYS a*')).toEqual([]);
  });
});

describe('prefixKeys', () => {
  it('puts the prefix before keys and nothing else', () => {
    expect(prefixed('SET', 'k', 'v')).toEqual(['p:k', 'v']);
    expect(prefixed('MSET', ...split('a 1 b 2'))).toEqual(split('p:a 1 p:b 2'));
    expect(prefixed('XREAD', ...split('COUNT 1 STREAMS a b 0 0'))).toEqual(
      split('COUNT 1 STREAMS p:a p:b 0 0'),
    );
    expect(prefixed('ZUNIONSTORE', ...split('d 2 a b WEIGHTS 1 2'))).toEqual(
      split('p:d 2 p:a p:b WEIGHTS 1 2'),
    );
    expect(prefixed('EVAL', ...split('s 1 k v'))).toEqual(split('s 1 p:k v'));
    expect(prefixed('BLPOP', 'a', 'b', 0)).toEqual(['p:a', 'p:b', 0]);
    expect(prefixed('PUBLISH', 'c', 'm')).toEqual(['c', 'm']);
    expect(prefixed('SPUBLISH', 'c', 'm')).toEqual(['c', 'm']);
  });

  it('reaches the patterns of SORT', () => {
    expect(prefixed('SORT', ...split('k BY w_* GET # GET o_*->f LIMIT 0 1 STORE d'))).toEqual(
      split('p:k BY p:w_* GET # GET p:o_*->f LIMIT 0 1 STORE p:d'),
    );
    expect(prefixed('SORT', ...split('k BY nosort'))).toEqual(split('p:k BY nosort'));
  });

  it('reaches the pattern of KEYS, where the prefix means itself', () => {
    expect(prefixed('KEYS', 'a*')).toEqual(['p:a*']);
    expect(prefixKeys(commandByName('KEYS')!, ['*'], '[x]*:')).toEqual(['\\[x\\]\\*:*']);
  });

  it('leaves the empty key of MIGRATE', () => {
    expect(prefixed('MIGRATE', 'h', 1, '', 0, 1, 'KEYS', 'a', 'b')).toEqual([
      'h',
      1,
      '',
      0,
      1,
      'KEYS',
      'p:a',
      'p:b',
    ]);
    expect(prefixed('MIGRATE', 'h', 1, 'k', 0, 1)).toEqual(['h', 1, 'p:k', 0, 1]);
  });

  it('keeps bytes bytes, and the given list as it was', () => {
    const given = [Buffer.from([255]), 'b'];
    expect(prefixKeys(commandByName('MGET')!, given, 'ü:')).toEqual([
      Buffer.concat([Buffer.from('ü:'), Buffer.from([255])]),
      'ü:b',
    ]);
    expect(given).toEqual([Buffer.from([255]), 'b']);
  });
});

it('stripPrefix gives back what was prefixed', () => {
  expect(stripPrefix(['p:a', 'p:', 'other'], 'p:')).toEqual(['a', '', 'other']);
  expect(stripPrefix([Buffer.from('ü:a'), Buffer.from('x')], 'ü:')).toEqual([
    Buffer.from('a'),
    Buffer.from('x'),
  ]);
});
