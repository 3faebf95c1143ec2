import { describe, expect, it } from '@jest/globals';
import type { CommandArgument } from '../../../lib/core/commands/arguments.js';
import * as transforms from '../../../lib/core/commands/reply-transforms.js';
import { type Reply, ReplyError } from '../../../lib/core/protocol/reply.js';

// both protocols of real servers are compared in test/integration/commands.spec.ts; here: what they seldom or never send

const bytes = (text: string): Buffer => Buffer.from(text);

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    for (const item of Object.values(value)) freeze(item);
    Object.freeze(value);
  }
  return value;
}

describe('doubles', () => {
  it.each<[Reply, number]>([
    ['1.5', 1.5],
    [1.5, 1.5],
    [bytes('-2'), -2],
    ['1e+21', 1e21],
    ['inf', Infinity],
    ['+inf', Infinity],
    ['-inf', -Infinity],
    [bytes('inf'), Infinity],
    ['nan', NaN],
    ['-nan', NaN],
  ])('%p is %p', (reply, value) => {
    expect(transforms.double(reply)).toBe(value);
  });

  it.each<[Reply]>([['abc'], [''], [['1']], [true]])('%p is none', (reply) => {
    expect(() => transforms.double(reply)).toThrow(/^Expected (a number|text), got /);
  });
});

