import { describe, expect, it } from '@jest/globals';
import { foreignModels } from '../../../scripts/cli/foreign-models.mjs';
import { matches } from '../../../scripts/cli/matches.mjs';
import { indent } from '../../../scripts/commands/indent.mjs';
import { serverTable } from '../../../scripts/commands/server-facts.mjs';
import { writeModule } from '../../../scripts/commands/write-module.mjs';

/** A server that has these commands besides: `[docs, arity, flags, keys]` by name. */
type Told = [docs: Record<string, unknown>, arity: number, flags?: string[], keys?: unknown[]];

const FIRST_KEY = {
  flags: ['RW', 'access'],
  begin_search: { type: 'index', spec: { index: 1 } },
  find_keys: { type: 'range', spec: { lastkey: 0, keystep: 1, limit: 0 } },
};
const UNKNOWN_KEYS = {
  flags: ['RO', 'incomplete'],
  begin_search: { type: 'unknown', spec: {} },
  find_keys: { type: 'unknown', spec: {} },
};

const keyAt = (spec: { index?: unknown; keyword?: unknown; startfrom?: unknown }) => ({
  ...FIRST_KEY,
  begin_search: { type: 'keyword' in spec ? 'keyword' : 'index', spec },
});
const rangeOf = (keystep: unknown) => ({ type: 'range', spec: { lastkey: 0, keystep, limit: 0 } });

const key = { name: 'key', type: 'key' };
const string = (name: string, more = {}) => ({ name, type: 'string', ...more });
const word = (token: string, more = {}) => ({
  name: token.toLowerCase(),
  type: 'pure-token',
  token,
  ...more,
});
const optional = { flags: ['optional'] };

function models(commands: Record<string, Told>, options: { only?: string[]; prefix?: string } = {}) {
  const entries = Object.entries(commands);
  const docs = Object.fromEntries(entries.map(([name, [about]]) => [name, about]));
  const info = entries.map(([name, [, arity, flags = [], keys = []]]) => [
    name,
    arity,
    flags,
    0,
    0,
    0,
    [],
    [],
    keys,
    [],
  ]);
  const server = serverTable({ redis_version: '8.0.6' }, docs, info);
  return foreignModels(server, { only: [], prefix: '', ...options });
}

/** The module for commands, without its header. */
function moduleOf(commands: Record<string, Told>): string {
  return writeModule(models(commands).models, ['from a test']);
}

const SHELF_SET: Told = [
  {
    summary: 'Puts a book on a shelf.',
    complexity: 'O(1)',
    arguments: [
      key,
      string('book'),
      { ...string('row', { token: 'ROW' }), ...optional },
      word('NX', optional),
    ],
  },
  -3,
  ['write'],
  [FIRST_KEY],
];

