import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/index.js';
import { answerTo, describeCommands, expectWrongType, refusal } from './support/zset-stream.js';

describeCommands('stream-groups', (on) => {
  /** Entries 1-0 to 4-0, each with its number, and a group that has read none. */
  beforeEach(async () => {
    for (let number = 1; number <= 4; number++) await on.client.xadd('s', `${number}-0`, { n: number });
    await on.client.xgroupCreate('s', 'g', 0);
  });

  const entry = (number: number): { id: string; fields: Record<string, string> } => ({
    id: `${number}-0`,
    fields: { n: String(number) },
  });
  const gone = (number: number): { id: string; fields: Record<string, string> } => ({
    id: `${number}-0`,
    fields: {},
  });
  const deliver = (consumer: string, count: number): Promise<unknown> =>
    on.client.xreadgroup('GROUP', 'g', consumer, 'COUNT', count, 'STREAMS', 's', '>');
  const owners = async (): Promise<[string, string, number][]> =>
    (await on.client.xpending('s', 'g', '-', '+', 10)).map(({ id, consumer, deliveries }) => [
      id,
      consumer,
      deliveries,
    ]);

  describe('groups and consumers', () => {
    it('XGROUP CREATE begins at an id, at the end, or makes the stream', async () => {
      const { client } = on;
      expect(await client.xgroupCreate('s', 'late', '3-0')).toBe('OK');
      expect(await client.xgroupCreate('s', 'end', '$')).toBe('OK');
      const read = (group: string): Promise<unknown> =>
        client.xreadgroup('GROUP', group, 'me', 'STREAMS', 's', '>');
      expect(await read('late')).toEqual([{ key: 's', entries: [entry(4)] }]);
      expect(await read('end')).toBeNull();
      expect(await refusal(client.xgroupCreate('s', 'g', 0))).toMatchObject({
        code: 'BUSYGROUP',
        command: 'XGROUP CREATE',
      });
      expect(await refusal(client.xgroupCreate('none', 'g', '$'))).toMatchObject({ code: 'ERR' });
      expect(await client.xgroupCreate('none', 'g', '$', 'MKSTREAM', 'ENTRIESREAD', 0)).toBe('OK');
      expect(await client.xlen('none')).toBe(0);
      expect(await client.xinfoGroups('none')).toMatchObject([{ name: 'g', 'entries-read': 0, lag: 0 }]);
    });

    it('XGROUP SETID goes back and forth', async () => {
      const { client } = on;
      expect(await client.xgroupSetid('s', 'g', '2-0', 'ENTRIESREAD', 2)).toBe('OK');
      expect(await client.xinfoGroups('s')).toMatchObject([
        { 'last-delivered-id': '2-0', 'entries-read': 2, lag: 2 },
      ]);
      expect(await deliver('me', 1)).toEqual([{ key: 's', entries: [entry(3)] }]);
      await client.xgroupSetid('s', 'g', '$');
      expect(await deliver('me', 1)).toBeNull();
      await client.xgroupSetid('s', 'g', 0);
      expect(await deliver('me', 1)).toEqual([{ key: 's', entries: [entry(1)] }]);
      expect(await refusal(client.xgroupSetid('s', 'none', 0))).toMatchObject({ code: 'NOGROUP' });
    });

    it('consumers are created, or come with their first read, and leave with what they had', async () => {
      const { client } = on;
      expect(await client.xgroupCreateconsumer('s', 'g', 'müller')).toBe(1);
      expect(await client.xgroupCreateconsumer('s', 'g', 'müller')).toBe(0);
      await deliver('me', 3);
      expect(await client.xinfoConsumers('s', 'g')).toMatchObject([
        { name: 'me', pending: 3, idle: expect.any(Number) },
        { name: 'müller', pending: 0, idle: expect.any(Number) },
      ]);
      expect(await client.xgroupDelconsumer('s', 'g', 'me')).toBe(3);
      expect(await client.xgroupDelconsumer('s', 'g', 'me')).toBe(0);
      expect(await client.xpending('s', 'g')).toMatchObject({ pending: 0 });
      expect(await refusal(client.xgroupCreateconsumer('s', 'none', 'me'))).toMatchObject({
        code: 'NOGROUP',
        command: 'XGROUP CREATECONSUMER',
      });
    });

    it('XGROUP DESTROY takes the group with all that waits in it', async () => {
      const { client } = on;
      await deliver('me', 2);
      expect(await client.xgroupDestroy('s', 'g')).toBe(1);
      expect(await client.xgroupDestroy('s', 'g')).toBe(0);
      expect(await client.xinfoGroups('s')).toEqual([]);
      expect(await refusal(client.xpending('s', 'g'))).toMatchObject({
        code: 'NOGROUP',
        command: 'XPENDING',
      });
      expect(await refusal(client.xinfoConsumers('s', 'g'))).toMatchObject({ code: 'NOGROUP' });
      expect(await refusal(client.xinfoGroups('none'))).toMatchObject({ code: 'ERR' });
    });

    it('XINFO GROUPS counts what was read and what is left to read', async () => {
      const { client } = on;
      await deliver('me', 2);
      await deliver('you', 1);
      await client.xack('s', 'g', '1-0');
      expect(await client.xinfoGroups('s')).toEqual([
        { name: 'g', consumers: 2, pending: 2, 'last-delivered-id': '3-0', 'entries-read': 3, lag: 1 },
      ]);
      await client.xgroupCreate('s', 'middle', '2-0');
      expect((await client.xinfoGroups('s'))[1]).toMatchObject({ name: 'middle', 'entries-read': null });
    });

    it('XGROUP HELP names the subcommands', async () => {
      const help = (await on.client.xgroupHelp()).join('\n');
      for (const subcommand of ['CREATE', 'CREATECONSUMER', 'DELCONSUMER', 'DESTROY', 'SETID']) {
        expect(help).toMatch(new RegExp(`^${subcommand} `, 'm'));
      }
    });
  });

  describe('XREADGROUP', () => {
    it('gives every entry to one consumer, and again to it alone what it has not handled', async () => {
      const { client } = on;
      expect(await deliver('me', 2)).toEqual([{ key: 's', entries: [entry(1), entry(2)] }]);
      expect(await deliver('you', 9)).toEqual([{ key: 's', entries: [entry(3), entry(4)] }]);
      expect(await deliver('me', 9)).toBeNull();
      const mine = (from: string | number): Promise<unknown> =>
        client.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 's', from);
      expect(await mine(0)).toEqual([{ key: 's', entries: [entry(1), entry(2)] }]);
      expect(await mine('1-0')).toEqual([{ key: 's', entries: [entry(2)] }]);
      await client.xdel('s', '2-0');
      expect(await mine(0)).toEqual([{ key: 's', entries: [entry(1), gone(2)] }]);
      expect(await client.xack('s', 'g', '1-0', ['2-0', '4-0', '9-9'])).toBe(3);
      expect(await mine(0)).toEqual([{ key: 's', entries: [] }]);
      expect(await client.xack('s', 'g', '1-0')).toBe(0);
      expect(await client.xack('none', 'g', '1-0')).toBe(0);
      expect(await owners()).toEqual([['3-0', 'you', 1]]);
    });

    it('NOACK leaves nothing pending', async () => {
      const { client } = on;
      const read = client.xreadgroup('GROUP', 'g', 'me', 'COUNT', 2, 'NOACK', 'STREAMS', 's', '>');
      expect(await read).toEqual([{ key: 's', entries: [entry(1), entry(2)] }]);
      expect(await owners()).toEqual([]);
      expect(await client.xinfoGroups('s')).toMatchObject([{ 'last-delivered-id': '2-0', pending: 0 }]);
    });

    it('BLOCK waits for another client, and for one entry each', async () => {
      const { client, other } = on;
      await deliver('me', 9);
      const wait = (consumer: string): Promise<unknown> =>
        client.xreadgroup('GROUP', 'g', consumer, 'BLOCK', 20_000, 'STREAMS', 's', '>');
      const first = wait('me');
      expect(await answerTo(on, first, () => other.xadd('s', '5-0', { n: 5 }))).toEqual([
        { key: 's', entries: [entry(5)] },
      ]);
      expect(await answerTo(on, wait('you'), () => client.xadd('s', '6-0', { n: 6 }))).toEqual([
        { key: 's', entries: [entry(6)] },
      ]);
      expect((await owners()).slice(-2)).toEqual([
        ['5-0', 'me', 1],
        ['6-0', 'you', 1],
      ]);
    });

    it('BLOCK gives null when nothing came in time, and an error when its group goes', async () => {
      const { client, other } = on;
      await deliver('me', 9);
      const wait = (milliseconds: number): Promise<unknown> =>
        client.xreadgroup('GROUP', 'g', 'me', 'BLOCK', milliseconds, 'STREAMS', 's', '>');
      expect(await wait(20)).toBeNull();
      const orphan = refusal(wait(20_000));
      expect((await answerTo(on, orphan, () => other.xgroupDestroy('s', 'g'))).code).toBe('NOGROUP');
      expect(await refusal(wait(20))).toMatchObject({ code: 'NOGROUP', command: 'XREADGROUP' });
    });
  });

  describe('what is pending', () => {
    it('XPENDING: a summary, or entry by entry, by range, by consumer, by idle time', async () => {
      const { client } = on;
      expect(await client.xpending('s', 'g')).toEqual({
        pending: 0,
        minId: null,
        maxId: null,
        consumers: [],
      });
      await deliver('me', 3);
      await deliver('you', 1);
      expect(await client.xpending('s', 'g')).toEqual({
        pending: 4,
        minId: '1-0',
        maxId: '4-0',
        consumers: [
          { name: 'me', pending: 3 },
          { name: 'you', pending: 1 },
        ],
      });
      const ids = async (...range: [string, ...(string | number)[]]): Promise<string[]> =>
        (await client.xpending('s', 'g', ...range)).map(({ id }) => id);
      expect(await ids('-', '+', 2)).toEqual(['1-0', '2-0']);
      expect(await ids('(1-0', '3-0', 9)).toEqual(['2-0', '3-0']);
      expect(await ids('-', '+', 9, 'you')).toEqual(['4-0']);
      await client.xclaim('s', 'g', 'me', 0, '2-0', 'IDLE', 100_000);
      expect(await client.xpending('s', 'g', 'IDLE', 50_000, '-', '+', 9)).toEqual([
        { id: '2-0', consumer: 'me', idle: expect.any(Number), deliveries: 2 },
      ]);
      expect(await client.xpending('s', 'g', 'IDLE', 50_000, '-', '+', 9, 'you')).toEqual([]);
      const [old] = await client.xpending('s', 'g', '2-0', '2-0', 1);
      expect(old!.idle).toBeGreaterThanOrEqual(100_000);
    });

    it('XCLAIM takes over what is idle long enough, and drops what was deleted', async () => {
      const { client } = on;
      await deliver('me', 3);
      expect(await client.xclaim('s', 'g', 'you', 1_000_000, '1-0', '2-0')).toEqual([]);
      await client.xdel('s', '2-0');
      expect(await client.xclaim('s', 'g', 'you', 0, ['1-0', '2-0'], '9-9')).toEqual([entry(1)]);
      expect(await owners()).toEqual([
        ['1-0', 'you', 2],
        ['3-0', 'me', 1],
      ]);
    });

    it('XCLAIM with JUSTID, RETRYCOUNT, TIME, FORCE and LASTID', async () => {
      const { client } = on;
      await deliver('me', 2);
      expect(await client.xclaim('s', 'g', 'you', 0, '1-0', 'JUSTID')).toEqual(['1-0']);
      expect((await owners())[0]).toEqual(['1-0', 'you', 1]); // JUSTID is no delivery
      const past = Date.now() - 500_000;
      const claimed = client.xclaim('s', 'g', 'you', 0, '2-0', 'TIME', past, 'RETRYCOUNT', 7);
      expect(await claimed).toEqual([entry(2)]);
      expect(await client.xpending('s', 'g', 'IDLE', 400_000, '-', '+', 9)).toMatchObject([
        { id: '2-0', deliveries: 7 },
      ]);
      expect(await client.xclaim('s', 'g', 'you', 0, '4-0', 'JUSTID')).toEqual([]);
      expect(await client.xclaim('s', 'g', 'you', 0, '4-0', 'FORCE', 'JUSTID', 'LASTID', '3-0')).toEqual([
        '4-0',
      ]);
      expect(await client.xinfoGroups('s')).toMatchObject([{ 'last-delivered-id': '3-0', pending: 3 }]);
    });

    it('XAUTOCLAIM goes through page by page, and tells what was deleted', async () => {
      const { client } = on;
      await deliver('me', 4);
      await client.xdel('s', '2-0');
      const first = await client.xautoclaim('s', 'g', 'you', 0, '0', 'COUNT', 2);
      expect(first).toEqual({ cursor: '3-0', entries: [entry(1)], deletedIds: ['2-0'] });
      expect(await client.xautoclaim('s', 'g', 'you', 0, first.cursor, 'COUNT', 2)).toEqual({
        cursor: '0-0',
        entries: [entry(3), entry(4)],
        deletedIds: [],
      });
      expect(await owners()).toEqual([
        ['1-0', 'you', 2],
        ['3-0', 'you', 2],
        ['4-0', 'you', 2],
      ]);
      expect(await client.xautoclaim('s', 'g', 'me', 0, '(1-0', 'COUNT', 1, 'JUSTID')).toEqual({
        cursor: '4-0',
        entries: ['3-0'],
        deletedIds: [],
      });
      expect(await client.xautoclaim('s', 'g', 'me', 1_000_000, 0)).toMatchObject({ entries: [] });
    });

    it('a consumer that waited is seen to have waited', async () => {
      const { client } = on;
      await deliver('me', 1);
      await eventually(async () => Number((await client.xinfoConsumers('s', 'g'))[0]!.idle) >= 5);
      expect(await client.xautoclaim('s', 'g', 'you', 5, 0, 'JUSTID')).toMatchObject({ entries: ['1-0'] });
      const known = await client.xinfoConsumers('s', 'g');
      // since 7.2 how long it got nothing is told apart from how long it did not ask
      for (const consumer of known) expect('inactive' in consumer).toBe(on.kind !== 'redis-7.0');
    });
  });

  it('in bytes', async () => {
    const { buffers } = on.client;
    const bytes = Buffer.from([0xff, 0, 0x80]);
    await buffers.xadd('s', '5-0', 'f', bytes);
    await buffers.xgroupCreate('s', bytes, '4-0');
    const read = await buffers.xreadgroup('GROUP', bytes, bytes, 'STREAMS', 's', '>');
    const delivered = { id: '5-0', fields: { f: bytes } };
    expect(read![0]!.entries).toEqual([delivered]);
    expect(await buffers.xclaim('s', bytes, 'me', 0, '5-0')).toEqual([delivered]);
    expect(await buffers.xautoclaim('s', bytes, bytes, 0, 0)).toMatchObject({ entries: [delivered] });
    expect(await buffers.xinfoConsumers('s', bytes)).toMatchObject([
      { name: Buffer.from('me') },
      { name: bytes },
    ]);
    expect((await buffers.xinfoGroups('s')).map(({ name }) => name)).toEqual([Buffer.from('g'), bytes]);
  });

  it('a key of another type is refused by all', async () => {
    const { client } = on;
    await client.set('text', 'x');
    await expectWrongType({
      XACK: client.xack('text', 'g', '1-0'),
      XAUTOCLAIM: client.xautoclaim('text', 'g', 'me', 0, 0),
      XCLAIM: client.xclaim('text', 'g', 'me', 0, '1-0'),
      'XGROUP CREATE': client.xgroupCreate('text', 'g', 0),
      'XGROUP CREATECONSUMER': client.xgroupCreateconsumer('text', 'g', 'me'),
      'XGROUP DELCONSUMER': client.xgroupDelconsumer('text', 'g', 'me'),
      'XGROUP DESTROY': client.xgroupDestroy('text', 'g'),
      'XGROUP SETID': client.xgroupSetid('text', 'g', 0),
      'XINFO CONSUMERS': client.xinfoConsumers('text', 'g'),
      'XINFO GROUPS': client.xinfoGroups('text'),
      XPENDING: client.xpending('text', 'g'),
      XREADGROUP: client.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 'text', '>'),
    });
  });
});
