import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisServerError, type StreamDeadLetter } from 'nestjs-redwire/core';
import { eventually, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf } from './support/index.js';
import { addNumbers, eventsOf, gate, newStream, numbers, pendingOf, readersOf } from './support/streams.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10, maxDelay: 50 } }));

  describe('handlers that fail', () => {
    it('get the entry again after claimIdle, until it becomes a dead letter', async () => {
      const client = make();
      const stream = newStream();
      const deadLetter = `${stream}:dead`;
      const [bad] = await addNumbers(client, stream, 1, 3);
      const consumer = client.streamConsumer({
        stream,
        group: 'g',
        consumer: 'me',
        claimIdle: 60,
        maxDeliveries: 3,
        deadLetter,
      });
      const events = eventsOf(consumer);
      const letters: StreamDeadLetter[] = [];
      consumer.on('deadLetter', (letter) => letters.push(letter));
      const deliveries: number[] = [];
      const at: number[] = [];
      const failure = Object.assign(new RangeError('too far'), { code: 'FAR' });
      const running = consumer.run(async (entry) => {
        if (entry.fields['n'] !== '1') return;
        deliveries.push(entry.deliveries);
        at.push(performance.now());
        throw failure;
      });
      await eventually(() => letters.length === 1);
      expect(deliveries).toEqual([1, 2, 3]);
      // a failed one waits for its turn: this is what keeps a handler that fails at once from a hot loop
      for (const index of [1, 2]) expect(at[index]! - at[index - 1]!).toBeGreaterThan(50);
      expect(letters[0]).toMatchObject({
        entry: { id: bad, deliveries: 3 },
        error: failure,
        stream: deadLetter,
      });
      expect(await client.xrange(deadLetter, '-', '+')).toEqual([
        {
          id: letters[0]!.id,
          fields: {
            n: '1',
            'dead-letter:stream': stream,
            'dead-letter:group': 'g',
            'dead-letter:consumer': 'me',
            'dead-letter:id': bad,
            'dead-letter:deliveries': '3',
            'dead-letter:error': 'RangeError',
            'dead-letter:message': 'too far',
            'dead-letter:code': 'FAR',
          },
        },
      ]);
      expect(await pendingOf(client, stream)).toBe(0);
      expect(events).toEqual([
        `handlerError ${bad}`,
        `claimed ${bad}`,
        `handlerError ${bad}`,
        `claimed ${bad}`,
        `handlerError ${bad}`,
        `deadLetter ${bad}`,
      ]);
      expect(consumer.stats).toMatchObject({ handled: 2, failed: 3, claimed: 2, deadLettered: 1 });
      await consumer.stop();
      await running;
    });

    it('may succeed with another consumer of the group', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 20);
      const tried = new Map<string, number[]>();
      const runs = ['a', 'b'].map((name) => {
        const consumer = client.streamConsumer({ stream, group: 'g', consumer: name, claimIdle: 30 });
        return consumer.run(({ fields, deliveries }) => {
          tried.set(fields['n']!, [...(tried.get(fields['n']!) ?? []), deliveries]);
          if (deliveries < 3) throw new Error('not yet');
        });
      });
      await eventually(() => [...tried.values()].filter((counts) => counts.length === 3).length === 20, {
        timeout: 20_000,
      });
      expect(new Set([...tried.values()].map((counts) => counts.join()))).toEqual(new Set(['1,2,3']));
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      client.destroy();
      await Promise.all(runs);
    });

    it('with deadLetter false give up with the event alone', async () => {
      const client = make();
      const stream = newStream();
      const [bad] = await addNumbers(client, stream, 1, 1);
      const options = { stream, group: 'g', claimIdle: 20, maxDeliveries: 2, deadLetter: false } as const;
      const consumer = client.streamConsumer(options);
      const letters: StreamDeadLetter[] = [];
      consumer.on('deadLetter', (letter) => letters.push(letter));
      void consumer.run(() => Promise.reject(new Error('no')));
      await eventually(() => letters.length === 1);
      expect(letters[0]).toMatchObject({ entry: { id: bad }, stream: undefined, id: undefined });
      expect(await pendingOf(client, stream)).toBe(0);
    });

    it('of a handler that rejects with nothing are told from those that no handler came to an end with', async () => {
      const client = make();
      const stream = newStream();
      const deadLetter = `${stream}:dead`;
      await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({ stream, group: 'g', maxDeliveries: 1, deadLetter });
      void consumer.run(() => Promise.reject(undefined));
      const [letter] = await eventually(async () => {
        const letters = await client.xrange(deadLetter, '-', '+');
        return letters.length === 1 && letters;
      });
      expect(letter!.fields).toMatchObject({
        'dead-letter:error': 'undefined',
        'dead-letter:message': 'undefined',
      });
    });

    it('in a loop too: what comes for the last time and was never finished is a dead letter, unseen', async () => {
      const client = make();
      const stream = newStream();
      const deadLetter = `${stream}:dead`;
      const [poison, next] = await addNumbers(client, stream, 1, 2);
      await client.xgroupCreate(stream, 'g', 0);
      await client.xreadgroup('GROUP', 'g', 'died', 'COUNT', 1, 'STREAMS', stream, '>');
      // as if two processes had died with it
      await client.xclaim(stream, 'g', 'died', 0, poison!, 'RETRYCOUNT', 2);
      const consumer = client.streamConsumer({
        stream,
        group: 'g',
        consumer: 'died',
        maxDeliveries: 2,
        deadLetter,
      });
      const letters: StreamDeadLetter[] = [];
      consumer.on('deadLetter', (letter) => letters.push(letter));
      for await (const { id } of consumer) {
        expect(id).toBe(next);
        break;
      }
      expect(letters).toEqual([
        {
          entry: { id: poison, fields: { n: '1' }, deliveries: 3 },
          error: undefined,
          stream: deadLetter,
          id: letters[0]!.id,
        },
      ]);
      const [letter] = await client.xrange(deadLetter, '-', '+');
      expect(letter!.fields).toMatchObject({
        'dead-letter:error': 'NeverFinished',
        'dead-letter:deliveries': '3',
      });
    });

    it('a dead letter that cannot be written stays pending, and is written when it can be', async () => {
      const admin = make();
      const client = make({ retry: false });
      const stream = newStream();
      const deadLetter = `${stream}:dead`;
      const [bad] = await addNumbers(admin, stream, 1, 1);
      const consumer = client.streamConsumer({
        stream,
        group: 'g',
        claimIdle: 20,
        maxDeliveries: 1,
        deadLetter,
      });
      const events = eventsOf(consumer);
      await admin.configSet('maxmemory', 1);
      void consumer.run(() => Promise.reject(new Error('no')));
      await eventually(() => events.includes('error OOM'));
      await admin.configSet('maxmemory', 0);
      await eventually(() => events.includes(`deadLetter ${bad}`), { timeout: 20_000 });
      expect(await admin.xlen(deadLetter)).toBe(1);
      expect(await pendingOf(admin, stream)).toBe(0);
      expect(events.filter((event) => event.startsWith('handlerError'))).toHaveLength(1);
    });
  });

  describe('what is pending', () => {
    it('under its own name comes first, in order, with the deliveries that the server counted', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 30);
      await client.xgroupCreate(stream, 'g', 0);
      await client.xreadgroup('GROUP', 'g', 'me', 'COUNT', 25, 'STREAMS', stream, '>');
      await client.xclaim(stream, 'g', 'me', 0, ids[3]!, 'RETRYCOUNT', 6);
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', batch: 4 });
      const got: [string, number][] = [];
      void consumer.run(({ fields, deliveries }) => void got.push([fields['n']!, deliveries]));
      await eventually(() => got.length === 30);
      expect(got).toEqual(numbers(1, 30).map((n) => [`${n}`, n === 4 ? 7 : n <= 25 ? 2 : 1]));
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(consumer.stats.claimed).toBe(0);
    });

    it('with a consumer that is gone is claimed, all of it, past a long list of what is not idle', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 300);
      await client.xgroupCreate(stream, 'g', 0);
      await client.xreadgroup('GROUP', 'g', 'gone', 'COUNT', 300, 'STREAMS', stream, '>');
      const idle = ids.slice(-40);
      await client.xclaim(stream, 'g', 'gone', 0, idle, 'IDLE', 100_000, 'RETRYCOUNT', 1, 'JUSTID');
      const consumer = client.streamConsumer({ stream, group: 'g', claimIdle: 50_000, batch: 7 });
      const got = new Map<string, number>();
      void consumer.run(({ id, deliveries }) => void got.set(id, deliveries), { concurrency: 3 });
      await eventually(() => consumer.stats.claimed === 40);
      await eventually(async () => (await pendingOf(client, stream)) === 260);
      expect([...got.keys()].toSorted()).toEqual(idle.toSorted());
      expect(new Set(got.values())).toEqual(new Set([2]));
    });

    it('and no longer in the stream is dropped, and counted', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 6);
      await client.xgroupCreate(stream, 'g', 0);
      await client.xreadgroup('GROUP', 'g', 'me', 'COUNT', 3, 'STREAMS', stream, '>');
      await client.xreadgroup('GROUP', 'g', 'gone', 'COUNT', 2, 'STREAMS', stream, '>');
      await client.xdel(stream, ids[1]!, ids[3]!);
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', claimIdle: 30 });
      const events = eventsOf(consumer);
      const got: string[] = [];
      void consumer.run(({ fields }) => void got.push(fields['n']!));
      await eventually(() => got.length === 4);
      await eventually(() => consumer.stats.dropped === 2);
      expect(got.toSorted()).toEqual(['1', '3', '5', '6']);
      expect(events.filter((event) => event.startsWith('dropped'))).toEqual([
        `dropped ${ids[1]}`,
        `dropped ${ids[3]}`,
      ]);
      await eventually(async () => (await pendingOf(client, stream)) === 0);
    });

    it('an entry deleted under its handler is no trouble, nor one that fails for the last time', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 2);
      const deadLetter = `${stream}:dead`;
      const consumer = client.streamConsumer({ stream, group: 'g', deadLetter, maxDeliveries: 1 });
      void consumer.run(async ({ id, fields }) => {
        await client.xdel(stream, id);
        if (fields['n'] === '2') throw new Error('no');
      });
      await eventually(() => consumer.stats.dropped === 1);
      expect(consumer.stats).toMatchObject({ handled: 1, failed: 1, deadLettered: 0 });
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(await client.exists(deadLetter)).toBe(0);
    });

    it('with a living consumer is not claimed, however long its handler takes, nor what waits behind it', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 3);
      const { opened, open } = gate();
      const options = { stream, group: 'g', claimIdle: 400 };
      const slow = client.streamConsumer({ ...options, consumer: 'slow' });
      void slow.run(() => opened);
      await eventually(() => expect(slow.stats).toMatchObject({ inFlight: 1, waiting: 2 }));
      const thief = client.streamConsumer({ ...options, consumer: 'thief' });
      const stolen: string[] = [];
      void thief.run(({ id }) => void stolen.push(id));
      // a span of time is the subject here: several times what an entry may be idle
      const end = performance.now() + 4 * 400;
      while (performance.now() < end) {
        await sleep(50);
        const pending = await client.xpending(stream, 'g', '-', '+', 10);
        expect(pending.map(({ id, consumer, deliveries }) => [id, consumer, deliveries])).toEqual(
          ids.map((id) => [id, 'slow', 1]),
        );
      }
      open();
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(stolen).toEqual([]);
      expect(slow.stats).toMatchObject({ handled: 3, claimed: 0 });
    });
  });

  describe('a group that is lost', () => {
    it.each([
      ['the stream is deleted', 'DEL'],
      ['all is flushed', 'FLUSHALL'],
    ])('is made again when %s, and nothing that is added afterwards is missed', async (_, command) => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 3);
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', claimIdle: 1_000 });
      const events = eventsOf(consumer);
      const got: string[] = [];
      void consumer.run(({ fields }) => void got.push(fields['n']!));
      await eventually(async () => got.length === 3 && (await readersOf(client)) === 1);
      await (command === 'DEL' ? client.del(stream) : client.flushall());
      await addNumbers(client, stream, 4, 6);
      await eventually(() => got.length === 6, { timeout: 20_000 });
      expect(got).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(events.filter((event) => !/^error (NOGROUP|UNBLOCKED)$/.test(event))).toEqual([]);
      expect(events.length).toBeGreaterThan(0);
      await eventually(async () => (await pendingOf(client, stream)) === 0);
    });

    it("begun at '$' it goes on after the last entry that was read", async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 3);
      const consumer = client.streamConsumer({ stream, group: 'g', start: '$' });
      const got: string[] = [];
      void consumer.run(({ fields }) => void got.push(fields['n']!));
      await eventually(async () => (await readersOf(client)) === 1);
      await addNumbers(client, stream, 4, 5);
      await eventually(() => got.length === 2);
      await client
        .pipeline()
        .xgroupDestroy(stream, 'g')
        .xadd(stream, '*', { n: 6 })
        .exec({ throwOnError: true });
      await eventually(() => got.length === 3, { timeout: 20_000 });
      expect(got).toEqual(['4', '5', '6']);
    });
  });

  describe('what waiting does not mend', () => {
    it('a key that is no stream', async () => {
      const client = make();
      const stream = newStream();
      await client.set(stream, 'text');
      const error = await errorOf(client.streamConsumer({ stream, group: 'g' }).run(() => undefined));
      expect(error).toBeInstanceOf(RedisServerError);
      expect(error).toMatchObject({ code: 'WRONGTYPE', command: 'XGROUP CREATE' });
      expect(error.stack).toContain('stream-consumer-failures.spec');
      const loop = async (): Promise<void> => {
        for await (const entry of client.streamConsumer({ stream, group: 'g' })) expect(entry).toBe('none');
      };
      expect(await errorOf(loop())).toMatchObject({ code: 'WRONGTYPE' });
    });

    it('a user who may not, found out while it runs: handlers still finish, and acknowledge', async () => {
      const admin = make();
      const stream = newStream();
      await addNumbers(admin, stream, 1, 2);
      const commands = ['xgroup', 'xreadgroup', 'xack', 'xpending', 'xclaim', 'xautoclaim'];
      await admin.call(
        'ACL',
        'SETUSER',
        'worker',
        'on',
        '>pw',
        '~*',
        '+@connection',
        ...commands.map((name) => `+${name}`),
      );
      const client = make({ username: 'worker', password: 'pw' });
      await admin.xgroupCreate(stream, 'g', 0);
      await admin.xreadgroup('GROUP', 'g', 'gone', 'COUNT', 1, 'STREAMS', stream, '>');
      const consumer = client.streamConsumer({ stream, group: 'g', claimIdle: 10 });
      const { opened, open } = gate();
      const running = consumer.run(() => opened, { concurrency: 5 });
      const failure = errorOf(running);
      await eventually(() => consumer.stats.inFlight === 2);
      await admin.call('ACL', 'SETUSER', 'worker', '-xpending');
      await eventually(() => consumer.status === 'stopping');
      expect(consumer.stats.inFlight).toBe(2);
      open();
      expect(await failure).toMatchObject({ code: 'NOPERM', command: 'XPENDING' });
      expect(consumer.status).toBe('stopped');
      expect(consumer.stats.handled).toBe(2);
      expect(await pendingOf(admin, stream)).toBe(0);
    });

    it('a wrong password', async () => {
      const client = make({ username: 'nobody', password: 'wrong' });
      const consumer = client.streamConsumer({ stream: newStream(), group: 'g' });
      expect(await errorOf(consumer.run(() => undefined))).toMatchObject({ code: 'WRONGPASS' });
    });
  });
});
