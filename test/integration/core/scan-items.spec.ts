import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type FieldValue, type ScanItems, type ScanIterator } from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { errorOf, FakeServer } from './support/index.js';

const STAYING = 3_000;
const ROUND = 1_500;

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

async function all<Item>(items: ScanItems<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The line that calls this. */
function lineHere(): number {
  const frame = new Error('here').stack?.split('\n')[2];
  return Number(/scan-items\.spec\.ts:(\d+):/.exec(frame ?? '')?.[1]);
}

/** What a collection is filled with, how it is scanned, and how the value of an element shows. */
interface Collection {
  fill(client: RedisClient, names: readonly string[]): Promise<unknown>;
  clear(client: RedisClient, names: readonly string[]): Promise<unknown>;
  scan(client: RedisClient): ScanIterator<unknown>;
  name(item: unknown): string;
}

const valueOf = (name: string): number => name.length * 1_000 + name.charCodeAt(name.length - 1);

const COLLECTIONS: Record<string, Collection> = {
  scanIterator: {
    fill: (client, keys) => client.mset(Object.fromEntries(keys.map((key) => [key, valueOf(key)]))),
    clear: (client, keys) => client.del([...keys]),
    scan: (client) => client.scanIterator({ count: 50 }),
    name: (key) => key as string,
  },
  hscanIterator: {
    fill: (client, fields) =>
      client.hset('hash', Object.fromEntries(fields.map((field) => [field, valueOf(field)]))),
    clear: (client, fields) => client.hdel('hash', [...fields]),
    scan: (client) => client.hscanIterator('hash', { count: 50 }),
    name: (item) => {
      const { field, value } = item as FieldValue;
      expect(value).toBe(String(valueOf(field)));
      return field;
    },
  },
  sscanIterator: {
    fill: (client, members) => client.sadd('set', [...members]),
    clear: (client, members) => client.srem('set', [...members]),
    scan: (client) => client.sscanIterator('set', { count: 50 }),
    name: (member) => member as string,
  },
  zscanIterator: {
    fill: (client, members) =>
      client.zadd(
        'zset',
        members.map((member) => ({ member, score: valueOf(member) })),
      ),
    clear: (client, members) => client.zrem('zset', [...members]),
    scan: (client) => client.zscanIterator('zset', { count: 50 }),
    name: (item) => {
      const { member, score } = item as { member: string; score: number };
      expect(score).toBe(valueOf(member));
      return member;
    },
  },
};

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([2, 3] as const)('items of scans in RESP%d', (protocol) => {
    let client: RedisClient;
    let other: RedisClient;

    beforeAll(async () => {
      client = new RedisClient({ url: server.url, protocol });
      other = new RedisClient({ url: server.url, protocol });
    });
    beforeEach(() => client.flushall());
    afterAll(() => Promise.all([client.close(), other.close()]));

    /** Steps that the server was asked for, of all clients. */
    const steps = async (command: string): Promise<number> => {
      const { commandstats = {} } = await other.info('commandstats');
      return Number(/^calls=(\d+),/.exec(commandstats[`cmdstat_${command}`] ?? 'calls=0,')![1]);
    };

    it('every element, one by one', async () => {
      const keys = names('key:', 1_000);
      await client.mset(Object.fromEntries(keys.map((key) => [key, 1])));
      expect([...new Set(await all(client.scanIterator().items()))].toSorted()).toEqual(keys.toSorted());
      expect(await all(client.scanIterator({ match: 'none' }).items())).toEqual([]);
      const bytes = await all(client.buffers.scanIterator({ match: 'key:7', count: 1_000 }).items());
      expect(bytes).toEqual([Buffer.from('key:7')]);
    });

    it.each(Object.keys(COLLECTIONS))(
      '%s gives what stays, while others come and go and the table grows and shrinks',
      async (method) => {
        const { fill, clear, scan, name } = COLLECTIONS[method]!;
        const staying = names('stays:', STAYING);
        const gone = names('gone:', 100);
        await fill(client, [...staying, ...gone]);
        await clear(client, gone);
        const came = new Set<string>();
        let round = 0;
        /** Six rounds of growth, then all of it goes at once, and so on. */
        const change = async (): Promise<void> => {
          const turn = ++round;
          if (turn % 7 === 0) await clear(other, [...came]);
          else {
            const fresh = names(`comes:${turn}:`, ROUND);
            for (const one of fresh) came.add(one);
            await fill(other, fresh);
          }
        };
        const seen = new Set<string>();
        let given = 0;
        for await (const item of scan(client).items()) {
          seen.add(name(item));
          if (++given % 150 === 0 && round < 28) await change();
        }
        expect(round).toBeGreaterThanOrEqual(14);
        expect(staying.filter((one) => !seen.has(one))).toEqual([]);
        for (const one of staying) seen.delete(one);
        for (const one of came) seen.delete(one);
        expect([...seen]).toEqual([]);
      },
    );

    it.each(['batches', 'items'] as const)(
      'a loop over %s that is left sends nothing further, and leaves nothing behind',
      async (what) => {
        await client.mset(Object.fromEntries(names('key:', 1_000).map((key) => [key, 1])));
        const before = await steps('scan');
        const scan = client.scanIterator();
        const reader: ScanItems<unknown> = what === 'items' ? scan.items() : scan;
        for await (const given of reader) {
          expect(given).toBeDefined();
          break;
        }
        expect([client.inFlight, client.queued]).toEqual([0, 0]);
        await client.ping();
        expect(await steps('scan')).toBe(before + 1);
        expect(await reader.next()).toEqual({ done: true, value: undefined });
        expect(await scan.return()).toEqual({ done: true, value: undefined });
        expect(await steps('scan')).toBe(before + 1);
      },
    );

    it.each(['return', 'throw', 'dispose', 'error in the loop'] as const)('ends by %s', async (how) => {
      await client.mset(Object.fromEntries(names('key:', 200).map((key) => [key, 1])));
      const failure = new Error('enough');
      for (const reader of [client.scanIterator(), client.scanIterator().items()]) {
        const before = await steps('scan');
        if (how === 'error in the loop') {
          const loop = async (): Promise<void> => {
            for await (const given of reader) {
              expect(given).toBeDefined();
              throw failure;
            }
          };
          await expect(loop()).rejects.toBe(failure);
        } else if (how === 'dispose') {
          await using mine: ScanItems<unknown> = reader;
          expect((await mine.next()).done).toBe(false);
        } else {
          expect((await reader.next()).done).toBe(false);
          if (how === 'throw') await expect(reader.throw(failure)).rejects.toBe(failure);
          else expect(await reader.return()).toEqual({ done: true, value: undefined });
        }
        expect(await reader.next()).toEqual({ done: true, value: undefined });
        expect(await steps('scan')).toBe(before + 1);
      }
    });

    it('items() gives what batches have left, once; batches are refused from then on', async () => {
      const keys = names('key:', 500);
      await client.mset(Object.fromEntries(keys.map((key) => [key, 1])));
      const scan = client.scanIterator();
      const first = (await scan.next()).value as string[];
      const rest = scan.items();
      const taken = /^items\(\) has taken this scan over/;
      expect(() => scan.items()).toThrow(TypeError);
      expect(() => scan.items()).toThrow(taken);
      await expect(scan.next()).rejects.toThrow(TypeError);
      const loop = async (): Promise<void> => {
        for await (const batch of scan) expect(batch).toBeUndefined();
      };
      await expect(loop()).rejects.toThrow(taken);
      expect(first.length).toBeGreaterThan(0);
      const found = await all(rest);
      expect([...new Set([...first, ...found])].toSorted()).toEqual(keys.toSorted());
    });

    it('an error rejects the loop, with its line in the stack', async () => {
      await client.set('text', 'x');
      let line = 0;
      const readItems = async (): Promise<void> => {
        line = lineHere() + 1;
        for await (const member of client.sscanIterator('text').items()) expect(member).toBeUndefined();
      };
      const error = await errorOf(readItems());
      expect(error).toMatchObject({ code: 'WRONGTYPE', command: 'SSCAN' });
      expect(error.stack).toContain(`scan-items.spec.ts:${line}:`);
    });

    it('cursors of 64 bits are taken as text and as bigint', async () => {
      await client.mset(Object.fromEntries(names('key:', 100).map((key) => [key, 1])));
      for (const [last, cursor] of [
        ['18446744073709551615', 18_446_744_073_709_551_615n],
        ['9007199254740993', 9_007_199_254_740_993n],
      ] as const) {
        // wherever that is in a table of this size: both spellings are the same place
        expect(await client.scan(cursor)).toEqual(await client.scan(last));
      }
      expect(await client.scan(0n)).toEqual(await client.scan('0'));
    });
  });
});

