import { describe, expect, it } from '@jest/globals';
import type { Argument, CommandModel } from '../../support/conformance/commands.js';
import { type GrammarNotes, samplesOf } from '../../support/conformance/samples.js';
import { TypeChecker } from '../../support/conformance/type-check.js';

/** The test of all commands is no better than these two. */
describe('calls from a grammar', () => {
  const grammar: Argument[] = [
    { name: 'numkeys', type: 'integer' },
    { name: 'key', type: 'key', multiple: true },
    { name: 'weight', type: 'integer', token: 'WEIGHTS', optional: true, multiple: true },
    {
      name: 'order',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'asc', type: 'pure-token', token: 'ASC' },
        { name: 'limit', type: 'integer', token: 'LIMIT', servers: ['new'] },
      ],
    },
  ];
  const calls = (server: string, notes: GrammarNotes) =>
    samplesOf({ grammar } as unknown as CommandModel, server, notes).map((sample) =>
      sample.arguments(({ name }, { repetition }) => `${name}${repetition}`).join(' '),
    );

  it('have every part once, and its own repetitions', () => {
    expect(calls('new', { follows: { weight: 'key' } })).toEqual([
      '1 key0',
      '2 key0 key1',
      '1 key0 WEIGHTS weight0',
      '1 key0 ASC',
      '1 key0 LIMIT limit0',
    ]);
  });

  it('leave out what a server lacks, and go with what a part needs', () => {
    expect(calls('old', { with: { ASC: ['WEIGHTS'] }, always: ['WEIGHTS'], free: ['key'] })).toEqual([
      '1 key0 WEIGHTS weight0',
      '2 key0 key1',
      '1 key0 WEIGHTS weight0',
      '1 key0 WEIGHTS weight0 weight1',
      '1 key0 WEIGHTS weight0 ASC',
    ]);
  });
});

describe('types while running', () => {
  const checker = new TypeChecker([new URL('../../../lib/core/commands/reply-types.ts', import.meta.url)]);

  it.each([
    ["'OK' | null", 'OK'],
    ['(T | null)[]', ['a', null]],
    ['number', 2n ** 60n],
    ['[seconds: number, microseconds: number]', [1, 2]],
    ['PoppedScoredMember<T> | null', { key: 'k', member: 'a', score: 1 }],
    ['LongestCommonMatches', { matches: [{ a: [0, 1], b: [0, 1] }], length: 2 }],
    [
      'AutoClaimed<StreamEntry<T>>',
      { cursor: '0-0', entries: [{ id: '1-1', fields: { f: 'v' } }], deletedIds: [] },
    ],
    ['Record<string, MixedRecord>', { get: { arity: 2, flags: ['fast'] } }],
  ])('%s', (type, value) => {
    expect(checker.problemOf(type, value)).toBeUndefined();
  });

  it.each([
    ["'OK' | null", 'NO', 'reply is the string "NO", not \'OK\''],
    ['T[]', ['a', 1], 'reply[1] is the number 1, not string'],
    ['number', 1n, 'reply is the bigint 1n, not number'],
    ['[seconds: number, microseconds: number]', [1], 'reply is a list of 1'],
    ['PoppedScoredMember<T>', { key: 'k', member: 'a' }, 'reply has no score'],
    ['ScoredMember<T>[]', [{ member: 'a', score: 1, rank: 2 }], 'reply[0] has rank beyond its type'],
    [
      'AutoClaimed<string>',
      { cursor: '0-0', entries: [1], deletedIds: [] },
      'reply.entries[0] is the number 1',
    ],
    ['MixedRecord', { a: { b: undefined } }, 'reply.a.b is undefined, which no reply is'],
  ])('%s is not for another value (%#)', (type, value, problem) => {
    expect(checker.problemOf(type, value)).toContain(problem);
  });

  it('bytes are no text, and a type that nobody knows is no type', () => {
    expect(checker.problemOf('T', Buffer.from('a'), 'Buffer')).toBeUndefined();
    expect(checker.problemOf('T', 'a', 'Buffer')).toContain('not a Buffer');
    expect(() => checker.problemOf('Unheard', 'a')).toThrow('no check for the type Unheard');
  });
});
