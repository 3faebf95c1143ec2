import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import {
  eventually,
  FaultProxy,
  newSeed,
  Random,
  SERVER_KINDS,
  startServer,
  type TestServer,
} from '../../support/index.js';
import { BlockingCallers, KEYS } from './support/blocking-callers.js';
import { clientMaker, errorOf, watch } from './support/index.js';

/** The name of the clients under test, by which the server tells them from the others. */
const NAME = 'blocking';

describe.each(SERVER_KINDS)('blocking commands on a shared client, %s', (kind) => {
  let server: TestServer;
  let admin: RedisClient;
  const make = clientMaker(() => ({ url: server.url, clientName: NAME, reconnect: { delay: 10 } }));

  const blocked = async (): Promise<number> =>
    (await admin.clientList()).filter(({ flags }) => flags.includes('b')).length;
  const ids = async (): Promise<number[]> =>
    (await admin.clientList()).filter(({ name }) => name === NAME).map(({ id }) => id);

  beforeAll(async () => {
    server = await startServer({ kind });
    admin = new RedisClient({ url: server.url });
  });
  beforeEach(() => admin.flushall());
  afterEach(async () => {
    if (server.state === 'paused') await server.resume();
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });

  /** Every blocking command that there is a use for here, with an end of its own, s. */
  const all: Record<
    string,
    (client: RedisClient | ReturnType<RedisClient['with']>, seconds: number) => Promise<unknown>
  > = {
    BLPOP: (client, seconds) => client.blpop('none', seconds),
    BRPOP: (client, seconds) => client.brpop('none', seconds),
    BLMPOP: (client, seconds) => client.blmpop(seconds, 1, 'none', 'LEFT'),
    BLMOVE: (client, seconds) => client.blmove('none', 'other', 'LEFT', 'RIGHT', seconds),
    BZPOPMIN: (client, seconds) => client.bzpopmin('none', seconds),
    BZPOPMAX: (client, seconds) => client.bzpopmax('none', seconds),
    XREAD: (client, seconds) => client.xread('BLOCK', seconds * 1_000, 'STREAMS', 'stream', '$'),
    XREADGROUP: (client, seconds) =>
      client.xreadgroup('GROUP', 'g', 'c', 'BLOCK', seconds * 1_000, 'STREAMS', 'stream', '>'),
  };
  const makeGroup = (): Promise<unknown> => admin.call('XGROUP', 'CREATE', 'stream', 'g', '$', 'MKSTREAM');

  it('50 BLPOP that wait hold up none of 5,000 GETs; each of 50 elements goes to one of them', async () => {
    const client = make();
    await client.set('k', 'v');
    const waiting = Array.from({ length: 50 }, () => client.blpop('queue', 0));
    await eventually(async () => (await blocked()) === 50);
    const states = waiting.map(watch);
    const replies = await Promise.all(Array.from({ length: 5_000 }, () => client.get('k')));
    expect(replies.filter((reply) => reply === 'v')).toHaveLength(5_000);
    expect(states.filter(({ settled }) => settled)).toEqual([]);
    expect(await blocked()).toBe(50);
    expect(client.inFlight).toBe(50);
    const elements = Array.from({ length: 50 }, (_, index) => `element ${index}`);
    await admin.rpush('queue', elements);
    const popped = (await Promise.all(waiting)).map((reply) => reply![1]);
    expect(popped.toSorted()).toEqual(elements.toSorted());
    expect(await admin.exists('queue')).toBe(0);
    expect(client.inFlight).toBe(0);
  });

  it('more than `maxDedicated` are served in the order in which they came, as places become free', async () => {
    const client = make({ maxDedicated: 3, commandTimeout: 60_000 });
    const served: number[] = [];
    const waiting = Array.from({ length: 12 }, async (_, nth) => {
      const reply = await client.blpop('queue', 0);
      served.push(nth);
      return reply![1];
    });
    for (let nth = 0; nth < 12; nth++) {
      await eventually(async () => (await blocked()) === Math.min(3, 12 - nth));
      await admin.rpush('queue', `element ${nth}`);
      await eventually(() => served.length === nth + 1);
    }
    expect(served).toEqual(Array.from({ length: 12 }, (_, nth) => nth));
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 12 }, (_, nth) => `element ${nth}`));
    // the client had nothing to do beside them
    expect(await ids()).toHaveLength(3);
  });

  it('each gives null after its own timeout, and an error where a server stops answering', async () => {
    await makeGroup();
    const client = make({ blockingTimeoutBuffer: 300 });
    const calls = Object.values(all);
    expect(await Promise.all(calls.map((call) => call(client, 0.05)))).toEqual(calls.map(() => null));
    const before = await ids();
    const late = calls.map((call) => errorOf(call(client, 2)));
    await eventually(async () => (await blocked()) === calls.length);
    await server.pause();
    const errors = await Promise.all(late);
    for (const [index, command] of Object.keys(all).entries())
      expect(errors[index]).toMatchObject({ name: 'RedisTimeoutError', kind: 'blocking', command });
    await server.resume();
    await eventually(async () => (await blocked()) === 0);
    expect(await client.blpop('none', 0.01)).toBeNull();
    expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
  });

  it('each is given up by a signal and by a timeout of the call; its connection is closed', async () => {
    await makeGroup();
    const client = make();
    // the shared one asks for the end of the waits
    await client.ping();
    for (const [name, call] of Object.entries(all)) {
      const control = new AbortController();
      const aborted = errorOf(call(client.with({ signal: control.signal }), 0));
      await eventually(async () => (await blocked()) === 1);
      control.abort('enough');
      expect(await aborted).toMatchObject({ code: 'ABORTED', command: name, cause: 'enough' });
      expect(await errorOf(call(client.with({ timeout: 30 }), 0))).toMatchObject({
        code: 'TIMEOUT',
        kind: 'blocking',
        command: name,
      });
      expect(await blocked()).toBe(0);
    }
    await eventually(async () => (await ids()).length === 1);
  });

  it('one that may not be unblocked is given up all the same, and waits no more on the server', async () => {
    await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '+@all', '-client|unblock');
    const client = make({ username: 'limited', password: 'pw' });
    await client.ping();
    const control = new AbortController();
    const aborted = errorOf(client.with({ signal: control.signal }).blpop('queue', 0));
    await eventually(async () => (await blocked()) === 1);
    control.abort('enough');
    expect(await aborted).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    const late = await errorOf(client.with({ timeout: 50 }).blpop('queue', 0));
    expect(late).toMatchObject({ code: 'TIMEOUT', kind: 'blocking' });
    await eventually(async () => (await blocked()) === 0);
    await admin.rpush('queue', 'kept');
    expect(await client.blpop('queue', 1)).toEqual(['queue', 'kept']);
  });

  it('XREAD waits beside others, and every reader gets every entry', async () => {
    const client = make();
    const reading = Array.from({ length: 20 }, () => client.xread('BLOCK', 0, 'STREAMS', 'stream', '$'));
    await eventually(async () => (await blocked()) === 20);
    expect(await client.ping()).toBe('PONG');
    const id = await client.xadd('stream', '*', 'f', 'v');
    for (const reply of await Promise.all(reading)) expect(JSON.stringify(reply)).toContain(id);
  });

  it('of XREADGROUP that are aborted at random, every entry that was delivered has a receiver', async () => {
    await makeGroup();
    const random = new Random(newSeed());
    const client = make({ maxDedicated: 10, commandTimeout: 60_000 });
    const received: string[] = [];
    const state = { isOver: false };
    const added: string[] = [];
    const producer = (async () => {
      for (let nth = 0; !state.isOver; nth++) {
        await admin.xadd('stream', '*', 'nth', nth);
        added.push(String(nth));
      }
    })();
    const reader = async (): Promise<void> => {
      for (let nth = 0; nth < 20; nth++) {
        const control = new AbortController();
        const read = client
          .with({ signal: control.signal })
          .xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'BLOCK', 0, 'STREAMS', 'stream', '>');
        if (random.chance(0.8)) setTimeout(() => control.abort(), random.between(0, 8));
        const reply = await read.catch((error: { code: string }) => expect(error.code).toBe('ABORTED'));
        expect(reply).not.toBeNull();
        if (reply !== undefined) received.push(...entriesOf(reply));
      }
    };
    await Promise.all(Array.from({ length: 20 }, reader));
    state.isOver = true;
    await producer;
    expect(await blocked()).toBe(0);
    const delivered = await admin.xpending('stream', 'g', '-', '+', 1_000_000);
    expect(received.toSorted()).toEqual(delivered.map(({ id }) => id).toSorted());
    expect(new Set(received).size).toBe(received.length);
    expect(received.length).toBeGreaterThan(0);
  });
});