describe('a module of methods for commands that only the server has', () => {
  it('has both ways of arguments, flags and key positions', () => {
    const module = moduleOf({ 'shelf.set': SHELF_SET });
    expect(module).toContain(`
    /**
     * Puts a book on a shelf.
     *
     * \`SHELF.SET key book [ROW row] [NX]\`
     *
     * O(1).
     */
    shelfSet(key: RedisKey, book: CommandArgument, ...args: CommandArguments[]): Answer<Kind, Reply>;
    shelfSet(key: RedisKey, book: CommandArgument, options: ShelfSetOptions): Answer<Kind, Reply>;
`);
    expect(module).toContain(`
export interface ShelfSetOptions {
  /** \`ROW row\`. */
  row?: CommandArgument | undefined;
  /** \`NX\`. */
  nx?: boolean | undefined;
}
`);
    expect(module).toContain(`
  shelfSet: {
    name: 'SHELF.SET',
    flags: ['WRITE'],
    keys: [{ begin: { index: 0 }, find: { lastKey: 0, step: 1, limit: 0 } }],
    plain: 2,
    form: ({ flag, slot, value }) => [slot(), slot(), value('ROW'), flag('NX')],
  },
`);
  });

  it('has raw arguments where the server documents none, by what it counts', () => {
    const module = moduleOf({
      'shelf.get': [{}, 3, ['readonly'], [FIRST_KEY]],
      'shelf.all': [{}, -1, ['readonly', 'blocking']],
    });
    expect(module).toContain('shelfGet(key: RedisKey, arg2: CommandArgument): Answer<Kind, Reply>;');
    expect(module).toContain('shelfAll(...args: CommandArguments[]): Answer<Kind, Reply>;');
    expect(module).toContain("flags: ['READONLY', 'BLOCKING', 'IDEMPOTENT'],");
    expect(module.match(/The server does not document its arguments\./g)).toHaveLength(2);
  });

  it.each([
    ['an option that cannot be a name', [key, word('A=B', optional)]],
    ['one name for two options', [key, string('a', { token: 'X', ...optional }), word('X', optional)]],
  ])('has raw arguments alone where options cannot say them: %s', (_, grammar) => {
    const module = moduleOf({ 'shelf.odd': [{ arguments: grammar }, -2, [], [FIRST_KEY]] });
    expect(module).toContain('shelfOdd(key: RedisKey, ...args: CommandArguments[])');
    expect(module).not.toContain('Options');
  });

  it('has raw arguments where the documented ones are fewer than the server counts', () => {
    const module = moduleOf({ 'shelf.odd': [{ arguments: [key] }, -3, [], [FIRST_KEY]] });
    expect(module).toContain('shelfOdd(key: RedisKey, arg2: CommandArgument, ...args: CommandArguments[])');
    expect(module).toContain('Its documented arguments cannot be put into types: they come raw.');
  });

  it('says where key positions are not known', () => {
    const module = moduleOf({
      'shelf.join': [{ arguments: [string('a')] }, 2, [], [UNKNOWN_KEYS, FIRST_KEY]],
    });
    expect(module).toContain('`keyPrefix` leaves the others alone.');
    expect(module).toContain('keys: [{ begin: { index: 0 }, find: { lastKey: 0, step: 1, limit: 0 } }],');
  });

  it('names parameters as TypeScript lets it', () => {
    const grammar = ['class', 'args', '3d-point', 'class'].map((name) => string(name));
    expect(moduleOf({ shelf: [{ arguments: grammar }, 5] })).toContain(
      'shelf(className: CommandArgument, argsName: CommandArgument, _3dPoint: CommandArgument, className2: CommandArgument)',
    );
  });
});

