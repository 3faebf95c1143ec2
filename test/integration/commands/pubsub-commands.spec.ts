import { afterEach, describe, expect, it } from '@jest/globals';
import type { Subscription } from 'nestjs-redwire/core';
import { eventually } from '../../support/index.js';
import { describeCommands, refusal } from './support/zset-stream.js';

describeCommands('pubsub-commands', (on) => {
  const open: { unsubscribe(): Promise<void> }[] = [];
  const keep = <Kept extends (typeof open)[number]>(subscription: Kept): Kept => {
    open.push(subscription);
    return subscription;
  };
  /** The next messages, each as its channel and its data. */
  const take = async (subscription: Subscription, count: number): Promise<string[]> => {
    const taken: string[] = [];
    while (taken.length < count) {
      const { value } = await subscription.next();
      taken.push(`${value!.channel} ${value!.data}`);
    }
    return taken;
  };

  afterEach(async () => {
    await Promise.all(open.splice(0).map((subscription) => subscription.unsubscribe()));
  });

  describe('channels', () => {
    it('PUBLISH counts who received: every client once, by channel and again by pattern', async () => {
      const { client, other } = on;
      expect(await client.publish('news', 'for nobody')).toBe(0);
      const mine = keep(await client.subscribe('news', 'neuigkeiten: ü'));
      const theirs = keep(await other.subscribe('news'));
      const pattern = keep(await other.psubscribe('n*'));
      expect(await client.publish('news', 'first')).toBe(3);
      expect(await other.publish('neuigkeiten: ü', 'größer 日本')).toBe(2);
      expect(await client.publish('news', 3)).toBe(3);
      expect(await take(mine, 3)).toEqual(['news first', 'neuigkeiten: ü größer 日本', 'news 3']);
      expect(await take(theirs, 2)).toEqual(['news first', 'news 3']);
      expect(await take(pattern, 3)).toEqual(['news first', 'neuigkeiten: ü größer 日本', 'news 3']);
    });

    it('UNSUBSCRIBE leaves one channel, or all of them', async () => {
      const { client, other } = on;
      const subscription = keep(await client.subscribe('a', 'b', 'c'));
      await subscription.unsubscribe('a');
      expect(await other.publish('a', 'x')).toBe(0);
      expect(await other.publish('b', 'x')).toBe(1);
      expect(await other.pubsubNumsub('a', 'b', 'c')).toEqual({ a: 0, b: 1, c: 1 });
      await eventually(() => subscription.pending === 1); // it comes by a connection of its own
      await subscription.unsubscribe();
      expect(await other.pubsubChannels()).toEqual([]);
      // what came before is still to be read, and nothing else
      expect(await take(subscription, 1)).toEqual(['b x']);
      expect(await subscription.next()).toEqual({ done: true, value: undefined });
    });

    it('PUBSUB CHANNELS names those that somebody listens to, all or by a pattern', async () => {
      const { client, other } = on;
      expect(await client.pubsubChannels()).toEqual([]);
      keep(await client.subscribe('news.de', 'news.日本', 'orders'));
      keep(await other.subscribe('orders', 'news.fr'));
      keep(await client.psubscribe('patterns do not count'));
      expect((await other.pubsubChannels()).toSorted()).toEqual([
        'news.de',
        'news.fr',
        'news.日本',
        'orders',
      ]);
      expect((await other.pubsubChannels('news.??')).toSorted()).toEqual(['news.de', 'news.fr']); // of two bytes
      expect(await other.pubsubChannels('none*')).toEqual([]);
    });

    it('PUBSUB NUMSUB counts clients by channel, without patterns; NUMPAT counts patterns', async () => {
      const { client, other } = on;
      expect(await client.pubsubNumpat()).toBe(0);
      keep(await client.subscribe('a', 'ä'));
      keep(await client.subscribe('a'));
      keep(await other.subscribe('a'));
      keep(await other.psubscribe('a*', 'b*'));
      keep(await client.psubscribe('a*'));
      expect(await client.pubsubNumsub('a', ['ä', 'none'])).toEqual({ a: 2, ä: 1, none: 0 });
      expect(await client.pubsubNumsub()).toEqual({});
      expect(await client.pubsubNumpat()).toBe(2); // `a*` of two clients is one
    });
  });

  describe('patterns', () => {
    it('PSUBSCRIBE tells the pattern and the channel; PUNSUBSCRIBE leaves them', async () => {
      const { client, other } = on;
      const subscription = keep(await client.psubscribe('orders.*', 'h[ae]llo', 'größe:?'));
      expect(await other.publish('orders.new', '1')).toBe(1);
      expect(await other.publish('hallo', '2')).toBe(1);
      expect(await other.publish('hillo', 'nobody')).toBe(0);
      expect(await other.publish('größe:5', '3')).toBe(1);
      const messages = [await subscription.next(), await subscription.next(), await subscription.next()];
      expect(messages.map(({ value }) => value)).toEqual([
        { type: 'pmessage', pattern: 'orders.*', channel: 'orders.new', data: '1' },
        { type: 'pmessage', pattern: 'h[ae]llo', channel: 'hallo', data: '2' },
        { type: 'pmessage', pattern: 'größe:?', channel: 'größe:5', data: '3' },
      ]);
      await subscription.unsubscribe('orders.*');
      expect(await other.publish('orders.new', 'x')).toBe(0);
      expect(await other.pubsubNumpat()).toBe(2);
      await subscription.unsubscribe();
      expect(await other.pubsubNumpat()).toBe(0);
    });
  });

  describe('shard channels', () => {
    it('SPUBLISH reaches who called SSUBSCRIBE, and nobody else', async () => {
      const { client, other } = on;
      expect(await client.spublish('shard', 'for nobody')).toBe(0);
      const plain = keep(await client.subscribe('shard'));
      const pattern = keep(await client.psubscribe('*'));
      const sharded = keep(await client.ssubscribe('shard', 'ß'));
      const theirs = keep(await other.ssubscribe('shard'));
      expect(await other.spublish('shard', 'one')).toBe(2);
      expect(await other.spublish('ß', 'größe')).toBe(1);
      expect(await other.publish('shard', 'two')).toBe(2);
      expect(await take(sharded, 2)).toEqual(['shard one', 'ß größe']);
      expect(await take(theirs, 1)).toEqual(['shard one']);
      expect(await take(plain, 1)).toEqual(['shard two']);
      expect(await take(pattern, 1)).toEqual(['shard two']);
    });

    it('PUBSUB SHARDCHANNELS and SHARDNUMSUB count them apart; SUNSUBSCRIBE leaves them', async () => {
      const { client, other } = on;
      const subscription = keep(await client.ssubscribe('s.one', 's.two', 'ü'));
      keep(await other.ssubscribe('s.one'));
      keep(await other.subscribe('plain', 's.one'));
      expect((await client.pubsubShardchannels()).toSorted()).toEqual(['s.one', 's.two', 'ü']);
      expect((await client.pubsubShardchannels('s.*')).toSorted()).toEqual(['s.one', 's.two']);
      expect(await client.pubsubShardnumsub('s.one', 'ü', 'plain')).toEqual({ 's.one': 2, ü: 1, plain: 0 });
      expect(await client.pubsubShardnumsub()).toEqual({});
      await subscription.unsubscribe('s.one', 'ü');
      expect(await client.pubsubShardnumsub('s.one', 's.two', 'ü')).toEqual({ 's.one': 1, 's.two': 1, ü: 0 });
      await subscription.unsubscribe();
      expect(await client.pubsubShardchannels()).toEqual(['s.one']);
    });
  });

  it('messages are bytes where they are asked for', async () => {
    const { client, other } = on;
    const bytes = Buffer.from([0xff, 0, 0x0d, 0x0a, 0x80]);
    for (const [subscription, send] of [
      [await client.subscribe(['raw'], { buffers: true }), () => other.publish('raw', bytes)],
      [await client.psubscribe(['r*'], { buffers: true }), () => other.publish('raw', bytes)],
      [await client.ssubscribe(['raw'], { buffers: true }), () => other.spublish('raw', bytes)],
    ] as const) {
      keep(subscription);
      expect(await send()).toBeGreaterThan(0);
      expect((await subscription.next()).value).toMatchObject({ channel: 'raw', data: bytes });
    }
  });

  it('counts and names are the same where bytes are asked for', async () => {
    const { client } = on;
    const { buffers } = client;
    keep(await client.subscribe('a'));
    keep(await client.ssubscribe('s'));
    expect(await buffers.publish('a', Buffer.from([0xff]))).toBe(1);
    expect(await buffers.pubsubChannels()).toEqual(['a']);
    expect(await buffers.pubsubNumsub('a')).toEqual({ a: 1 });
    expect(await buffers.pubsubShardchannels()).toEqual(['s']);
    expect(await buffers.pubsubShardnumsub('s')).toEqual({ s: 1 });
  });

  it('PUBSUB HELP names the subcommands; an unknown one is refused', async () => {
    const { client } = on;
    const help = (await client.pubsubHelp()).join('\n');
    for (const subcommand of ['CHANNELS', 'NUMPAT', 'NUMSUB', 'SHARDCHANNELS', 'SHARDNUMSUB']) {
      expect(help).toMatch(new RegExp(`^${subcommand}\\b`, 'm'));
    }
    expect(await refusal(client.call('PUBSUB', 'NOTHING'))).toMatchObject({ code: 'ERR' });
  });

  it('the words that turn a connection into a subscriber go by subscribe() and its kin, not by call()', async () => {
    const { client } = on;
    for (const name of [
      'SUBSCRIBE',
      'PSUBSCRIBE',
      'SSUBSCRIBE',
      'UNSUBSCRIBE',
      'PUNSUBSCRIBE',
      'SUNSUBSCRIBE',
    ]) {
      await expect(client.call(name, 'channel')).rejects.toThrow(
        /subscribe\(\), psubscribe\(\) or ssubscribe\(\)/,
      );
    }
    expect(await client.ping()).toBe('PONG');
  });
});
