import { describe, expect, it } from '@jest/globals';
import { answerTo, describeCommands, expectWrongType, refusal } from './support/zset-stream.js';

describeCommands('streams', (on) => {
  /** Entries 1-0 to 5-0, each with its number. */
  const fill = async (key = 's'): Promise<void> => {
    for (let number = 1; number <= 5; number++) await on.client.xadd(key, `${number}-0`, { n: number });
  };
  const ids = (entries: readonly { id: string }[]): string[] => entries.map(({ id }) => id);
  const left = async (key = 's'): Promise<string[]> => ids(await on.client.xrange(key, '-', '+'));

  it('are told apart where their names are no UTF-8, and where one is asked for twice', async () => {
    const { buffers } = on.client;
    const [one, two] = [Buffer.from([0xff]), Buffer.from([0xfe])];
    await buffers.xadd(one, '1-0', 'f', 'one');
    await buffers.xadd(two, '2-0', 'f', 'two');
    const read = await buffers.xread('STREAMS', one, two, one, 0, 0, '0-1');
    expect(read?.map(({ key, entries }) => [key, entries.map(({ id }) => id)])).toEqual([
      [one, ['1-0']],
      [two, ['2-0']],
      [one, ['1-0']],
    ]);
  });

  describe('XADD', () => {
    it("gives ids that grow: its own, half its own, or the caller's", async () => {
      const { client } = on;
      const before = Date.now();
      const own = await client.xadd('s', '*', 'f', 'v');
      expect(own).toMatch(/^\d{13,}-\d+$/);
      expect(Math.abs(Number(own.split('-')[0]) - before)).toBeLessThan(60_000);
      expect(await client.xadd('s', '9999999999999-*', 'f', 'v')).toBe('9999999999999-0');
      expect(await client.xadd('s', '9999999999999-*', 'f', 'v')).toBe('9999999999999-1');
      expect(await client.xadd('s', '18446744073709551615-18446744073709551615', 'f', 'v')).toBe(
        '18446744073709551615-18446744073709551615',
      );
      expect(await refusal(client.xadd('s', '5-0', 'f', 'v'))).toMatchObject({
        code: 'ERR',
        command: 'XADD',
      });
      expect(await refusal(client.xadd('t', '0-0', 'f', 'v'))).toMatchObject({ code: 'ERR' });
      expect(await client.xlen('s')).toBe(4);
    });

    it('keeps fields in their order, from pairs, a record or a Map; the last of a name wins', async () => {
      const { client } = on;
      await client.xadd('s', '1-0', { b: 'ü', a: 1 });
      await client.xadd('s', '2-0', new Map([['größe', '日本']]));
      await client.xadd('s', '3-0', 'f', 'first', 'f', 'second', '__proto__', 'mine');
      const [record, map, pairs] = await client.xrange('s', '-', '+');
      expect(Object.entries(record!.fields)).toEqual([
        ['b', 'ü'],
        ['a', '1'],
      ]);
      expect(map).toEqual({ id: '2-0', fields: { größe: '日本' } });
      expect(Object.entries(pairs!.fields)).toEqual([
        ['f', 'second'],
        ['__proto__', 'mine'],
      ]);
    });

    it('NOMKSTREAM makes no stream', async () => {
      const { client } = on;
      expect(await client.xadd('s', 'NOMKSTREAM', '1-0', 'f', 'v')).toBeNull();
      expect(await client.exists('s')).toBe(0);
      await client.xadd('s', '1-0', 'f', 'v');
      expect(await client.xadd('s', 'NOMKSTREAM', '2-0', 'f', 'v')).toBe('2-0');
    });

    it('MAXLEN and MINID drop the oldest', async () => {
      const { client } = on;
      await fill();
      expect(await client.xadd('s', 'MAXLEN', 3, '6-0', 'n', 6)).toBe('6-0');
      expect(await left()).toEqual(['4-0', '5-0', '6-0']);
      expect(await client.xadd('s', 'MINID', '=', '6-0', '7-0', 'n', 7)).toBe('7-0');
      expect(await left()).toEqual(['6-0', '7-0']);
      // about: whole nodes only, and these few entries are one node
      expect(await client.xadd('s', 'MAXLEN', '~', 1, 'LIMIT', 100, '8-0', 'n', 8)).toBe('8-0');
      expect(await left()).toEqual(['6-0', '7-0', '8-0']);
      expect(await refusal(client.xadd('s', 'MAXLEN', 1, 'LIMIT', 1, '*', 'n', 9))).toMatchObject({
        code: 'ERR',
      });
    });
  });

  describe('reading a range', () => {
    it('XRANGE and XREVRANGE: whole, by id, by half an id, with COUNT', async () => {
      const { client } = on;
      await fill();
      await client.xadd('s', '5-1', { n: 6 });
      expect(await client.xrange('s', '2-0', '3-0')).toEqual([
        { id: '2-0', fields: { n: '2' } },
        { id: '3-0', fields: { n: '3' } },
      ]);
      expect(ids(await client.xrange('s', 5, 5))).toEqual(['5-0', '5-1']);
      expect(ids(await client.xrevrange('s', '+', '-', 'COUNT', 2))).toEqual(['5-1', '5-0']);
      expect(ids(await client.xrevrange('s', 2, '-'))).toEqual(['2-0', '1-0']);
      expect(ids(await client.xrange('s', '-', '+', 'COUNT', 1))).toEqual(['1-0']);
      expect(await client.xrange('s', 9, '+')).toEqual([]);
      expect(await client.xrange('none', '-', '+')).toEqual([]);
      expect(await client.xrange('s', '+', '-')).toEqual([]);
    });

    it('`(` leaves the bound out: pages that do not overlap', async () => {
      const { client } = on;
      await fill();
      const seen: string[] = [];
      for (let from = '-'; ;) {
        const page = await client.xrange('s', from, '+', 'COUNT', 2);
        if (page.length === 0) break;
        seen.push(...ids(page));
        from = `(${page.at(-1)!.id}`;
      }
      expect(seen).toEqual(['1-0', '2-0', '3-0', '4-0', '5-0']);
      expect(ids(await client.xrevrange('s', '(4-0', '(1-0'))).toEqual(['3-0', '2-0']);
      expect(await refusal(client.xrange('s', '(x', '+'))).toMatchObject({ code: 'ERR', command: 'XRANGE' });
    });
  });

  describe('XREAD', () => {
    it('gives what comes after an id, stream by stream; null where there is nothing', async () => {
      const { client } = on;
      await fill('a');
      await client.xadd('b', '1-0', 'f', 'v');
      expect(await client.xread('COUNT', 1, 'STREAMS', 'a', 'none', 'b', '3-0', 0, 0)).toEqual([
        { key: 'a', entries: [{ id: '4-0', fields: { n: '4' } }] },
        { key: 'b', entries: [{ id: '1-0', fields: { f: 'v' } }] },
      ]);
      expect(await client.xread('STREAMS', ['a', 'b'], ['5-0', '$'])).toBeNull();
      expect(await client.xread('STREAMS', 'none', 0)).toBeNull();
      expect(await refusal(client.xread('STREAMS', 'a', 'b', 0))).toMatchObject({ code: 'ERR' });
    });

    it('gives streams in the order in which they were asked for, whatever their names', async () => {
      const { client } = on;
      const keys = ['10', 'streams', '9', 'b', '1', 'a'];
      for (const key of keys) await client.xadd(key, '1-0', 'of', key);
      const expected = keys.map((key) => ({ key, entries: [{ id: '1-0', fields: { of: key } }] }));
      expect(
        await client.xread(
          'STREAMS',
          keys,
          keys.map(() => 0),
        ),
      ).toEqual(expected);
      for (const key of keys) await client.xgroupCreate(key, 'streams', 0);
      const delivered = client.xreadgroup(
        'GROUP',
        'streams',
        'me',
        'STREAMS',
        keys,
        keys.map(() => '>'),
      );
      expect(await delivered).toEqual(expected);
    });

    it('BLOCK waits for another client; `$` means from now on', async () => {
      const { client, other } = on;
      await fill();
      const write = (): Promise<unknown> => other.xadd('s', '6-0', 'n', 'neu: ü');
      expect(
        await answerTo(on, client.xread('BLOCK', 20_000, 'STREAMS', 'none', 's', '$', '$'), write),
      ).toEqual([{ key: 's', entries: [{ id: '6-0', fields: { n: 'neu: ü' } }] }]);
      const first = client.xread('COUNT', 1, 'BLOCK', 0, 'STREAMS', 'new', 0);
      expect(await answerTo(on, first, () => client.xadd('new', '1-0', 'f', 'v'))).toEqual([
        { key: 'new', entries: [{ id: '1-0', fields: { f: 'v' } }] },
      ]);
    });

    it('BLOCK gives null when nothing came in time, and at once what is there', async () => {
      const { client } = on;
      expect(await client.xread('BLOCK', 20, 'STREAMS', 'none', '$')).toBeNull();
      await fill();
      expect(await client.xread('BLOCK', 0, 'COUNT', 1, 'STREAMS', 's', 0)).toMatchObject([{ key: 's' }]);
    });

    it('`+` gives the last entry, where the server knows it', async () => {
      const { client } = on;
      await fill();
      const last = client.xread('STREAMS', 's', '+');
      if (on.kind === 'redis-7.0')
        expect(await refusal(last)).toMatchObject({ code: 'ERR', command: 'XREAD' });
      else expect(await last).toEqual([{ key: 's', entries: [{ id: '5-0', fields: { n: '5' } }] }]);
    });
  });

  describe('removing', () => {
    it('XDEL counts what was there; an empty stream stays', async () => {
      const { client } = on;
      await fill();
      expect(await client.xdel('s', '2-0', ['9-9', '4-0'])).toBe(2);
      expect(await left()).toEqual(['1-0', '3-0', '5-0']);
      expect(await client.xdel('s', '2-0')).toBe(0);
      expect(await client.xdel('s', '1-0', '3-0', '5-0')).toBe(3);
      expect(await client.xlen('s')).toBe(0);
      expect(await client.exists('s')).toBe(1);
      expect(await client.xlen('none')).toBe(0);
    });

    it('XTRIM by length or by id, exactly or about', async () => {
      const { client } = on;
      await fill();
      expect(await client.xtrim('s', 'MAXLEN', '~', 2)).toBe(0);
      expect(await client.xtrim('s', 'MAXLEN', '=', 4)).toBe(1);
      expect(await client.xtrim('s', 'MINID', '4-0')).toBe(2);
      expect(await left()).toEqual(['4-0', '5-0']);
      expect(await client.xtrim('none', 'MAXLEN', 0)).toBe(0);
      expect(await client.xtrim('s', 'MAXLEN', 0)).toBe(2);
    });

    it('XTRIM LIMIT stops about where it is told, node by node', async () => {
      const { client } = on;
      await client.configSet('stream-node-max-entries', 2);
      try {
        await fill();
        expect(await client.xtrim('s', 'MAXLEN', '~', 1, 'LIMIT', 2)).toBe(2);
        expect(await client.xtrim('s', 'MAXLEN', '~', 1, 'LIMIT', 0)).toBe(2);
        expect(await left()).toEqual(['5-0']);
      } finally {
        await client.configSet('stream-node-max-entries', 100);
      }
    });

    it('XSETID moves the last id on, never behind an entry', async () => {
      const { client } = on;
      await fill();
      expect(await client.xsetid('s', '9-0', 'ENTRIESADDED', 12, 'MAXDELETEDID', '2-0')).toBe('OK');
      expect(await client.xinfoStream('s')).toMatchObject({
        'last-generated-id': '9-0',
        'entries-added': 12,
        'max-deleted-entry-id': '2-0',
      });
      expect(await refusal(client.xadd('s', '9-0', 'f', 'v'))).toMatchObject({ code: 'ERR' });
      expect(await client.xadd('s', '9-1', 'f', 'v')).toBe('9-1');
      expect(await refusal(client.xsetid('s', '4-0'))).toMatchObject({ code: 'ERR', command: 'XSETID' });
      expect(await refusal(client.xsetid('none', '1-0'))).toMatchObject({ code: 'ERR' });
    });

    it('what came with later servers than these is refused as unknown, by call() too', async () => {
      const { client } = on;
      await fill();
      // a server that has them puts them into commands.json, where they would be missed among the tests
      for (const [name, ...args] of [
        ['XDELEX', 's', 'KEEPREF', 'IDS', 1, '1-0'],
        ['XACKDEL', 's', 'g', 'KEEPREF', 'IDS', 1, '1-0'],
      ] as const) {
        expect((await refusal(client.call(name, ...args))).message).toMatch(/unknown command/);
      }
      expect(await client.xlen('s')).toBe(5);
    });
  });

  it('XINFO STREAM tells of a stream, with FULL of its entries and groups', async () => {
    const { client } = on;
    await fill();
    await client.xdel('s', '3-0');
    const [first, last] = [
      { id: '1-0', fields: { n: '1' } },
      { id: '5-0', fields: { n: '5' } },
    ];
    const facts = {
      length: 4,
      'last-generated-id': '5-0',
      'max-deleted-entry-id': '3-0',
      'entries-added': 5,
      'recorded-first-entry-id': '1-0',
    };
    expect(await client.xinfoStream('s')).toMatchObject({
      ...facts,
      groups: 0,
      'first-entry': first,
      'last-entry': last,
    });
    await client.xgroupCreate('s', 'g', 0);
    await client.xreadgroup('GROUP', 'g', 'me', 'COUNT', 1, 'STREAMS', 's', '>');
    const full = await client.xinfoStream('s', 'FULL', 'COUNT', 1);
    expect(full).toMatchObject({ ...facts, entries: [first] });
    expect(full.groups).toMatchObject([
      {
        name: 'g',
        'last-delivered-id': '1-0',
        'pel-count': 1,
        pending: [['1-0', 'me', expect.any(Number), 1]],
        consumers: [{ name: 'me', 'pel-count': 1, pending: [['1-0', expect.any(Number), 1]] }],
      },
    ]);
    await client.xtrim('s', 'MAXLEN', 0);
    expect(await client.xinfoStream('s')).toMatchObject({ 'first-entry': null, 'last-entry': null });
    expect(await refusal(client.xinfoStream('none'))).toMatchObject({ code: 'ERR', command: 'XINFO STREAM' });
    expect((await client.xinfoHelp()).join('\n')).toMatch(/STREAM <key>/);
  });

  it('in bytes', async () => {
    const { buffers } = on.client;
    const bytes = Buffer.from([0xff, 0, 0x0d, 0x0a]);
    expect(await buffers.xadd('s', '1-0', 'f', bytes, 'größe', 1)).toBe('1-0');
    const entry = { id: '1-0', fields: { f: bytes, größe: Buffer.from('1') } };
    expect(await buffers.xrange('s', '-', '+')).toEqual([entry]);
    expect(await buffers.xrevrange('s', '+', '-')).toEqual([entry]);
    expect((await buffers.xread('STREAMS', 's', 0))![0]!.entries).toEqual([entry]);
    expect(await buffers.xinfoStream('s')).toMatchObject({ 'first-entry': entry, 'last-entry': entry });
  });

  it('a key of another type is refused by all', async () => {
    const { client } = on;
    await client.set('text', 'x');
    await expectWrongType({
      XADD: client.xadd('text', '*', 'f', 'v'),
      XDEL: client.xdel('text', '1-0'),
      'XINFO STREAM': client.xinfoStream('text'),
      XLEN: client.xlen('text'),
      XRANGE: client.xrange('text', '-', '+'),
      XREAD: client.xread('STREAMS', 'text', 0),
      XREVRANGE: client.xrevrange('text', '+', '-'),
      XSETID: client.xsetid('text', '1-0'),
      XTRIM: client.xtrim('text', 'MAXLEN', 1),
    });
  });
});