describe('cursors', () => {
  const LARGE = ['18446744073709551615', '9007199254740993', '9223372036854775808'];
  const open: RedisClient[] = [];

  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });

  it.each(['HSCAN', 'SSCAN', 'ZSCAN', 'SCAN'])('of %s are never rounded', async (name) => {
    const path = [...LARGE, '0'];
    await using fake = await FakeServer.start((call) => {
      if (call.name !== name) return undefined;
      const cursor = call.args[name === 'SCAN' ? 0 : 1]!;
      const next = path[cursor === '0' ? 0 : path.indexOf(cursor) + 1]!;
      return `*2\r\n$${next.length}\r\n${next}\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n`;
    });
    const client = new RedisClient({ host: '127.0.0.1', port: fake.port });
    open.push(client);
    const scans: Record<string, () => ScanIterator<unknown>> = {
      SCAN: () => client.scanIterator(),
      HSCAN: () => client.hscanIterator('k'),
      SSCAN: () => client.sscanIterator('k'),
      ZSCAN: () => client.zscanIterator('k'),
    };
    const items = await all(scans[name]!().items());
    expect(items.length).toBe(name === 'HSCAN' || name === 'ZSCAN' ? 4 : 8);
    const sent = fake.calls.map(({ args }) => args[name === 'SCAN' ? 0 : 1]);
    expect(sent).toEqual(['0', ...LARGE]);
  });

  it('by hand: as text and as bigint, sent digit by digit, and given back as text', async () => {
    await using fake = await FakeServer.start(({ name }) =>
      name === 'SCAN' ? `*2\r\n$20\r\n${LARGE[0]}\r\n*0\r\n` : undefined,
    );
    const client = new RedisClient({ host: '127.0.0.1', port: fake.port });
    open.push(client);
    for (const cursor of LARGE) {
      expect(await client.scan(cursor)).toEqual([LARGE[0], []]);
      expect(await client.scan(BigInt(cursor), { count: 5 })).toEqual([LARGE[0], []]);
      expect(await client.call('SCAN', BigInt(cursor))).toEqual([LARGE[0], []]);
    }
    expect(fake.calls.map(({ args }) => args[0])).toEqual(LARGE.flatMap((one) => [one, one, one]));
  });
});
