import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisAbortError, type StreamConsumer } from 'nestjs-redwire/core';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, errorOf, watch } from './support/index.js';
import { addNumbers, eventsOf, gate, newStream, pendingOf, readersOf } from './support/streams.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10, maxDelay: 50 } }));

  /** Rejects with its signal's reason once that fires. */
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

  describe('stop()', () => {
    it('ends a read that waits, on the server too, at once', async () => {
      const client = make();
      const admin = make();
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g', block: 600_000 });
      const running = consumer.run(() => undefined);
      await eventually(async () => (await readersOf(admin)) === 1);
      await consumer.stop();
      await running;
      await eventually(async () => (await readersOf(admin)) === 0);
      // nobody is there to take it
      await addNumbers(admin, stream, 1, 1);
      expect(await pendingOf(admin, stream)).toBe(0);
    });

    it('lets handlers finish, acknowledges them, and gives back what waits', async () => {
      const client = make();
      const stream = newStream();
      const ids = await addNumbers(client, stream, 1, 10);
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', claimIdle: 60_000 });
      const began: string[] = [];
      const signals: AbortSignal[] = [];
      const running = consumer.run(
        async ({ fields }, { signal }) => {
          began.push(fields['n']!);
          signals.push(signal);
          await opened;
        },
        { concurrency: 2 },
      );
      await eventually(() => consumer.stats.inFlight === 2);
      const stopping = consumer.stop();
      const state = watch(stopping);
      expect(consumer.status).toBe('stopping');
      await eventually(async () => {
        const free = await client.xpending(stream, 'g', 'IDLE', 60_000, '-', '+', 20);
        expect(free.map(({ id, deliveries }) => [id, deliveries])).toEqual(ids.slice(2).map((id) => [id, 0]));
      });
      expect(state.settled).toBe(false);
      open();
      await Promise.all([stopping, running, consumer.stop(), consumer[Symbol.asyncDispose]()]);
      expect(began).toEqual(['1', '2']);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
      expect(consumer.stats).toMatchObject({ handled: 2, inFlight: 0, waiting: 0 });
      expect(await pendingOf(client, stream)).toBe(8);
      // another consumer has them without waiting for claimIdle, as if for the first time
      const heir = client.streamConsumer({ stream, group: 'g', claimIdle: 60_000 });
      const counts: number[] = [];
      void heir.run(({ deliveries }) => void counts.push(deliveries));
      await eventually(() => counts.length === 8);
      expect(new Set(counts)).toEqual(new Set([1]));
    });

    it('fires the signal after its timeout; what its handler leaves then is for another, and no failure of the entry', async () => {
      const client = make();
      const stream = newStream();
      const [id] = await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({
        stream,
        group: 'g',
        maxDeliveries: 1,
        deadLetter: `${stream}:dead`,
      });
      const events = eventsOf(consumer);
      const running = consumer.run((_, { signal }) => untilAborted(signal));
      const failures: unknown[] = [];
      consumer.on('handlerError', (_, error) => failures.push(error));
      await eventually(() => consumer.stats.inFlight === 1);
      await consumer.stop({ timeout: 20 });
      await running;
      expect(failures).toEqual([expect.any(RedisAbortError)]);
      expect(events).toEqual([`handlerError ${id}`]);
      expect(await client.exists(`${stream}:dead`)).toBe(0);
      const [pending] = await client.xpending(stream, 'g', 'IDLE', 60_000, '-', '+', 1);
      expect(pending).toMatchObject({ id, deliveries: 0 });
    });

    it('settles without a handler that heeds nothing; when that succeeds at last, it is acknowledged', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 2);
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g', batch: 1 });
      const running = consumer.run(async ({ fields }, context) => {
        await opened;
        // asked for only now, it has fired as well
        if (fields['n'] === '1') expect(context.signal.aborted).toBe(true);
      });
      await eventually(() => consumer.stats.inFlight === 1);
      await consumer.stop({ timeout: 0 });
      await running;
      expect(consumer.status).toBe('stopped');
      expect(await pendingOf(client, stream)).toBe(1);
      open();
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      expect(consumer.stats.handled).toBe(1);
    });

    it('fires the signal at once and then lets handlers finish, with a grace as long as they need', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g' });
      let heard: AbortSignal | undefined;
      const running = consumer.run((_, { signal }) => {
        heard = signal;
        return opened;
      });
      await eventually(() => consumer.stats.inFlight === 1);
      const hasty = client.streamConsumer({ stream: newStream(), group: 'g' });
      await addNumbers(client, hasty.stream, 1, 1);
      void hasty.run(() => opened);
      await eventually(() => hasty.stats.inFlight === 1);
      const state = watch(consumer.stop({ timeout: 0, grace: Infinity }));
      await eventually(() => heard!.aborted);
      // which takes as long as any consumer without a grace of its own
      await hasty.stop({ timeout: 0 });
      expect(state.settled).toBe(false);
      open();
      await running;
      await eventually(() => state.settled);
      expect(consumer.stats).toMatchObject({ handled: 1, inFlight: 0 });
      expect(await pendingOf(client, stream)).toBe(0);
    });

    it('with a shorter grace hurries one whose signals have fired', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const { opened, open } = gate();
      const consumer = client.streamConsumer({ stream, group: 'g' });
      void consumer.run(() => opened);
      await eventually(() => consumer.stats.inFlight === 1);
      const patient = consumer.stop({ timeout: 0, grace: Infinity });
      await consumer.stop({ timeout: 0, grace: 0 });
      await patient;
      expect(consumer.stats.inFlight).toBe(1);
      open();
      await expect(consumer.stop({ grace: -1 })).rejects.toThrow(/'grace' must be a number of ms/);
    });

    it('with a shorter timeout hurries one that is under way', async () => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({ stream, group: 'g' });
      void consumer.run((_, { signal }) => untilAborted(signal));
      await eventually(() => consumer.stats.inFlight === 1);
      const patient = consumer.stop({ timeout: Infinity });
      await consumer.stop({ timeout: 0 });
      await patient;
      expect(consumer.stats).toMatchObject({ failed: 1, inFlight: 0 });
    });

    it('settles while the server does not answer', async () => {
      await using own = await startServer({ kind });
      const client = make({ url: own.url });
      const stream = newStream();
      await addNumbers(client, stream, 1, 5);
      const consumer = client.streamConsumer({ stream, group: 'g' });
      const { opened, open } = gate();
      const running = consumer.run(() => opened);
      await eventually(() => consumer.stats.inFlight === 1);
      await own.pause();
      open();
      await consumer.stop({ timeout: 50 });
      await running;
      expect(consumer.status).toBe('stopped');
    });

    it.each([
      ['a read that waits', 0],
      ['entries that wait', 5],
    ])('waits for no server that is gone, to give back what others can claim: %s', async (_, entries) => {
      await using own = await startServer({ kind });
      const client = make({ url: own.url, commandTimeout: 30_000 });
      const admin = make({ url: own.url });
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g' });
      const { opened, open } = gate();
      // fails, so that nothing is to be acknowledged either
      const running = consumer.run(() => opened.then(() => Promise.reject(new Error('too late'))));
      if (entries === 0) await eventually(async () => (await readersOf(admin)) === 1);
      else {
        await addNumbers(admin, stream, 1, entries);
        await eventually(() => consumer.stats.inFlight === 1 && consumer.stats.waiting > 0);
      }
      await own.kill();
      await eventually(() => client.status !== 'ready');
      open();
      const started = performance.now();
      await consumer.stop({ timeout: 30_000 });
      await running;
      // far from the timeout: it settles by itself
      expect(performance.now() - started).toBeLessThan(10_000);
    });

    it('gives back what the server has handed to the read that it cut off', async () => {
      const target = { host: '127.0.0.1', port: server.port };
      await using proxy = await FaultProxy.start({ target });
      const client = make({ url: proxy.url });
      const admin = make();
      const stream = newStream();
      const consumer = client.streamConsumer({ stream, group: 'g', claimIdle: 60_000 });
      const running = consumer.run(() => undefined);
      await eventually(async () => (await readersOf(admin)) === 1);
      proxy.latest.replies.hold(600_000);
      const [id] = await addNumbers(admin, stream, 1, 1);
      await eventually(async () => (await pendingOf(admin, stream)) === 1);
      await consumer.stop();
      await running;
      const free = await admin.xpending(stream, 'g', 'IDLE', 60_000, '-', '+', 2);
      expect(free).toMatchObject([{ id, deliveries: 0 }]);
    });

    it('leaves nothing behind that a restart under the same name does not find', async () => {
      const client = make();
      const stream = newStream();
      const got: number[] = [];
      const adding = (async () => {
        for (let n = 1; n <= 600; n += 20) await addNumbers(client, stream, n, n + 19);
      })();
      // stopped at any moment, reads under way among them
      for (let turn = 0; turn < 20; turn++) {
        const consumer = client.streamConsumer({ stream, group: 'g', consumer: 'me', batch: 3 });
        const running = consumer.run(({ fields }) => void got.push(Number(fields['n'])));
        await eventually(() => consumer.stats.handled > turn % 5);
        await consumer.stop();
        await running;
        // as long as there is something left to add, the next turn has something to do
        if (got.length > 500) break;
      }
      await adding;
      const last = client.streamConsumer({ stream, group: 'g', consumer: 'me' });
      void last.run(({ fields }) => void got.push(Number(fields['n'])));
      await eventually(() => new Set(got).size === 600);
      await eventually(async () => (await pendingOf(client, stream)) === 0);
      // what was acknowledged is not handled again
      expect(got).toHaveLength(600);
    });
  });

  describe('the end of the client', () => {
    const busy = async (
      concurrency: number,
    ): Promise<{
      client: ReturnType<typeof make>;
      consumer: StreamConsumer;
      running: Promise<void>;
      signals: AbortSignal[];
    }> => {
      const client = make();
      const stream = newStream();
      await addNumbers(client, stream, 1, 1);
      const consumer = client.streamConsumer({ stream, group: 'g', block: 600_000 });
      const signals: AbortSignal[] = [];
      const running = consumer.run(
        (_, { signal }) => {
          signals.push(signal);
          return untilAborted(signal);
        },
        { concurrency },
      );
      const admin = make();
      // with one handler nothing is under way: only the client can tell
      await eventually(
        async () => consumer.stats.inFlight === 1 && (await readersOf(admin)) === concurrency - 1,
      );
      return { client, consumer, running, signals };
    };

    it.each([
      ['close', 1],
      ['close', 2],
      ['destroy', 1],
      ['destroy', 2],
    ] as const)('by %s() ends run(), and handlers are told: concurrency %d', async (way, concurrency) => {
      const { client, consumer, running, signals } = await busy(concurrency);
      await client[way]();
      await running;
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      expect(consumer.status).toBe('stopped');
      await consumer.stop();
    });

    it('ends a loop', async () => {
      const client = make();
      const consumer = client.streamConsumer({ stream: newStream(), group: 'g' });
      const seen: unknown[] = [];
      const loop = (async () => {
        for await (const entry of consumer) seen.push(entry);
      })();
      await eventually(async () => (await readersOf(client)) === 1);
      await client.close();
      await loop;
      expect(seen).toEqual([]);
    });

    it('ends it also where it never had a connection', async () => {
      const client = make({ url: 'redis://127.0.0.1:1' });
      const consumer = client.streamConsumer({ stream: newStream(), group: 'g' });
      const events = eventsOf(consumer);
      const running = consumer.run(() => undefined);
      await eventually(() => client.status === 'connecting');
      client.destroy();
      await running;
      expect(events).toEqual([]);
    });

    it('before the beginning is an error', async () => {
      const client = make();
      await client.close();
      const consumer = client.streamConsumer({ stream: newStream(), group: 'g' });
      expect(await errorOf(consumer.run(() => undefined))).toMatchObject({ code: 'CLOSED' });
      expect(() => consumer[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    });
  });
});
