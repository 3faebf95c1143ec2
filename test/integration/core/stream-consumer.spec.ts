import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StreamConsumerEntry } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf } from './support/index.js';
import { addNumbers, eventsOf, gate, newStream, numbers, pendingOf } from './support/streams.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10, maxDelay: 50 } }));

  describe('run()', () => {
    it('says once that it stands: the group is there, and the first read was answered', async () => {
      const client = make();
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g' });
      let ready = 0;
      const handled: string[] = [];
      consumer.on('ready', () => ready++);
      const running = consumer.run(({ id }) => void handled.push(id));
      await eventually(() => ready === 1);
      expect((await client.xinfoGroups(stream)).map(({ name }) => name)).toEqual(['g']);
      await addNumbers(client, stream, 1, 3);
      await eventually(() => handled.length === 3);
      expect(ready).toBe(1);
      await consumer.stop();
      await running;
    });

    it('makes stream and group, hands out each entry once, in order, and acknowledges it', async () => {
      const client = make();
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me' });
      const got: StreamConsumerEntry[] = [];
      const running = consumer.run((entry) => {
        got.push(entry);
      });
      await eventually(async () => expect(await client.xinfoGroups(stream)).toMatchObject([{ name: 'g' }]));
      expect(consumer.status).toBe('running');
      const ids = await addNumbers(client, stream, 1, 25);
      await eventually(() => got.length === 25);
      expect(got).toEqual(ids.map((id, index) => ({ id, fields: { n: `${index + 1}` }, deliveries: 1 })));
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(consumer.stats).toMatchObject({ handled: 25, failed: 0, inFlight: 0, waiting: 0 });
      await consumer.stop();
      await running;
      expect(consumer.status).toBe('stopped');
    });

    it('begins where it is told, in a group that there is already too', async () => {
      const client = make();
      const stream = newStream();
      const [, second] = await addNumbers(client, stream, 1, 4);
      await client.xgroupCreate(stream, 'old', second!);
      const first = async (group: string, start?: string): Promise<string | undefined> => {
        for await (const { fields } of client.streamConsumer({ stream, group, start })) return fields['n'];
      };
      expect(await first('old')).toBe('3');
      expect(await first('all')).toBe('1');
      expect(await first('late', second)).toBe('3');
      const fresh = first('new', '$');
      await eventually(async () => expect(await client.xinfoGroups(stream)).toHaveLength(4));
      await addNumbers(client, stream, 5, 5);
      expect(await fresh).toBe('5');
    });

    it('runs as many handlers at a time as it may, and has no more in memory than it promises', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 200);
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 7 });
      let most = 0;
      let mostHeld = 0;
      const handled = new Set<string>();
      void consumer.run(
        async ({ fields }) => {
          most = Math.max(most, consumer.stats.inFlight);
          mostHeld = Math.max(mostHeld, await pendingOf(client, stream));
          handled.add(fields['n']!);
        },
        { concurrency: 5 },
      );
      await eventually(() => handled.size === 200, { timeout: 20_000 });
      expect(most).toBe(5);
      // what is acknowledged and still counted in the reply is at most a batch that was finished since
      expect(mostHeld).toBeLessThanOrEqual(5 + 7 + 7);
    });

    it('reads nothing more while its handlers are busy: batch and concurrency are all that it takes', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 100);
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 4, claimIdle: 40 });
      const { opened, open } = gate();
      const seen: string[] = [];
      void consumer.run(
        async ({ fields }) => {
          seen.push(fields['n']!);
          await opened;
        },
        { concurrency: 3 },
      );
      await eventually(() => expect(consumer.stats).toMatchObject({ inFlight: 3, waiting: 1 }));
      // a second consumer of the group gets the next: nothing after the fourth was taken, now and some claims later
      for await (const { fields } of client.streamConsumer({ stream, group: 'g', batch: 1 })) {
        expect(fields['n']).toBe('5');
        break;
      }
      expect(await pendingOf(client, stream)).toBe(5);
      expect(seen).toEqual(['1', '2', '3']);
      open();
      await eventually(() => consumer.stats.handled >= 99);
    });

    it('with batch 1 takes no entry before there is a handler for it', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 10);
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 1 });
      void consumer.run(() => opened, { concurrency: 2 });
      await eventually(() => consumer.stats.inFlight === 2);
      await client.ping();
      expect(await pendingOf(client, stream)).toBe(2);
      open();
      await eventually(() => consumer.stats.handled === 10);
    });

    it('acknowledges in one XACK what finishes in one tick', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 10);
      const sent: string[] = [];
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 10 });
      void consumer.run(() => opened, { concurrency: 10 });
      await eventually(() => consumer.stats.inFlight === 10);
      client.observe({ start: ({ name }) => sent.push(name), end: () => undefined });
      open();
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(sent.filter((name) => name === 'XACK')).toHaveLength(1);
    });

    it('tells nobody of a handler that throws but who listens, and goes on', async () => {
      const client = make();
      const stream = newStream();
      const [first] = await addNumbers(client, stream, 1, 3);
      const consumer = client.streamConsumer({ stream, group: 'g' });
      const events = eventsOf(consumer);
      void consumer.run(({ fields }) => {
        if (fields['n'] === '1') throw new Error('mine');
      });
      await eventually(() => consumer.stats.handled === 2);
      expect(events).toEqual([`handlerError ${first}`]);
      expect(consumer.stats.failed).toBe(1);
      await eventually(async () => (await pendingOf(client, stream)) === 1);
    });

    it('acknowledges early where it is asked to, and what fails afterwards does not come again', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({
        stream,
        group: 'g',
        claimIdle: 20,
        deadLetter: `${stream}:dead`,
        maxDeliveries: 1,
      });
      const answers: boolean[] = [];
      void consumer.run(async ({ id }) => {
        answers.push(await consumer.ack(id), await consumer.ack(id));
        throw new Error('after the acknowledgement');
      });
      await eventually(() => consumer.stats.failed === 1);
      expect(answers).toEqual([true, false]);
      expect(await pendingOf(client, stream)).toBe(0);
      expect(await client.exists(`${stream}:dead`)).toBe(0);
    });

    it('is not used twice, nor by two', async () => {
      const client = make();
      const options = { stream: newStream(), group: 'g' };
      const consumer = client.streamConsumer(options);
      const running = consumer.run(() => undefined);
      const again = await errorOf(consumer.run(() => undefined));
      expect(again).toMatchObject({ code: 'IN_USE', message: expect.stringContaining('by run() already') });
      expect(() => consumer[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'IN_USE' }));
      await consumer.stop();
      await running;
      await expect(consumer.run(() => undefined)).rejects.toMatchObject({ code: 'IN_USE' });
      const stopped = client.streamConsumer(options);
      await stopped.stop();
      expect(() => stopped[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'STOPPED' }));
      const looped = client.streamConsumer(options);
      const iterator = looped[Symbol.asyncIterator]();
      await expect(looped.run(() => undefined)).rejects.toMatchObject({
        message: expect.stringContaining('by for await already'),
      });
      await looped.stop();
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });
  });

  describe('for await', () => {
    it('acknowledges an entry when the next one is asked for', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 30);
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 4 });
      const got: string[] = [];
      for await (const { id, fields } of consumer) {
        expect(fields['n']).toBe(String(got.push(id)));
        if (got.length === 30) break;
      }
      expect(got).toEqual(ids);
      expect(consumer.status).toBe('stopped');
      expect(consumer.stats).toMatchObject({ handled: 29, inFlight: 0, waiting: 0 });
      const left = await client.xpending(stream, 'g', '-', '+', 10);
      expect(left.map(({ id, deliveries }) => [id, deliveries])).toEqual([[ids[29], 1]]);
    });

    it('left by an error it leaves the last one pending, which comes first the next time', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 5);
      const options = { stream, group: 'g', consumer: 'me' };
      const failing = async (): Promise<void> => {
        for await (const { fields } of client.streamConsumer(options))
          if (fields['n'] === '2') throw new Error('mine');
      };
      await expect(failing()).rejects.toThrow('mine');
      const seen: [string, number][] = [];
      for await (const { id, deliveries } of client.streamConsumer(options)) {
        seen.push([id, deliveries]);
        if (seen.length === 4) break;
      }
      expect(seen).toEqual([
        [ids[1], 2],
        // given back as if they had never been handed out
        [ids[2], 1],
        [ids[3], 1],
        [ids[4], 1],
      ]);
    });

    it('an entry that was acknowledged before the loop was left is done', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({ stream, group: 'g' });
      for await (const { id } of consumer) {
        expect(await consumer.ack(id)).toBe(true);
        break;
      }
      expect(await pendingOf(client, stream)).toBe(0);
    });

    it('ends after the entry in hand when it is stopped', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 5);
      await using consumer = client.streamConsumer({ stream, group: 'g' });
      const seen: string[] = [];
      let stopped: Promise<void> | undefined;
      for await (const { fields } of consumer) {
        seen.push(fields['n']!);
        stopped ??= consumer.stop();
      }
      await stopped;
      expect(seen).toEqual(['1']);
      expect(consumer.stats.handled).toBe(1);
      expect(await pendingOf(client, stream)).toBe(4);
    });
  });

  it('a key prefix goes before the stream and the dead letters', async () => {
    const plain = make();
    const client = make({ keyPrefix: 'app:' });
    const stream = newStream();
    await addNumbers(client, stream, 1, 2);
    const consumer = client.streamConsumer({
      stream,
      group: 'g',
      claimIdle: 20,
      deadLetter: 'dead',
      maxDeliveries: 2,
    });
    void consumer.run(() => Promise.reject(new Error('no')));
    await eventually(() => consumer.stats.deadLettered === 2);
    expect(await plain.xlen(`app:${stream}`)).toBe(2);
    expect(await plain.xlen('app:dead')).toBe(2);
    expect(await plain.exists(stream, 'dead')).toBe(0);
    await plain.del('app:dead');
  });

  it('with buffers, values are bytes, also those of dead letters', async () => {
    const client = make();
    const stream = newStream();
    const bytes = Buffer.from([0xff, 0, 0xc3, 13, 10]);
    await client.xadd(stream, '*', new Map([['b', bytes]]));
    for await (const { fields } of client.streamConsumer({ stream, group: 'bytes', buffers: true })) {
      const value: Buffer = fields['b']!;
      expect(value.equals(bytes)).toBe(true);
      break;
    }
    // as bytes also where the consumer reads text
    const deadLetter = `${stream}:dead`;
    const consumer = client.streamConsumer({ stream, group: 'g', deadLetter, maxDeliveries: 1 });
    void consumer.run(() => Promise.reject(new Error('no')));
    await eventually(() => consumer.stats.deadLettered === 1);
    const [letter] = await client.buffers.xrange(deadLetter, '-', '+');
    expect(letter!.fields['b']!.equals(bytes)).toBe(true);
  });

  it('many consumers of a group share its entries', async () => {
    const client = make();
    const stream = newStream();
    const seen: number[] = [];
    const consumers = Array.from({ length: 4 }, () =>
      client.streamConsumer({ stream, group: 'g', batch: 3 }),
    );
    const runs = consumers.map((consumer) =>
      consumer.run(({ fields }) => void seen.push(Number(fields['n'])), { concurrency: 3 }),
    );
    await addNumbers(client, stream, 1, 400);
    await eventually(() => seen.length >= 400);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await Promise.all(runs);
    expect(seen.toSorted((a, b) => a - b)).toEqual(numbers(1, 400));
    expect(await pendingOf(client, stream)).toBe(0);
  });
});
