import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, type Subscription } from 'nestjs-redwire/core';
import {
  eventually,
  newSeed,
  Random,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../../support/index.js';
import { clientMaker } from './support/index.js';

async function readAll<Data extends string | Buffer>(subscription: Subscription<Data>): Promise<Data[]> {
  const got: Data[] = [];
  for await (const { data } of subscription) got.push(data);
  return got;
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([
    [2, 'own'],
    [3, 'own'],
    [3, 'shared'],
  ] as const)('overlapping pub/sub in RESP%d, connection: %s', (protocol, subscriberConnection) => {
    const make = clientMaker(() => ({
      url: server.url,
      protocol,
      subscriberConnection,
      reconnect: { delay: 10 },
    }));
    /** Ends the connections that listen; tells how many there were. */
    const killSubscribers = (admin: RedisClient): Promise<unknown> =>
      admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

    afterEach(async () => {
      await using admin = new RedisClient(server.url);
      await eventually(async () => expect(await admin.pubsubChannels()).toEqual([]));
      expect(await admin.pubsubNumpat()).toBe(0);
    });

    it('one channel in many subscriptions is subscribed once, also after a reconnect, and each of them hears all', async () => {
      const client = make();
      const admin = make();
      const many = await Promise.all(
        Array.from({ length: 10 }, (_, index) => client.subscribe('one', 'one', `own:${index}`)),
      );
      expect(await admin.pubsubNumsub('one', 'own:9')).toEqual({ one: 1, 'own:9': 1 });
      expect(await admin.publish('one', 'first')).toBe(1);
      for (const subscription of many)
        expect((await subscription.next()).value).toMatchObject({ data: 'first' });
      const back = Promise.all(
        many.map((subscription) => new Promise((resolve) => subscription.on('resubscribed', resolve))),
      );
      await killSubscribers(admin);
      await back;
      expect(await admin.pubsubNumsub('one', 'own:0')).toEqual({ one: 1, 'own:0': 1 });
      for (const [index, subscription] of many.entries()) {
        expect(await admin.publish('one', index)).toBe(1);
        await eventually(() => subscription.pending === index + 1);
        await subscription.unsubscribe('one');
        expect(await admin.pubsubNumsub('one')).toEqual({ one: index === 9 ? 0 : 1 });
      }
      for (const [index, subscription] of many.entries()) {
        await subscription.unsubscribe();
        expect(await readAll(subscription)).toEqual(numbers(0, index + 1));
      }
    });

    it('channels that were left together, and are wanted again one after the other in the same tick, are heard', async () => {
      const client = make();
      const admin = make();
      const first = await client.subscribe('a', 'b', 'c');
      const leaving = first.unsubscribe();
      const [a, b] = await Promise.all([client.subscribe('a'), client.subscribe('b'), leaving]);
      expect(await admin.pubsubNumsub('a', 'b', 'c')).toEqual({ a: 1, b: 1, c: 0 });
      await admin.publish('a', 'to a');
      await admin.publish('b', 'to b');
      expect((await a.next()).value).toMatchObject({ data: 'to a' });
      expect((await b.next()).value).toMatchObject({ data: 'to b' });
    });

    it('counts references through a storm of subscribing and leaving', async () => {
      const seed = newSeed();
      const random = new Random(seed);
      const client = make();
      const admin = make();
      const channels = Array.from({ length: 6 }, (_, index) => `storm:${index}`);
      const alive = new Set<Subscription>();
      const running: Promise<unknown>[] = [];
      for (let turn = 0; turn < 300; turn++) {
        const one = random.pick([...alive, undefined, undefined]);
        if (one === undefined) {
          const wanted = channels.filter(() => random.chance(0.4));
          if (wanted.length === 0) continue;
          running.push(client.subscribe(wanted).then((made) => alive.add(made)));
        } else if (random.chance(0.5)) {
          alive.delete(one);
          running.push(one.unsubscribe());
        } else {
          running.push(one.unsubscribe(random.pick(channels)));
          if (one.closed) alive.delete(one);
        }
        // some of them overlap, others see what came of those before
        if (random.chance(0.3)) await Promise.all(running);
      }
      await Promise.all(running);
      const wanted = new Set([...alive].flatMap((subscription) => [...subscription.channels]));
      const expected = Object.fromEntries(channels.map((channel) => [channel, wanted.has(channel) ? 1 : 0]));
      expect({ seed, counts: await admin.pubsubNumsub(...channels) }).toEqual({ seed, counts: expected });
      expect(client.subscriptions).toBe(alive.size);
      for (const channel of channels) await admin.publish(channel, channel);
      for (const subscription of alive) {
        const heard = [...subscription.channels];
        await eventually(() => subscription.pending >= heard.length);
        await subscription.unsubscribe();
        expect({ seed, heard: (await readAll(subscription)).toSorted() }).toEqual({
          seed,
          heard: heard.toSorted(),
        });
      }
    });

    it('channels and patterns that overlap each give the message', async () => {
      const client = make();
      const admin = make();
      const exact = await client.subscribe('a.b.c');
      const wide = await client.psubscribe('a.*');
      const both = await client.psubscribe('a.b.*', 'a.*');
      // a pattern's text is a channel's name as well
      const literal = await client.subscribe('a.*');
      expect(await admin.publish('a.b.c', '1')).toBe(3);
      expect(await admin.publish('a.x', '2')).toBe(1);
      expect(await admin.publish('a.*', '3')).toBe(2);
      const take = async (from: Subscription, count: number): Promise<string[]> => {
        await eventually(() => from.pending === count);
        await from.unsubscribe();
        const got: string[] = [];
        for await (const { type, channel, pattern, data } of from)
          got.push([type, pattern, channel, data].filter((part) => part !== undefined).join(' '));
        return got;
      };
      expect(await take(exact, 1)).toEqual(['message a.b.c 1']);
      expect(await take(wide, 3)).toEqual([
        'pmessage a.* a.b.c 1',
        'pmessage a.* a.x 2',
        'pmessage a.* a.* 3',
      ]);
      // the server tells them pattern by pattern, in no order that it promises
      expect((await take(both, 4)).toSorted()).toEqual([
        'pmessage a.* a.* 3',
        'pmessage a.* a.b.c 1',
        'pmessage a.* a.x 2',
        'pmessage a.b.* a.b.c 1',
      ]);
      expect(await take(literal, 1)).toEqual(['message a.* 3']);
    });

    it('payloads are bytes: every value of one, none at all, and a megabyte', async () => {
      const client = make();
      const admin = make();
      const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      const payloads = [
        all,
        Buffer.alloc(0),
        randomBytes(1_000_000),
        Buffer.from('message'),
        Buffer.from('\r\n$5\r\n'),
      ];
      const channel = 'gr\u00fc\u00dfe \u{1f600}\r\n';
      const subscriptions = [
        await client.subscribe([channel], { buffers: true }),
        await client.psubscribe(['gr*'], { buffers: true }),
        await client.ssubscribe([channel], { buffers: true }),
      ];
      for (const payload of payloads) {
        expect(await admin.publish(channel, payload)).toBe(2);
        expect(await admin.spublish(channel, payload)).toBe(1);
      }
      for (const subscription of subscriptions) {
        for (const payload of payloads) {
          const { value } = await subscription.next();
          expect(value!.channel).toBe(channel);
          expect(value!.data.equals(payload)).toBe(true);
        }
        await subscription.unsubscribe();
      }
    });

    it('drops exactly what has no room', async () => {
      const client = make();
      const admin = make();
      const options = (overflow: 'drop-oldest' | 'drop-newest') => ({ bufferSize: 100, overflow });
      const oldest = await client.subscribe(['full'], options('drop-oldest'));
      const newest = await client.subscribe(['full'], options('drop-newest'));
      const error = await client.subscribe(['full'], { bufferSize: 100, overflow: 'error' });
      const roomy = await client.subscribe(['full']);
      const publish = (from: number, to: number): Promise<unknown> =>
        Promise.all(numbers(from, to).map((text) => admin.publish('full', text)));
      await publish(0, 1_000);
      await eventually(() => roomy.pending === 1_000);
      expect([oldest, newest, error, roomy].map(({ dropped }) => dropped)).toEqual([900, 900, 1, 0]);
      expect([oldest, newest, error, roomy].map(({ pending }) => pending)).toEqual([100, 100, 100, 1_000]);
      expect([oldest, newest, error, roomy].map(({ closed }) => closed)).toEqual([false, false, true, false]);
      const taken: string[][] = [[], []];
      for (let count = 0; count < 30; count++) {
        for (const [index, from] of [oldest, newest].entries())
          taken[index]!.push((await from.next()).value!.data);
      }
      expect(taken).toEqual([numbers(900, 930), numbers(0, 30)]);
      await publish(1_000, 1_050);
      await eventually(() => roomy.pending === 1_050);
      expect([oldest, newest, error, roomy].map(({ dropped }) => dropped)).toEqual([920, 920, 1, 0]);
      for (const subscription of [oldest, newest, roomy]) await subscription.unsubscribe();
      expect(await readAll(oldest)).toEqual(numbers(950, 1_050));
      expect(await readAll(newest)).toEqual([...numbers(30, 100), ...numbers(1_000, 1_030)]);
      expect(await readAll(roomy)).toEqual(numbers(0, 1_050));
      for (const text of numbers(0, 100)) expect((await error.next()).value?.data).toBe(text);
      await expect(error.next()).rejects.toMatchObject({ code: 'OVERFLOW' });
    });

    it('a reader that waits needs no room', async () => {
      const client = make();
      const admin = make();
      const subscription = await client.subscribe(['direct'], { bufferSize: 1, overflow: 'error' });
      for (const text of numbers(0, 100)) {
        const waiting = subscription.next();
        await admin.publish('direct', text);
        expect((await waiting).value?.data).toBe(text);
      }
      const three = [subscription.next(), subscription.next(), subscription.next()];
      for (const text of ['a', 'b', 'c', 'd']) await admin.publish('direct', text);
      expect((await Promise.all(three)).map(({ value }) => value?.data)).toEqual(['a', 'b', 'c']);
      await eventually(() => subscription.pending === 1);
      expect(subscription.dropped).toBe(0);
    });

    it('tells the gap when its connection is killed, and loses nothing before or after it', async () => {
      const client = make();
      const admin = make();
      const subscription = await client.subscribe(['gap'], { bufferSize: Infinity });
      const pattern = await client.psubscribe(['ga*'], { bufferSize: Infinity });
      const gaps: number[] = [];
      const heard: number[] = [];
      subscription.on('resubscribed', ({ gap }) => gaps.push(gap));
      let alsoTold = 0;
      pattern.on('resubscribed', () => alsoTold++);
      subscription.on('message', ({ data }) => void heard.push(Number(data)));
      let number = 0;
      const unheard = new Set<number>();
      const publish = async (): Promise<number> => {
        const mine = number++;
        // as the server has it: the connection that listens, and its pattern
        const reached = await admin.publish('gap', mine);
        if (reached === 0) unheard.add(mine);
        return reached;
      };
      for (let kill = 1; kill <= 3; kill++) {
        for (let count = 0; count < 50; count++) await publish();
        await eventually(() => heard.includes(number - 1));
        const started = performance.now();
        await killSubscribers(admin);
        do await publish();
        while (gaps.length < kill);
        expect(gaps.at(-1)).toBeGreaterThanOrEqual(0);
        expect(gaps.at(-1)).toBeLessThanOrEqual(Math.ceil(performance.now() - started));
        expect(await publish()).toBe(2);
      }
      expect(alsoTold).toBe(3);
      await eventually(() => heard.includes(number - 1));
      const sent = Array.from({ length: number }, (_, index) => index);
      expect(heard).toEqual(sent.filter((one) => !unheard.has(one)));
      expect(unheard.size).toBeGreaterThan(0);
    });

    it('a signal before: nothing is opened', async () => {
      const client = make();
      const options = { signal: AbortSignal.abort('early') };
      for (const method of ['subscribe', 'psubscribe', 'ssubscribe'] as const)
        await expect(client[method](['x'], options)).rejects.toMatchObject({
          code: 'ABORTED',
          cause: 'early',
        });
      expect([client.status, client.subscriptions]).toEqual(['idle', 0]);
    });

    it('a signal while it is made: others that want the channel get it', async () => {
      const client = make();
      const admin = make();
      await client.connect();
      const abort = new AbortController();
      const given = client.subscribe(['wanted', 'alone'], { signal: abort.signal });
      const kept = client.subscribe('wanted');
      abort.abort('enough');
      await expect(given).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
      const subscription = await kept;
      await eventually(async () =>
        expect(await admin.pubsubNumsub('wanted', 'alone')).toEqual({ wanted: 1, alone: 0 }),
      );
      await admin.publish('wanted', 'x');
      expect((await subscription.next()).value).toMatchObject({ data: 'x' });
      expect(client.subscriptions).toBe(1);
    });

    it('a signal after: what waits is read, then its error; one that has ended already is left alone', async () => {
      const client = make();
      const admin = make();
      const abort = new AbortController();
      const { signal } = abort;
      const waiting = await client.subscribe(['late'], { signal });
      const ended = await client.subscribe(['late'], { signal });
      await admin.publish('late', 'kept');
      await eventually(() => waiting.pending === 1 && ended.pending === 1);
      await ended.unsubscribe();
      abort.abort('enough');
      expect(waiting.closed).toBe(true);
      expect((await waiting.next()).value).toMatchObject({ data: 'kept' });
      await expect(waiting.next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
      expect(await waiting.next()).toEqual({ done: true, value: undefined });
      expect(await readAll(ended)).toEqual(['kept']);
      await eventually(async () => expect(await admin.pubsubNumsub('late')).toEqual({ late: 0 }));
      expect(client.subscriptions).toBe(0);
    });

    it('a refusal is of who asked for what is refused, and not of others who joined in the channel', async () => {
      const admin = make();
      await admin.call(
        'ACL',
        'SETUSER',
        'joined',
        'on',
        '>pw',
        '~*',
        '+@all',
        'resetchannels',
        '&ok',
        '&fine',
      );
      const client = make({ username: 'joined', password: 'pw' });
      const refused = client.subscribe('ok', 'fine', 'secret');
      const first = client.subscribe('ok');
      const second = client.subscribe('ok', 'fine');
      await expect(refused).rejects.toMatchObject({ code: 'NOPERM' });
      const joined = [await first, await second];
      expect(await admin.publish('ok', 'x')).toBe(1);
      for (const subscription of joined)
        expect((await subscription.next()).value).toMatchObject({ channel: 'ok', data: 'x' });
      expect(await admin.publish('fine', 'y')).toBe(1);
      expect((await joined[1]!.next()).value).toMatchObject({ channel: 'fine', data: 'y' });
      expect(client.subscriptions).toBe(2);
      // and made anew like any other
      const back = new Promise((resolve) => joined[0]!.on('resubscribed', resolve));
      await killSubscribers(admin);
      await back;
      expect(await admin.pubsubNumsub('ok', 'fine', 'secret')).toEqual({ ok: 1, fine: 1, secret: 0 });
      await admin.call('ACL', 'DELUSER', 'joined');
    });

    it.each(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'])(
      '%s by call() and in pipelines is refused, before anything is sent',
      async (name) => {
        const client = make();
        for (const call of [client, client.buffers, client.with({ timeout: 100 })]) {
          await expect(call.call(name, 'x')).rejects.toThrow(TypeError);
          await expect(call.call(name.toLowerCase(), 'x')).rejects.toThrow(
            `${name} changes the state of a connection that all callers of this client share; it was not sent. Use subscribe(), psubscribe() or ssubscribe().`,
          );
        }
        for (const pipeline of [client.pipeline(), client.with({ timeout: 100 }).pipeline()]) {
          expect(() => pipeline.call(name, 'x')).toThrow(TypeError);
          expect(() => pipeline.call(name, 'x')).toThrow(
            `${name} changes the state of a connection that all callers of this client share: it has no place in a pipeline.`,
          );
          expect(name.toLowerCase() in pipeline).toBe(false);
        }
        expect(client.status).toBe('idle');
      },
    );
  });
});