/** Ids of the entries of a reply of XREADGROUP. */
function entriesOf(reply: unknown): string[] {
  return JSON.stringify(reply).match(/\d+-\d+/g) ?? [];
}

describe('blocking commands that are given up', () => {
  it('a request to end a wait that comes late does not end that of the next one on the connection', async () => {
    await using server = await startServer({ kind: 'redis-8.0' });
    await using admin = new RedisClient(server.url);
    await using proxy = await FaultProxy.start({ target: { host: server.host, port: server.port } });
    await using client = new RedisClient(proxy.url);
    const blocked = async (): Promise<number> =>
      (await admin.clientList()).filter(({ flags }) => flags.includes('b')).length;
    const lend = [
      (work: (lent: RedisClient) => Promise<unknown>) => work(client),
      (work: (lent: RedisClient) => Promise<unknown>) => client.dedicated(work),
    ];
    await client.connect();
    const shared = proxy.latest;
    for (const lent of lend) {
      const control = new AbortController();
      const first = lent((on) => on.with({ signal: control.signal }).blpop('first', 0));
      await eventually(async () => (await blocked()) === 1);
      // for longer than the rest takes, and not so long that the request counts as lost
      shared.requests.hold(500);
      control.abort('enough');
      await admin.rpush('first', 'x');
      // it came before the wait could be ended: so it is the caller's
      expect(await first).toEqual(['first', 'x']);
      const second = lent((on) => on.blpop('second', 0));
      // it goes out behind that request, so that the request has come to the server once this is answered
      await client.ping();
      await eventually(async () => (await blocked()) === 1);
      await admin.rpush('second', 'y');
      expect(await second).toEqual(['second', 'y']);
    }
  });

  it('a signal that fires just as a connection becomes free is heeded', async () => {
    await using server = await startServer({ kind: 'redis-8.0' });
    await using admin = new RedisClient(server.url);
    await using client = new RedisClient({ url: server.url, maxDedicated: 1 });
    const control = new AbortController();
    const first = client.blpop('first', 0);
    const second = errorOf(client.with({ signal: control.signal }).blpop('second', 0));
    await eventually(async () => (await admin.clientList()).some(({ flags }) => flags.includes('b')));
    const aborted = first.then(() => control.abort('enough'));
    await admin.rpush('first', 'x');
    await aborted;
    expect(await second).toMatchObject({ code: 'ABORTED', command: 'BLPOP', cause: 'enough' });
    await admin.rpush('second', 'kept');
    expect(await client.blpop('second', 1)).toEqual(['second', 'kept']);
  });

  it('2,000 at random moments while elements come: none is lost, none comes twice, nobody waits on', async () => {
    const seed = newSeed();
    await using server = await startServer({ kind: 'redis-8.0' });
    await using admin = new RedisClient(server.url);
    const options: RedisClientOptions = { url: server.url, clientName: NAME, commandTimeout: 60_000 };
    await using client = new RedisClient({ ...options, maxDedicated: 20 });
    await client.connect();
    const callers = new BlockingCallers(client, admin, new Random(seed));
    await callers.run(40, 50);
    expect({ seed, violations: callers.violations }).toEqual({ seed, violations: [] });
    const left = [
      ...(await admin.lrange(KEYS.list, 0, -1)),
      ...(await admin.lrange(KEYS.source, 0, -1)),
      ...(await admin.zrange(KEYS.sorted, 0, -1)),
    ];
    const moved = await admin.lrange(KEYS.destination, 0, -1);
    // as a list, so that one that came twice is seen
    expect({ seed, all: [...callers.popped, ...moved, ...left].toSorted() }).toEqual({
      seed,
      all: callers.pushed.toSorted(),
    });
    expect({ seed, moved: callers.moved.toSorted() }).toEqual({ seed, moved: moved.toSorted() });
    // and that both happened, often
    expect(callers.popped.length + callers.moved.length).toBeGreaterThan(200);
    expect(callers.given).toBeGreaterThan(200);
    const clients = await admin.clientList();
    expect(clients.filter(({ flags }) => flags.includes('b'))).toEqual([]);
    expect(client.inFlight).toBe(0);
  });
});
