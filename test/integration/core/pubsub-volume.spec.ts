import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisMessage } from 'nestjs-redwire/core';
import { eventually, ONE_KIND, startServer, type TestServer } from '../../support/index.js';
import { clientMaker } from './support/index.js';

const CHANNELS = 1_000;
const PUBLISHERS = 5;
/** Of each publisher to each channel: 100_000 messages in all. */
const EACH = 20;

/** Checks that the messages of each publisher come in their order on each channel, none missing and none twice. */
class Order {
  count = 0;
  private readonly next = new Map<string, number>();

  take({ channel, data }: RedisMessage<string | Buffer>): void {
    const [publisher, number] = String(data).split(':');
    const lane = `${channel} ${publisher}`;
    const expected = this.next.get(lane) ?? 0;
    // not by expect(): a hundred thousand of those would be most of the test's time
    if (Number(number) !== expected) throw new Error(`${lane}: ${number} came instead of ${expected}.`);
    this.next.set(lane, expected + 1);
    this.count++;
  }

  /** How many of each lane came: all of them the same. */
  get lanes(): { lanes: number; each: number[] } {
    return { lanes: this.next.size, each: [...new Set(this.next.values())] };
  }
}

describe.each(ONE_KIND)('%s', (kind) => {
  const TOTAL = CHANNELS * PUBLISHERS * EACH;
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([
    [2, 'own'],
    [3, 'own'],
    [3, 'shared'],
  ] as const)('much pub/sub in RESP%d, connection: %s', (protocol, subscriberConnection) => {
    const make = clientMaker(() => ({
      url: server.url,
      protocol,
      subscriberConnection,
      reconnect: { delay: 10 },
    }));

    /** Everybody publishes to all channels at once, round by round, each from a client of its own. */
    async function publishAll(channels: readonly string[], rounds: number, sharded = false): Promise<void> {
      const publishers = Array.from({ length: PUBLISHERS }, () => make());
      await Promise.all(
        publishers.map(async (publisher, who) => {
          for (let round = 0; round < rounds; round++) {
            const replies = await Promise.all(
              channels.map((channel) =>
                sharded
                  ? publisher.spublish(channel, `${who}:${round}`)
                  : publisher.publish(channel, `${who}:${round}`),
              ),
            );
            if (replies.some((reply) => reply !== 1))
              throw new Error('A message reached not one connection.');
          }
        }),
      );
    }

    it.each(['for await', 'a listener', 'for await over bytes'])(
      `nothing of ${TOTAL} messages on 1_000 channels is lost, doubled or moved: %s`,
      async (how) => {
        const channels = Array.from({ length: CHANNELS }, (_, index) => `volume:${index}`);
        const client = make();
        const order = new Order();
        const options = { bufferSize: Infinity, buffers: how.endsWith('bytes') };
        const subscription = await client.subscribe(channels, options);
        const publishing = publishAll(channels, EACH);
        if (how === 'a listener') {
          subscription.on('message', (message) => order.take(message));
          await publishing;
          await eventually(() => expect(order.count).toBe(TOTAL), { timeout: 20_000 });
        } else {
          for await (const message of subscription) {
            order.take(message);
            if (order.count === TOTAL) break;
          }
          await publishing;
        }
        expect(order.lanes).toEqual({ lanes: CHANNELS * PUBLISHERS, each: [EACH] });
        expect([subscription.dropped, subscription.pending]).toEqual([0, 0]);
      },
      30_000,
    );

    it('sharded channels too, and apart from ordinary ones of the same names', async () => {
      const channels = Array.from({ length: 200 }, (_, index) => `shard:${index}`);
      const client = make();
      const sharded = await client.ssubscribe(channels, { bufferSize: Infinity });
      const ordinary = await client.subscribe(channels);
      await publishAll(channels, EACH, true);
      const order = new Order();
      for await (const message of sharded) {
        expect(message.type).toBe('smessage');
        order.take(message);
        if (order.count === 200 * PUBLISHERS * EACH) break;
      }
      expect(order.lanes).toEqual({ lanes: 200 * PUBLISHERS, each: [EACH] });
      expect(ordinary.pending).toBe(0);
      expect(await make().publish(channels[0]!, 'x')).toBe(1);
      expect((await ordinary.next()).value).toMatchObject({
        type: 'message',
        channel: channels[0],
        data: 'x',
      });
    });

    it('channels are left while messages flow: theirs end, and the others are whole', async () => {
      const channels = Array.from({ length: 20 }, (_, index) => `flow:${index}`);
      const [left, kept] = [channels.slice(0, 10), channels.slice(10)];
      const client = make();
      const publisher = make();
      const subscription = await client.subscribe(channels, { bufferSize: Infinity });
      const rounds = 500;
      const got = new Map<string, string[]>(channels.map((channel) => [channel, []]));
      subscription.on('message', ({ channel, data }) => void got.get(channel)!.push(data));
      const countOf = (names: readonly string[]): number =>
        names.reduce((sum, name) => sum + got.get(name)!.length, 0);
      let leaving: Promise<void> | undefined;
      let atLeaving = 0;
      for (let round = 0; round < rounds; round++) {
        const sent = Promise.all(channels.map((channel) => publisher.publish(channel, round)));
        if (round === rounds / 2) {
          leaving = subscription.unsubscribe(...left).then(() => {
            atLeaving = countOf(left);
          });
        }
        await sent;
      }
      await leaving;
      await eventually(() => expect(countOf(kept)).toBe(kept.length * rounds));
      const whole = Array.from({ length: rounds }, (_, round) => String(round));
      for (const channel of kept) expect(got.get(channel)).toEqual(whole);
      for (const channel of left) {
        const part = got.get(channel)!;
        expect(part).toEqual(whole.slice(0, part.length));
      }
      expect(atLeaving).toBeGreaterThan(0);
      expect(countOf(left)).toBe(atLeaving);
      expect([...subscription.channels]).toEqual(kept);
      expect(await publisher.pubsubNumsub(...left)).toEqual(
        Object.fromEntries(left.map((name) => [name, 0])),
      );
      expect(await publisher.pubsubNumsub(...kept)).toEqual(
        Object.fromEntries(kept.map((name) => [name, 1])),
      );
    });

    it('commands of all kinds go on beside it', async () => {
      const client = make();
      await client.flushall();
      const channels = Array.from({ length: 50 }, (_, index) => `beside:${index}`);
      const subscription = await client.subscribe(channels, { bufferSize: Infinity });
      const order = new Order();
      subscription.on('message', (message) => order.take(message));
      const flowing = publishAll(channels, EACH);
      const popped = client.blpop('queue', 5);
      for (let index = 0; index < 200; index++) {
        await client.set(`key:${index}`, index);
        const [ten, pong] = await Promise.all([client.get(`key:${index}`), client.ping()]);
        expect([ten, pong]).toEqual([String(index), 'PONG']);
      }
      expect(await client.pipeline().incr('n').incr('n').exec()).toEqual([1, 2]);
      const keys = new Set<string>();
      for await (const key of client.scanIterator({ match: 'key:*' }).items()) keys.add(key);
      expect(keys.size).toBe(200);
      await client.rpush('queue', 'job');
      expect(await popped).toEqual(['queue', 'job']);
      await flowing;
      await eventually(() => expect(order.count).toBe(50 * PUBLISHERS * EACH));
    });
  });
});
