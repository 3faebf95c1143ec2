import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  RedisClient,
  type CommandView,
  type FieldValue,
  type RedisClientOptions,
  type ScanIterator,
  type ScoredMember,
} from 'nestjs-redwire/core';
import { SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { errorOf, FakeServer } from './support/index.js';

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`).toSorted();

/** Everything that an iterator gives, each once: a server may give an element twice. Fails on an empty batch. */
async function collect<Item>(iterator: ScanIterator<Item>): Promise<{ items: Item[]; batches: number }> {
  const items = new Map<string, Item>();
  let batches = 0;
  for await (const batch of iterator) {
    expect(batch.length).toBeGreaterThan(0);
    for (const item of batch) items.set(JSON.stringify(item), item);
    batches++;
  }
  return { items: [...items.values()], batches };
}

const sorted = async (iterator: ScanIterator<string>): Promise<string[]> =>
  (await collect(iterator)).items.toSorted();

/** The line that calls this. */
function lineHere(): number {
  const frame = new Error('here').stack?.split('\n')[2];
  return Number(/scan\.spec\.ts:(\d+):/.exec(frame ?? '')?.[1]);
}

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });

  afterAll(() => server.stop());

  describe.each([2, 3] as const)('scan iterators in RESP%d', (protocol) => {
    let client: RedisClient;
    const open: RedisClient[] = [];
    const make = (options: RedisClientOptions = {}): RedisClient => {
      const made = new RedisClient({ url: server.url, protocol, ...options });
      open.push(made);
      return made;
    };

    beforeAll(() => {
      client = new RedisClient({ url: server.url, protocol });
    });

    beforeEach(() => client.flushall());

    afterEach(() => {
      for (const made of open.splice(0)) made.destroy();
    });

    afterAll(() => client.close());

    /** Sends in one go what the loop needs, and counts what a loop sends. */
    function counting(observed: RedisClient): { steps: number } {
      const counted = { steps: 0 };
      observed.observe({
        start: ({ name }) => void (name.endsWith('SCAN') && counted.steps++),
        end: () => {},
      });
      return counted;
    }

    it('scanIterator: every key, in batches', async () => {
      const keys = names('key:', 1_000);
      await client.mset(Object.fromEntries(keys.map((key) => [key, 1])));
      const { items, batches } = await collect(client.scanIterator());
      expect(items.toSorted()).toEqual(keys);
      expect(batches).toBeGreaterThan(20);
      const large = await collect(client.scanIterator({ count: 500 }));
      expect(large.items.toSorted()).toEqual(keys);
      expect(large.batches).toBeLessThan(10);
    });

    it('scanIterator: an empty database gives no batch', async () => {
      expect(await collect(client.scanIterator())).toEqual({ items: [], batches: 0 });
    });

    it('scanIterator: by pattern and by type; steps that find nothing are not given', async () => {
      await client.mset(Object.fromEntries(names('other:', 2_000).map((key) => [key, 1])));
      await client.mset({ 'user:1': 1, 'user:2': 2, 'us*r:3': 3 });
      await client.rpush('user:list', 'a');
      const counted = counting(client);
      const { items, batches } = await collect(client.scanIterator({ match: 'user:*' }));
      expect(items.toSorted()).toEqual(['user:1', 'user:2', 'user:list']);
      expect(counted.steps).toBeGreaterThan(100);
      expect(batches).toBeLessThanOrEqual(3);
      expect(await sorted(client.scanIterator({ type: 'list' }))).toEqual(['user:list']);
      expect(await sorted(client.scanIterator({ match: 'us\\*r:?', type: undefined }))).toEqual(['us*r:3']);
      expect(await sorted(client.scanIterator({ match: Buffer.from('user:[12]'), count: 1_000 }))).toEqual([
        'user:1',
        'user:2',
      ]);
    });

    it('what stays from the first step to the last is given, whatever comes and goes meanwhile', async () => {
      const staying = names('stays:', 500);
      await client.mset(Object.fromEntries(staying.map((key) => [key, 1])));
      const seen = new Set<string>();
      let turn = 0;
      for await (const keys of client.scanIterator()) {
        for (const key of keys) seen.add(key);
        turn++;
        // the table grows and shrinks under the cursor
        if (turn < 20)
          await client.mset(Object.fromEntries(names(`comes:${turn}:`, 300).map((key) => [key, 1])));
        else if (turn === 20) await client.del(await client.keys('comes:*'));
      }
      expect(staying.filter((key) => !seen.has(key))).toEqual([]);
    });

    it('leaving the loop sends nothing further', async () => {
      await client.mset(Object.fromEntries(names('key:', 1_000).map((key) => [key, 1])));
      const fresh = make();
      const counted = counting(fresh);
      for await (const keys of fresh.scanIterator()) {
        expect(keys.length).toBeGreaterThan(0);
        break;
      }
      await fresh.ping();
      expect(counted.steps).toBe(1);
      const iterator = fresh.scanIterator();
      await iterator.next();
      await iterator.return();
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      expect(counted.steps).toBe(2);
    });

    it('hscanIterator: fields with values', async () => {
      const fields = names('field:', 1_000);
      await client.hset('hash', Object.fromEntries(fields.map((field) => [field, `${field} value`])));
      const { items, batches } = await collect(client.hscanIterator('hash'));
      expect(items.toSorted((a, b) => (a.field < b.field ? -1 : 1))).toEqual(
        fields.map((field): FieldValue => ({ field, value: `${field} value` })),
      );
      expect(batches).toBeGreaterThan(20);
      expect((await collect(client.hscanIterator('hash', { match: '*:77', count: 5_000 }))).items).toEqual([
        { field: 'field:77', value: 'field:77 value' },
      ]);
      await client.hset('odd', '__proto__', 'mine');
      expect((await collect(client.hscanIterator('odd'))).items).toEqual([
        { field: '__proto__', value: 'mine' },
      ]);
      expect((await collect(client.hscanIterator('none'))).batches).toBe(0);
    });

    it('hscanIterator: noValues', async () => {
      await client.hset('hash', { a: 1, b: 2, c: 3 });
      const fields = collect(client.hscanIterator('hash', { noValues: true }));
      if (kind === 'redis-7.0') await expect(fields).rejects.toMatchObject({ code: 'ERR', command: 'HSCAN' });
      else expect((await fields).items.toSorted()).toEqual(['a', 'b', 'c']);
      expect((await collect(client.hscanIterator('hash', { noValues: false }))).items).toHaveLength(3);
    });

    it('sscanIterator: members', async () => {
      const members = names('member ', 1_000);
      await client.sadd('set', members);
      expect(await sorted(client.sscanIterator('set'))).toEqual(members);
      expect(await sorted(client.sscanIterator('set', { match: '* 9?', count: 100 }))).toEqual(
        names('member ', 100).filter((name) => / 9.$/.test(name)),
      );
    });

    it('zscanIterator: members with scores that are numbers', async () => {
      const members = names('member ', 300).map((member, score): ScoredMember => ({ member, score }));
      await client.zadd('zset', members);
      const { items } = await collect(client.zscanIterator('zset', { count: 50 }));
      expect(items.toSorted((a, b) => a.score - b.score)).toEqual(members);
      await client.zadd('edges', 'inf', 'a', '-inf', 'b', '1.5', 'c', '1e300', 'd', 0, 'e');
      const edges = (await collect(client.zscanIterator('edges'))).items;
      expect(edges.toSorted((a, b) => (a.member < b.member ? -1 : 1))).toEqual([
        { member: 'a', score: Infinity },
        { member: 'b', score: -Infinity },
        { member: 'c', score: 1.5 },
        { member: 'd', score: 1e300 },
        { member: 'e', score: 0 },
      ]);
    });

    it('client.buffers: bytes', async () => {
      const bytes = Buffer.from([0xff, 0x00, 0xfe]);
      await client.set(bytes, '1');
      await client.hset('hash', bytes.toString('latin1'), 'x');
      await client.hset('hash', new Map([[bytes, bytes]]));
      await client.sadd('set', bytes);
      await client.zadd('zset', '-inf', bytes);
      const { buffers } = client;
      expect((await collect(buffers.scanIterator({ type: 'string' }))).items).toEqual([bytes]);
      expect((await collect(buffers.hscanIterator('hash', { match: bytes }))).items).toEqual([
        { field: bytes, value: bytes },
      ]);
      expect((await collect(buffers.sscanIterator('set'))).items).toEqual([bytes]);
      expect((await collect(buffers.zscanIterator('zset'))).items).toEqual([
        { member: bytes, score: -Infinity },
      ]);
      if (kind !== 'redis-7.0') {
        const { items } = await collect(buffers.hscanIterator('hash', { noValues: true, match: bytes }));
        expect(items).toEqual([bytes]);
      }
    });

    it('keyPrefix: keys that have it, without it, also where it has glob characters', async () => {
      const app = make({ keyPrefix: 'a[p]*\\:é' });
      await client.mset({ 'ap:x': 1, 'a[p]zz': 1, other: 1 });
      await app.mset({ one: 1, two: 2, '*': 3 });
      await app.hset('hash', { f: 'v' });
      await app.sadd('set', 'm');
      await app.zadd('zset', 1, 'm');
      expect(await sorted(app.scanIterator())).toEqual(['*', 'hash', 'one', 'set', 'two', 'zset']);
      expect(await sorted(app.scanIterator({ type: 'string' }))).toEqual(['*', 'one', 'two']);
      expect(await sorted(app.scanIterator({ match: 't*' }))).toEqual(['two']);
      expect(await sorted(app.scanIterator({ match: '\\*' }))).toEqual(['*']);
      const { items } = await collect(app.buffers.scanIterator({ match: Buffer.from('o*') }));
      expect(items).toEqual([Buffer.from('one')]);
      expect((await collect(app.hscanIterator('hash'))).items).toEqual([{ field: 'f', value: 'v' }]);
      expect(await sorted(app.sscanIterator('set', { match: 'm' }))).toEqual(['m']);
      expect((await collect(app.zscanIterator('zset'))).items).toEqual([{ member: 'm', score: 1 }]);
    });

    it('with(): a signal ends the loop, settings and bytes combine', async () => {
      await client.mset(Object.fromEntries(names('key:', 500).map((key) => [key, 1])));
      const abort = new AbortController();
      const view: CommandView<string> = client.with({ signal: abort.signal, timeout: 10_000 });
      const loop = async (): Promise<void> => {
        let turns = 0;
        for await (const keys of view.scanIterator()) {
          expect(keys.length).toBeGreaterThan(0);
          if (++turns === 2) abort.abort(new Error('enough'));
        }
      };
      const error = await errorOf(loop());
      expect(error).toMatchObject({ code: 'ABORTED', command: 'SCAN' });
      await client.sadd('set', 'a');
      const bytes = client.with({ timeout: 10_000 }).buffers.sscanIterator('set');
      expect((await collect(bytes)).items).toEqual([Buffer.from('a')]);
    });

    it('an error rejects the loop, with the line of it in the stack', async () => {
      await client.set('text', 'x');
      let line = 0;
      const loop = async (): Promise<void> => {
        line = lineHere() + 1;
        for await (const members of client.sscanIterator('text')) expect(members).toBeUndefined();
      };
      const error = await errorOf(loop());
      expect(error).toMatchObject({ code: 'WRONGTYPE', command: 'SSCAN' });
      expect(error.stack).toContain(`scan.spec.ts:${line}:`);
    });
  });
});

describe('scan iterators', () => {
  it('cursors have 64 bits and go back as they came', async () => {
    const cursors = ['18446744073709551615', '9007199254740993', '0'];
    await using fake = await FakeServer.start(({ name, args }) => {
      if (name !== 'SCAN') return undefined;
      const next = cursors[args[0] === '0' ? 0 : cursors.indexOf(args[0]!) + 1]!;
      return `*2\r\n$${next.length}\r\n${next}\r\n*1\r\n$1\r\nk\r\n`;
    });
    await using client = new RedisClient({ host: '127.0.0.1', port: fake.port });
    let batches = 0;
    for await (const keys of client.scanIterator()) batches += keys.length;
    expect(batches).toBe(3);
    expect(fake.calls.map(({ args }) => args[0])).toEqual(['0', ...cursors.slice(0, 2)]);
  });

  it('options are checked at once, and nothing is opened', () => {
    const client = new RedisClient('redis://127.0.0.1:1');
    const loose = client as unknown as Record<string, (...args: unknown[]) => unknown>;
    const wrong: [string, unknown[], RegExp][] = [
      ['scanIterator', [{ MATCH: '*' }], /^scanIterator\(\): unknown option 'MATCH': did you mean 'match'\?/],
      ['scanIterator', [{ noValues: true }], /unknown option 'noValues'\. Known are: match, count, type\.$/],
      ['scanIterator', [{ count: 0 }], /'count' must be an integer of 1 or more/],
      ['scanIterator', [{ count: 1.5 }], /'count' must be/],
      ['scanIterator', [{ count: '10' }], /'count' must be/],
      ['scanIterator', [{ match: 7 }], /'match' must be a string or a Buffer/],
      ['scanIterator', [{ match: null }], /'match' must be a string or a Buffer/],
      ['scanIterator', [{ type: '' }], /'type' must be a string that is not empty/],
      ['scanIterator', ['user:*'], /^scanIterator\(\): options must be an object/],
      ['scanIterator', [null], /options must be an object/],
      ['hscanIterator', ['key', { type: 'x' }], /^hscanIterator\(\): unknown option 'type'/],
      ['hscanIterator', ['key', { noValues: 1 }], /'noValues' must be a boolean/],
      ['hscanIterator', [], /^HSCAN: argument 1 is undefined/],
      ['hscanIterator', [{ match: '*' }], /^HSCAN: argument 1 is Object/],
      ['sscanIterator', ['key', { noValues: true }], /unknown option 'noValues'/],
      ['zscanIterator', ['key', { count: -1 }], /^zscanIterator\(\): 'count' must be/],
    ];
    for (const [method, args, message] of wrong) {
      expect(() => loose[method]!(...args)).toThrow(TypeError);
      expect(() => loose[method]!(...args)).toThrow(message);
    }
    const prefixed = new RedisClient({ keyPrefix: 'p:' });
    expect(() => prefixed.scanIterator({ match: null as never })).toThrow(/'match' must be/);
    expect(() => prefixed.scanIterator('user:*' as never)).toThrow(/options must be an object/);
    expect([client.status, prefixed.status]).toEqual(['idle', 'idle']);
  });

  it('have no place in a pipeline', () => {
    expect('scanIterator' in new RedisClient().pipeline()).toBe(false);
  });

  it('have the types of what they give', () => {
    const client = new RedisClient();
    // the compiler is the test: nothing is sent
    const keys: ScanIterator<string> = client.scanIterator();
    const bytes: ScanIterator<Buffer> = client.buffers.scanIterator();
    const pairs: ScanIterator<FieldValue> = client.hscanIterator('h', { match: '*' });
    const fields: ScanIterator<Buffer> = client.buffers.hscanIterator('h', { noValues: true });
    const scored: ScanIterator<ScoredMember<Buffer>> = client.with({}).buffers.zscanIterator('z');
    // @ts-expect-error no such option
    expect(() => client.sscanIterator('s', { type: 'set' })).toThrow(TypeError);
    // @ts-expect-error pairs, where values are not left out
    const wrong: ScanIterator<string> = client.hscanIterator('h');
    for (const iterator of [keys, bytes, pairs, fields, scored, wrong])
      expect(typeof iterator[Symbol.asyncIterator]).toBe('function');
  });
});
