import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisAbortError, type RedisClient } from 'nestjs-redwire/core';
import { newSeed, Random, runScript, startServer, type TestServer } from '../../support/index.js';
import {
  clientMaker,
  counted,
  countInto,
  firstFailure,
  neverSent,
  pending,
  untilPending,
  upTo,
  WINDOW,
} from './support/index.js';

const LENGTH = 100_000;
const MIB = 1 << 20;

/** Pipelines so long that they must not be sent at once. How they end is the same for all: see pipeline.endings.spec.ts. */
describe('pipelines of 100,000 commands', () => {
  let server: TestServer;
  let client: RedisClient;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 5, maxDelay: 20 } }));

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
  });
  beforeEach(async () => {
    client = make();
    await client.flushall();
  });
  afterAll(() => server.stop());

  it('let other callers in between, whose calls come while most of it is still to go', async () => {
    const pipeline = client.pipeline();
    for (let index = 0; index < LENGTH; index++) pipeline.set('at', index);
    const all = pipeline.exec();
    // the server's own count: the value that the last SET before this GET has left
    const seen: number[] = [];
    for (let call = 0; call < 10; call++) seen.push(Number(await client.get('at')));
    expect(seen[0]).toBe(WINDOW - 1);
    expect(seen[9]).toBeLessThan(LENGTH / 2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect((await all).every((result) => result === 'OK')).toBe(true);
    expect(await client.get('at')).toBe(String(LENGTH - 1));
  });

  it('share the connection with others of their kind: each gets on', async () => {
    const lists = ['a', 'b', 'c', 'd'];
    const lengths = (): Promise<number[]> => Promise.all(lists.map((list) => client.llen(list)));
    const ends = lists.map((list) => countInto(client, list, LENGTH / 2));
    const early = await lengths();
    expect(early).toEqual([WINDOW, WINDOW, WINDOW, WINDOW]);
    await Promise.race(ends);
    const late = await lengths();
    expect(Math.max(...late)).toBe(LENGTH / 2);
    expect(Math.min(...late)).toBeGreaterThan(LENGTH / 8);
    for (const results of await Promise.all(ends)) expect(results[LENGTH / 2 - 1]).toBe(LENGTH / 2);
    for (const list of lists) expect(await counted(client, list)).toEqual(upTo(LENGTH / 2));
  });

  it('get on beside callers who keep every place on the connection taken', async () => {
    const crowded = make({ maxInFlight: 50 });
    await crowded.connect();
    let ended = false;
    let most = 0;
    const caller = async (): Promise<void> => {
      while (!ended) {
        await crowded.incr('others');
        most = Math.max(most, crowded.inFlight);
      }
    };
    const callers = Array.from({ length: 200 }, () => caller());
    const results = await countInto(crowded, 'list', LENGTH / 4);
    ended = true;
    await Promise.all(callers);
    expect(results[LENGTH / 4 - 1]).toBe(LENGTH / 4);
    expect(most).toBe(50);
    expect(Number(await crowded.get('others'))).toBeGreaterThan(200);
  });

  it('never have more than a window of their commands under way', async () => {
    let ended = false;
    const all = countInto(client, 'list', LENGTH).finally(() => (ended = true));
    expect([client.inFlight, client.queued]).toEqual([WINDOW, LENGTH - WINDOW]);
    let most = 0;
    let looks = 0;
    for (; !ended; looks++) {
      most = Math.max(most, client.inFlight);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    expect(looks).toBeGreaterThan(20);
    expect(most).toBe(WINDOW);
    expect([client.inFlight, client.queued]).toEqual([0, 0]);
  });

  it('need no memory for a signal and a limit, nor for more text than that of a window', async () => {
    const script = `
      import { RedisClient } from 'nestjs-redwire/core';
      const client = new RedisClient(process.env.SERVER);
      await client.connect();
      const view = client.with({ signal: new AbortController().signal, timeout: 60_000, retry: false, idempotent: true });
      const value = 'x'.repeat(1_000);
      const run = (length) => {
        const pipeline = view.pipeline();
        for (let index = 0; index < length; index++) pipeline.set('key', value);
        return pipeline;
      };
      const weigh = () => {
        globalThis.gc();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      await run(10_000).exec();
      const pipeline = run(${LENGTH});
      await client.call('CLIENT', 'PAUSE', 600_000, 'WRITE');
      const before = weigh();
      const all = pipeline.exec();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const grown = weigh() - before;
      console.log(JSON.stringify({ grown, inFlight: client.inFlight, queued: client.queued }));
      client.destroy();
      await all;
    `;
    const { code, stdout, stderr } = await runScript(script, {
      flags: ['--expose-gc'],
      env: { SERVER: server.url },
    });
    await client.call('CLIENT', 'UNPAUSE');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { grown, ...counts } = JSON.parse(stdout) as { grown: number; inFlight: number; queued: number };
    expect(counts.queued + counts.inFlight).toBe(LENGTH);
    expect(counts.inFlight).toBeLessThanOrEqual(WINDOW);
    // the text of a window is 2 MB; a context and a listener for each command are 30
    expect(grown).toBeLessThan(4 * MIB);
  });

  it('aborted anywhere: replies up to there, errors from there on, and the server did no more', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    for (let round = 0; round < 5; round++) {
      const list = `list:${round}`;
      const control = new AbortController();
      const all = countInto(client.with({ signal: control.signal }), list, LENGTH);
      await untilPending(client, random.between(1, LENGTH));
      control.abort(new Error('enough'));
      const results = await all;
      const settled = firstFailure(results);
      const said = `seed ${seed}, round ${round}, after ${settled}`;
      expect([said, results.length]).toEqual([said, LENGTH]);
      expect([said, results.slice(0, settled)]).toEqual([said, upTo(settled).map((index) => index + 1)]);
      expect([said, results.slice(settled).every((result) => result instanceof RedisAbortError)]).toEqual([
        said,
        true,
      ]);
      // behind all that was ever written, for it comes by the same connection
      const done = await counted(client, list);
      expect([said, done]).toEqual([said, upTo(done.length)]);
      expect(done.length).toBeGreaterThanOrEqual(settled);
      expect(done.length).toBeLessThanOrEqual(Math.min(settled + WINDOW, LENGTH));
      // who is told that a command was never sent can rely on it
      expect(neverSent(results)).toBeLessThanOrEqual(LENGTH - done.length);
      expect(neverSent(results)).toBeGreaterThanOrEqual(LENGTH - settled - WINDOW);
      expect(pending(client)).toBe(0);
      expect(await client.llen(list)).toBe(done.length);
    }
  });
});
