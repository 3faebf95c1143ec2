import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import type { RedisMessage } from 'nestjs-redwire/core';
import { Subscription } from 'nestjs-redwire/core';
import { eventually } from '../../support/index.js';
import { MessagePump } from '../../../lib/pubsub/message-pump.js';

function subscriptionOf(...messages: [channel: string, data: string][]): Subscription<Buffer> {
  const subscription = new Subscription<Buffer>(
    'message',
    ['a', 'b'],
    { buffers: true },
    async () => undefined,
  );
  for (const [channel, data] of messages) subscription.deliver(message(channel, data));
  return subscription;
}

function message(channel: string, data: string): RedisMessage<Buffer> {
  return { type: 'message', channel, data: Buffer.from(data) };
}

describe('MessagePump', () => {
  test('has no more messages in work at once than it may', async () => {
    const subscription = subscriptionOf(
      ...Array.from({ length: 20 }, (_, index): [string, string] => ['a', `${index}`]),
    );
    let running = 0;
    let most = 0;
    let handled = 0;
    const pump = new MessagePump(
      subscription,
      { concurrency: 3, ordered: false, bufferSize: 100 },
      async () => {
        most = Math.max(most, ++running);
        await delay(2);
        running--;
        handled++;
      },
    );
    const ended = pump.run();
    pump.stop();
    await ended;
    expect(most).toBe(3);
    expect(handled).toBe(20);
    expect(pump.pending).toBe(0);
  });

  test('ordered: one channel after the other in itself, channels side by side', async () => {
    const subscription = subscriptionOf(['a', '1'], ['a', '2'], ['b', '1'], ['a', '3'], ['b', '2']);
    const log: string[] = [];
    const pump = new MessagePump(
      subscription,
      { concurrency: 8, ordered: true, bufferSize: 100 },
      async ({ channel, data }) => {
        log.push(`${channel}${data.toString()} begins`);
        await delay(channel === 'a' ? 10 : 1);
        log.push(`${channel}${data.toString()} ends`);
      },
    );
    const ended = pump.run();
    pump.stop();
    await ended;
    const of = (channel: string): string[] => log.filter((line) => line.startsWith(channel));
    expect(of('a')).toEqual(['a1 begins', 'a1 ends', 'a2 begins', 'a2 ends', 'a3 begins', 'a3 ends']);
    expect(of('b')).toEqual(['b1 begins', 'b1 ends', 'b2 begins', 'b2 ends']);
    expect(log.indexOf('b1 begins')).toBeLessThan(log.indexOf('a1 ends'));
  });

  test('ordered: a channel that hangs holds up no other, however many messages wait behind it', async () => {
    const subscription = subscriptionOf(
      ...Array.from({ length: 50 }, (_, index): [string, string] => ['a', `${index}`]),
      ['b', '1'],
      ['b', '2'],
    );
    const handled: string[] = [];
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const pump = new MessagePump(
      subscription,
      { concurrency: 2, ordered: true, bufferSize: 100 },
      async ({ channel, data }) => {
        if (channel === 'a') await opened;
        handled.push(`${channel}${data.toString()}`);
      },
    );
    const ended = pump.run();
    await eventually(() => expect(handled).toEqual(['b1', 'b2']));
    expect(pump.pending).toBe(50);
    open();
    pump.stop();
    await ended;
    expect(handled.slice(2)).toEqual(Array.from({ length: 50 }, (_, index) => `a${index}`));
    expect(pump.pending).toBe(0);
  });

  test('ordered: sets aside no more than its bufferSize: the rest waits where the overflow policy sees it', async () => {
    const subscription = subscriptionOf(
      ...Array.from({ length: 10 }, (_, index): [string, string] => ['a', `${index}`]),
    );
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const handled: string[] = [];
    const pump = new MessagePump(
      subscription,
      { concurrency: 2, ordered: true, bufferSize: 3 },
      async ({ data }) => {
        await opened;
        handled.push(data.toString());
      },
    );
    const ended = pump.run();
    // one in work, three set aside
    await eventually(() => expect([pump.taken, subscription.pending]).toEqual([4, 6]));
    open();
    pump.stop();
    await ended;
    expect(handled).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
  });

  test('ordered: abandoned, it begins with none of those that were set aside', async () => {
    const subscription = subscriptionOf(['a', '1'], ['a', '2'], ['a', '3']);
    const handled: string[] = [];
    const pump: MessagePump = new MessagePump(
      subscription,
      { concurrency: 2, ordered: true, bufferSize: 100 },
      async ({ data }) => {
        await eventually(() => expect(pump.taken).toBe(3));
        handled.push(data.toString());
        pump.abandon();
      },
    );
    const ended = pump.run();
    pump.stop();
    await ended;
    expect(handled).toEqual(['1']);
    expect(pump.pending).toBe(2);
  });

  test('abandoned, it takes no further message', async () => {
    const subscription = subscriptionOf(['a', '1'], ['a', '2'], ['a', '3']);
    const handled: string[] = [];
    const pump: MessagePump = new MessagePump(
      subscription,
      { concurrency: 1, ordered: false, bufferSize: 100 },
      async ({ data }) => {
        handled.push(data.toString());
        pump.abandon();
        await delay(1);
      },
    );
    await pump.run();
    expect(handled).toEqual(['1']);
  });

  test.each([true, false])('ordered: %s: a handler that rejects harms no later message', async (ordered) => {
    const subscription = subscriptionOf(['a', '1'], ['a', '2'], ['a', '3']);
    const handled: string[] = [];
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const pump = new MessagePump(subscription, { concurrency: 2, ordered, bufferSize: 100 }, ({ data }) => {
      handled.push(data.toString());
      if (handled.length === 1) throw new Error('at once');
      return Promise.reject(new Error('later'));
    });
    const ended = pump.run();
    pump.stop();
    await ended;
    await delay(5);
    process.off('unhandledRejection', unhandled);
    expect(handled).toEqual(['1', '2', '3']);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('says why it ended, when it was not told to', async () => {
    const subscription = subscriptionOf();
    const pump = new MessagePump(
      subscription,
      { concurrency: 1, ordered: false, bufferSize: 100 },
      async () => undefined,
    );
    const ended = pump.run();
    subscription.fail(new (await import('nestjs-redwire/core')).RedisServerError('NOPERM no longer allowed'));
    await expect(ended).rejects.toThrow(/NOPERM/);
  });
});
