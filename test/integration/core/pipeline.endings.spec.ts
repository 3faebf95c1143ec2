import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  RedisAbortError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisTimeoutError,
  type RedisClient,
} from 'nestjs-redwire/core';
import { eventually, ONE_KIND, startServer, type TestServer } from '../../support/index.js';
import {
  clientMaker,
  counted,
  countInto,
  cutAndReturn,
  errorOf,
  firstFailure,
  neverSent,
  pending,
  untilPending,
  upTo,
  WINDOW,
} from './support/index.js';

const LENGTH = 40_000;
const UNREACHABLE = { url: 'redis://127.0.0.1:1' };

/** How a pipeline of several windows ends where it does not come to its end undisturbed. */
describe.each(ONE_KIND)('%s: a long pipeline', (kind) => {
  let server: TestServer;
  let client: RedisClient;
  let other: RedisClient;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 5, maxDelay: 20 } }));

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  beforeEach(async () => {
    [client, other] = [make(), make()];
    await Promise.all([client.connect(), other.flushall()]);
  });
  afterAll(() => server.stop());

  /** Replies up to some place, from there on errors of these classes; and the server did that much, or a window more. */
  async function expectStopped(
    results: readonly unknown[],
    ...classes: (new (...args: never[]) => Error)[]
  ): Promise<void> {
    const settled = firstFailure(results);
    expect(results).toHaveLength(LENGTH);
    expect(settled).toBeLessThan(LENGTH);
    expect(results.slice(0, settled)).toEqual(upTo(settled).map((index) => index + 1));
    const others = results.slice(settled).filter((result) => !classes.some((kind) => result instanceof kind));
    expect(others).toEqual([]);
    const done = await counted(other, 'list');
    expect(done).toEqual(upTo(done.length));
    expect(done.length).toBeGreaterThanOrEqual(settled);
    expect(done.length).toBeLessThanOrEqual(settled + WINDOW);
  }

  it('is aborted as a whole, also before it is sent, and throws all of it where asked to', async () => {
    const control = new AbortController();
    const aborted = countInto(client.with({ signal: control.signal }), 'list', LENGTH);
    await untilPending(client, LENGTH / 2);
    control.abort();
    const results = await aborted;
    // what the client has sent is before this on the server
    await client.ping();
    await expectStopped(results, RedisAbortError);
    expect(neverSent(results)).toBeGreaterThanOrEqual(LENGTH - firstFailure(results) - WINDOW);

    const before = await countInto(client.with({ signal: AbortSignal.abort() }), 'none', LENGTH);
    expect([firstFailure(before), neverSent(before)]).toEqual([0, LENGTH]);
    expect(await client.exists('none')).toBe(0);
    const pipeline = client.with({ signal: control.signal }).pipeline().get('a').get('b');
    const thrown = await errorOf<AggregateError>(pipeline.exec({ throwOnError: true }));
    expect(thrown.errors).toMatchObject([{ code: 'ABORTED' }, { code: 'ABORTED' }]);
    expect(pending(client)).toBe(0);
  });

  it.each(['its own timeout', 'commandTimeout'])('is over for all of it by %s', async (which) => {
    const limited = which === 'commandTimeout' ? make({ commandTimeout: 400 }) : client;
    await limited.connect();
    const view = limited.with(which === 'commandTimeout' ? {} : { timeout: 400 });
    const late = countInto(view, 'list', LENGTH);
    await untilPending(limited, LENGTH / 2);
    await server.pause();
    const results = await late;
    await server.resume();
    await limited.with({ timeout: 5_000 }).ping();
    await expectStopped(results, RedisTimeoutError);
    const unsent = neverSent(results);
    expect(unsent).toBeGreaterThanOrEqual(LENGTH - firstFailure(results) - WINDOW);
    // the others may have taken effect, and it says so
    const sent = results.filter(
      (result) => result instanceof RedisTimeoutError && /may have/.test(result.message),
    );
    expect(firstFailure(results) + sent.length + unsent).toBe(LENGTH);
    expect((results.at(-1) as Error).message).toMatch(
      /RPUSH timed out: it was never sent: the commands before it/,
    );
  });

  it('has no limit with a timeout of 0', async () => {
    const limited = make({ commandTimeout: 50 });
    await limited.connect();
    const all = countInto(limited.with({ timeout: 0 }), 'list', LENGTH);
    await server.pause();
    expect(await errorOf(limited.ping())).toBeInstanceOf(RedisTimeoutError);
    await server.resume();
    expect((await all).at(-1)).toBe(LENGTH);
  });

  it('goes on with the next connection: in order, nothing twice, and what was on its way fails', async () => {
    const all = countInto(client, 'list', LENGTH);
    for (const most of [LENGTH * 0.9, LENGTH * 0.8, LENGTH * 0.7]) {
      await untilPending(client, most);
      await cutAndReturn(client, other);
    }
    const results = await all;
    const done = await counted(client, 'list');
    expect(done).toEqual([...new Set(done)].toSorted((a, b) => a - b));
    const errors = results.filter((result) => typeof result !== 'number');
    expect(errors.every((error) => error instanceof RedisConnectionError)).toBe(true);
    expect(errors.length).toBeLessThanOrEqual(3 * WINDOW);
    // each reply is that of its own command: the length of the list when it had come
    const replies = results.flatMap((result, index) => (typeof result === 'number' ? [[result, index]] : []));
    expect(replies.map(([length]) => done[length! - 1])).toEqual(replies.map(([, index]) => index));
    // far behind the place of the last cut
    expect(replies.at(-1)![1]).toBeGreaterThan(LENGTH / 2);
  });

  it.each([16_384, 500])(
    'goes on in order where its commands may be sent twice: %d at once',
    async (most) => {
      // of 500 in flight, the rest of the window waits in the queue: what comes back must stand before it
      const crossed = make({ maxInFlight: most });
      await crossed.connect();
      const all = countInto(crossed.with({ idempotent: true }), 'list', LENGTH);
      for (const left of [LENGTH * 0.9, LENGTH * 0.7]) {
        await untilPending(crossed, left);
        await cutAndReturn(crossed, other);
      }
      expect(firstFailure(await all)).toBe(LENGTH);
      const done = await counted(client, 'list');
      expect([...new Set(done)]).toEqual(upTo(LENGTH));
      // back to the first one without a reply, once for each cut
      const jumps = done.flatMap((item, index) =>
        index > 0 && item !== done[index - 1]! + 1 ? [item - done[index - 1]!] : [],
      );
      expect(jumps.length).toBeLessThanOrEqual(2);
      for (const jump of jumps) expect(-jump).toBeLessThan(WINDOW);
    },
  );

  it('ends with its connection where `reconnect` is false', async () => {
    const single = make({ reconnect: false });
    const id = Number(await single.call('CLIENT', 'ID'));
    const all = countInto(single, 'list', LENGTH);
    await untilPending(single, LENGTH / 2);
    await other.call('CLIENT', 'KILL', 'ID', id);
    const results = await all;
    await expectStopped(results, RedisConnectionError);
    expect((results.at(-1) as Error).message).toContain('RPUSH was not sent');
    expect(pending(single)).toBe(0);
    await single.connect();
    expect(await countInto(single, 'again', LENGTH)).toEqual(upTo(LENGTH).map((index) => index + 1));
  });

  it('is finished by close(), if that can be in time, and nothing new comes in', async () => {
    const all = countInto(client, 'list', LENGTH);
    await untilPending(client, LENGTH / 2);
    const closed = client.close({ timeout: 20_000 });
    const [refused] = await client.pipeline().ping().exec();
    expect(refused).toMatchObject({ code: 'CLOSED' });
    expect(firstFailure(await all)).toBe(LENGTH);
    await closed;
    expect(await counted(other, 'list')).toEqual(upTo(LENGTH));
  });

  it.each([
    ['close() that is too short', () => client.close({ timeout: 20 })],
    ['destroy()', () => client.destroy()],
  ])('fails what is left at the end of a %s', async (_, end) => {
    const all = countInto(client, 'list', LENGTH);
    await untilPending(client, LENGTH / 2);
    await server.pause();
    await end();
    const results = await all;
    await server.resume();
    await expectStopped(results, RedisConnectionError, RedisDisconnectedError);
    expect(results.at(-1)).toMatchObject({ code: 'CLOSED', command: 'RPUSH' });
    expect(pending(client)).toBe(0);
  });

  // without a server
  if (ONE_KIND.includes(kind)) {
    it('waits whole before there is a connection, and `queueSize` counts all of it', async () => {
      const lost = make({ ...UNREACHABLE, queueSize: LENGTH, reconnect: { delay: 60_000 } });
      const all = countInto(lost.with({ timeout: 0 }), 'list', LENGTH + 1);
      expect([lost.queued, lost.inFlight]).toEqual([LENGTH + 1, 0]);
      expect(await errorOf(lost.ping())).toMatchObject({ code: 'QUEUE_FULL' });
      const refused = await countInto(lost, 'list', LENGTH);
      expect(refused.every((result) => (result as RedisDisconnectedError).code === 'QUEUE_FULL')).toBe(true);
      expect(lost.queued).toBe(LENGTH + 1);
      lost.destroy();
      const results = await all;
      expect(results).toHaveLength(LENGTH + 1);
      expect(results.every((result) => (result as RedisDisconnectedError).code === 'CLOSED')).toBe(true);
      expect(pending(lost)).toBe(0);
    });
  }

  it('times out unsent where no connection comes, and fails at once where none can', async () => {
    const lost = make({ ...UNREACHABLE, commandTimeout: 60 });
    const results = await countInto(lost, 'list', LENGTH);
    expect([neverSent(results), firstFailure(results)]).toEqual([LENGTH, 0]);
    expect(results.at(-1)).toMatchObject({ code: 'TIMEOUT', cause: { code: 'CONNECT_FAILED' } });
    const refused = await countInto(make({ username: 'nobody', password: 'wrong' }), 'list', LENGTH);
    expect(refused.at(-1)).toMatchObject({ code: 'WRONGPASS', command: 'RPUSH' });
    expect((refused.at(-1) as Error).message).toContain('RPUSH was not sent');
  });

  it('asks the retry rule of the call for each of its commands', async () => {
    const script =
      "if redis.call('INCR', KEYS[1]) == 1 then return redis.error_reply('TRYAGAIN not yet') end return 'done'";
    const asked: string[] = [];
    const view = client.with({
      retry: (attempt, error, { name }) => {
        asked.push(`${name} ${error.code} ${attempt}`);
        return attempt === 1 ? 0 : false;
      },
    });
    const pipeline = view.pipeline();
    const length = 3 * WINDOW;
    for (let index = 0; index < length; index++) pipeline.eval(script, [`key:${index}`]);
    const all = pipeline.exec();
    expect(await all).toEqual(Array.from({ length }, () => 'done'));
    expect(asked).toEqual(Array.from({ length }, () => 'EVAL TRYAGAIN 1'));
    await eventually(() => pending(client) === 0);
    const refused = await client.with({ retry: false }).pipeline().eval(script, ['other']).exec();
    expect(refused).toMatchObject([{ code: 'TRYAGAIN' }]);
  });
});