describe('maps', () => {
  it('come flat, as objects or as Maps', () => {
    const expected = { a: '1', b: '2' };
    expect(transforms.record(['a', '1', 'b', '2'])).toEqual(expected);
    expect(transforms.record({ a: '1', b: '2' })).toEqual(expected);
    expect(
      transforms.record(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    ).toEqual(expected);
    expect(transforms.record([bytes('a'), bytes('1')])).toEqual({ a: bytes('1') });
    expect(transforms.record([])).toEqual({});
  });

  it('keep names that objects have of themselves', () => {
    const record = transforms.record(['__proto__', 'x', 'toString', 'y']) as Record<string, string>;
    expect(Object.entries(record)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });

  it.each<[Reply]>([[['a']], ['text'], [1], [bytes('x')]])('are not %p', (reply) => {
    expect(() => transforms.record(reply)).toThrow(/^Expected (pairs|a map), got /);
  });
});

describe('what is nothing stays nothing', () => {
  const each = Object.entries(transforms).filter(([name]) => name !== 'hasWord') as [
    string,
    (reply: Reply, args: readonly CommandArgument[]) => unknown,
  ][];

  it.each(each)('%s', (_, transform) => {
    expect(transform(null, ['1', '2', '3'])).toBeNull();
    const error = new ReplyError('WRONGTYPE no');
    expect(transform(error, ['1', '2', '3'])).toBe(error);
  });
});

describe('text of the server', () => {
  it('is text where bytes were asked for', () => {
    expect(transforms.text(bytes('OK'))).toBe('OK');
    expect(transforms.texts([bytes('a'), null, 'b'])).toEqual(['a', null, 'b']);
    expect(transforms.set(bytes('OK'), ['k', 'v'])).toBe('OK');
    expect(transforms.set(bytes('old'), ['k', 'v', 'GET'])).toEqual(bytes('old'));
    expect(transforms.set(bytes('OK'), ['GET', 'GET'])).toBe('OK');
  });

  it('is parsed where it has parts', () => {
    const text =
      '# Server\r\nredis_version:7.0\r\npath:C:\\a\r\n\r\n# Modules\r\nmodule:name=a\r\nmodule:name=b\r\n# Empty\r\n';
    const expected = {
      server: { redis_version: '7.0', path: 'C:\\a' },
      modules: { module: 'name=a\nname=b' },
      empty: {},
    };
    expect(transforms.info(text)).toEqual(expected);
    expect(transforms.info(bytes(text))).toEqual(expected);
    expect(transforms.info('')).toEqual({});
  });
});

describe('integers', () => {
  it('stay exact', () => {
    expect(transforms.flag(true)).toBe(1);
    expect(transforms.flag(0)).toBe(0);
    expect(transforms.added(3)).toBe(3);
    expect(transforms.scan(['18446744073709551615', []])).toEqual(['18446744073709551615', []]);
    expect(transforms.scan([18446744073709551615n, []])).toEqual(['18446744073709551615', []]);
  });
});

describe('members with scores', () => {
  const scored = [
    { member: 'a', score: 1 },
    { member: 'b', score: Infinity },
  ];

  it('come flat or in pairs', () => {
    expect(transforms.scoredMembers(['a', '1', 'b', 'inf'])).toEqual(scored);
    expect(
      transforms.scoredMembers([
        ['a', 1],
        ['b', Infinity],
      ]),
    ).toEqual(scored);
    expect(transforms.scoredMembers([])).toEqual([]);
  });

  it('are told by the arguments, not by keys that look like them', () => {
    expect(transforms.rangeMembers(['a', '1'], ['z', 0, -1])).toEqual(['a', '1']);
    expect(transforms.rangeMembers(['a', '1'], ['WITHSCORES', 0, -1])).toEqual(['a', '1']);
    expect(transforms.rangeMembers(['a', '1'], ['z', 0, -1, bytes('withScores')])).toEqual([scored[0]]);
    expect(transforms.combinedMembers(['a', '1'], [1, 'WITHSCORES'])).toEqual(['a', '1']);
    expect(transforms.combinedMembers(['a', '1'], ['1', 'z', 'WITHSCORES'])).toEqual([scored[0]]);
  });
});

describe('streams', () => {
  it('come as arrays and as maps', () => {
    const expected = [{ key: 's', entries: [{ id: '1-1', fields: { f: 'v' } }] }];
    expect(transforms.streams([['s', [['1-1', ['f', 'v']]]]])).toEqual(expected);
    expect(transforms.streams({ s: [['1-1', ['f', 'v']]] })).toEqual(expected);
    expect(transforms.streams(['s', [['1-1', ['f', 'v']]]])).toEqual(expected);
    expect(transforms.streams(['9', [], '1', [], '9', []])).toEqual([
      { key: '9', entries: [] },
      { key: '1', entries: [] },
      { key: '9', entries: [] },
    ]);
    expect(transforms.streams([[bytes('s'), [[bytes('1-1'), [bytes('f'), bytes('v')]]]]])).toEqual([
      { key: bytes('s'), entries: [{ id: '1-1', fields: { f: bytes('v') } }] },
    ]);
  });

  it('leave out what XCLAIM of an old server says of deleted entries', () => {
    expect(transforms.streamEntries([null, ['1-1', ['f', 'v']]])).toEqual([
      { id: '1-1', fields: { f: 'v' } },
    ]);
  });

  it('have no deleted ids before Redis 7', () => {
    expect(transforms.autoClaimed(['0-0', []])).toEqual({ cursor: '0-0', entries: [], deletedIds: [] });
  });
});

describe('clusters', () => {
  const node = { host: '10.0.0.1', port: 6379, id: 'abc', metadata: { hostname: 'one' } };

  it('have slots with nodes', () => {
    const other = { host: null, port: 6380, id: 'def', metadata: {} };
    const expected = [{ start: 0, end: 5, nodes: [node, other] }];
    const flat: Reply = ['10.0.0.1', 6379, 'abc', ['hostname', 'one']];
    const mapped: Reply = [bytes('10.0.0.1'), 6379, bytes('abc'), { hostname: bytes('one') }];
    expect(transforms.clusterSlots([[0, 5, flat, [null, 6380, 'def', []]]])).toEqual(expected);
    expect(transforms.clusterSlots([[0, 5, mapped, [null, 6380, 'def']]])).toEqual(expected);
  });

  it('have figures by slot', () => {
    const expected = [[3, { 'key-count': 1 }]];
    expect(transforms.slotStats([[3, ['key-count', 1]]], [])).toEqual(expected);
    expect(transforms.slotStats([[3, { 'key-count': 1 }]], [])).toEqual(expected);
  });
});

describe('vector sets', () => {
  it('give numbers and, with scores, the most similar first', () => {
    expect(transforms.vector(['1', bytes('0.5')], ['v', 'a'])).toEqual([1, 0.5]);
    expect(transforms.vector(['fp32', bytes('x'), '1.5'], ['v', 'a', 'RAW'])).toEqual([
      'fp32',
      bytes('x'),
      1.5,
    ]);
    const scored = [
      { member: '2', score: 1 },
      { member: '1', score: 0.5 },
    ];
    expect(transforms.similar(['2', '1', '1', '0.5'], ['v', 'ELE', 'a', 'WITHSCORES'])).toEqual(scored);
    expect(transforms.similar({ 1: 0.5, 2: 1 }, ['v', 'ELE', 'a', 'WITHSCORES'])).toEqual(scored);
    expect(transforms.links([{ 1: 0.5, 2: 1 }, []], ['v', 'a', 'WITHSCORES'])).toEqual([scored, []]);
    // a map's names are always text, so that with scores the elements are text over RESP2, too
    const flat = ['2', '1', '1', '0.5'].map(bytes);
    expect(transforms.similar(flat, ['v', 'ELE', 'a', 'WITHSCORES'])).toEqual(scored);
    expect(transforms.links([flat], ['v', 'a', 'WITHSCORES'])).toEqual([scored]);
    expect(transforms.links([['2', '1']], ['v', 'a'])).toEqual([['2', '1']]);
  });
});

describe('what the server tells of itself', () => {
  it('has maps at every depth', () => {
    const stats = transforms.memoryStats(['peak', 1, 'ratio', '1.5', 'db.0', ['main', 2]], []);
    expect(stats).toEqual({ peak: 1, ratio: 1.5, 'db.0': { main: 2 } });
    const docs = transforms.commandDocs(
      [
        'config',
        ['subcommands', ['config|get', ['arguments', [['name', 'a', 'arguments', [['name', 'b']]]]]]],
      ],
      [],
    );
    expect(docs).toEqual({
      config: { subcommands: { 'config|get': { arguments: [{ name: 'a', arguments: [{ name: 'b' }] }] } } },
    });
    const keys: Reply = [['flags', ['RO'], 'begin_search', ['type', 'index', 'spec', ['index', 1]]]];
    const head: Reply[] = ['get', 2, [], 1, 1, 1, [], []];
    const information = transforms.commandInfo([[...head, keys, [[...head, [], []]]], null], []);
    const expected = [{ flags: ['RO'], begin_search: { type: 'index', spec: { index: 1 } } }];
    expect(information).toEqual([[...head, expected, [[...head, [], []]]], null]);
  });
});

it('nothing changes what the decoder gave', () => {
  const pair = freeze<Reply>(['s', [['1-1', ['f', 'v']]]]);
  expect(() => {
    transforms.streams(freeze([pair]));
    transforms.record(freeze(['a', '1']));
    transforms.scoredMembers(freeze([['a', 1]]));
    transforms.geoMatches(freeze([['a', '1.5', 7, [1, 2]]]));
    transforms.functionList(freeze([['functions', [['name', 'f']]]]), []);
    transforms.pending(freeze([1, '1-1', '1-1', [['c', '1']]]), ['s', 'g']);
  }).not.toThrow();
});