describe('what a server says is put into code', () => {
  it.each(["x'); evil('", 'x`', 'x\\', 'x\n', 'x*/', 'é'])('not where it holds %j', (text) => {
    const told: Told[] = [
      [{ arguments: [string(text)] }, 2],
      [{ arguments: [word(text, optional)] }, -1],
      [{ arguments: [{ name: 'a', type: 'block', arguments: [string('b', { token: text })] }] }, -2],
      [{ arguments: [string('a', { since: text })] }, 2],
      [
        {},
        -1,
        [],
        [{ ...FIRST_KEY, begin_search: { type: 'keyword', spec: { keyword: text, startfrom: 1 } } }],
      ],
    ];
    for (const one of told) {
      const { models: made, skipped } = models({ 'shelf.bad': one });
      expect(made).toEqual([]);
      expect(skipped).toEqual([{ name: 'SHELF.BAD', reason: expect.stringContaining('has characters') }]);
    }
    expect(models({ [text]: [{}, 1] }).models).toEqual([]);
  });

  it.each<[string, Told]>([
    ['a record for a keyword', [{}, 2, [], [keyAt({ keyword: { '[evil()]': 1 }, startfrom: 1 })]]],
    ['a record for a place', [{}, 2, [], [keyAt({ keyword: 'AT', startfrom: { '[evil()]': 1 } })]]],
    ['a text for a place', [{}, 2, [], [keyAt({ index: 'evil' })]]],
    ['a record for a step', [{}, 2, [], [{ ...FIRST_KEY, find_keys: rangeOf({ '[evil()]': 1 }) }]]],
    ['nothing for a step', [{}, 2, [], [{ ...FIRST_KEY, find_keys: rangeOf(null) }]]],
    ['a text for the count of words', [{}, 'evil' as unknown as number]],
    ['words without end', [{}, 100_000]],
    ['fewer words than the name has', [{}, 0]],
    ['a text for a grammar', [{ arguments: 'evil' }, 2]],
    ['an argument without a name', [{ arguments: [{ type: 'string' }] }, 2]],
    ['a word that is none', [{ arguments: [{ name: 'a', type: 'pure-token' }] }, 2]],
    ['a choice of nothing', [{ arguments: [{ name: 'a', type: 'oneof', arguments: [] }] }, 2]],
    ['a number for a summary', [{ summary: 5 }, 1]],
  ])('not where it is of another form: %s', (_, told) => {
    const { models: made, skipped } = models({ 'shelf.bad': told });
    expect(made).toEqual([]);
    expect(skipped).toEqual([{ name: 'SHELF.BAD', reason: expect.stringContaining('not of the form') }]);
  });

  it('prose only in comments, which it cannot end', () => {
    const about = { summary: 'Ends */ evil();\n here', deprecated_since: '1.0.0', replaced_by: '`X */ y`' };
    const module = moduleOf({ 'shelf.old': [about, 1] });
    expect(module).toContain('* Ends * / evil();  here');
    expect(module).toContain('* Deprecated: use X * / y.');
    expect(module.match(/\*\//g)).toHaveLength(module.match(/\/\*\*/g)!.length);
  });
});

describe('which commands', () => {
  it('those that the client has not, or with a prefix all', () => {
    const commands: Record<string, Told> = { get: [{}, 2], 'shelf.set': SHELF_SET };
    expect(models(commands)).toMatchObject({ models: [{ method: 'shelfSet' }], known: 1, skipped: [] });
    expect(models(commands, { prefix: 'raw' })).toMatchObject({
      models: [{ method: 'rawGet', name: 'GET' }, { method: 'rawShelfSet' }],
      known: 0,
    });
    expect(models(commands, { prefix: 'raw', only: ['SHELF.*'] }).models).toHaveLength(1);
  });

  it('none that a shared connection cannot have', () => {
    const asked = models({ monitor: [{}, 1] }, { prefix: 'raw', only: ['monitor'] });
    expect(asked).toMatchObject({
      models: [],
      skipped: [{ name: 'MONITOR', reason: /takes a connection over/ }],
    });
  });

  it('none whose name is taken', () => {
    const names = ['with', 'engine', 'then', 'a.b', 'a-b'];
    const told = Object.fromEntries(names.map((name): [string, Told] => [name, [{}, 1]]));
    const { models: made, skipped } = models(told);
    expect(made).toMatchObject([{ name: 'A-B', method: 'aB' }]);
    expect(skipped.map(({ name }) => name)).toEqual(['A.B', 'ENGINE', 'THEN', 'WITH']);
    expect(models({ with: [{}, 1] }, { prefix: 'own' }).models).toMatchObject([{ method: 'ownWith' }]);
  });

  it('by patterns', () => {
    expect(matches('json.*', 'JSON.SET')).toBe(true);
    expect(matches('JSON.*', 'JSONXSET')).toBe(false);
    expect(matches('V???', 'VSIM')).toBe(true);
    expect(matches('V', 'VSIM')).toBe(false);
  });
});

it('code is indented by its brackets, of which several on a line count once', () => {
  expect(indent("f({\na: [\n'(',\n],\n/**\n* {\n*/\n});\n\n\ng();")).toBe(
    "f({\n  a: [\n    '(',\n  ],\n  /**\n   * {\n   */\n});\n\ng();",
  );
});
