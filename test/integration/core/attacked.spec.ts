import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisClient, RedisConnectionError, type RedisClientOptions } from 'nestjs-redwire/core';
import { TypedEvents } from '../../../lib/core/typed-events.js';
import { eventually, startServer, type TestServer } from '../../support/index.js';

/** Each of these broke the client once. */
describe('what users and servers do', () => {
  let server: TestServer;
  const open: RedisClient[] = [];
  const make = (options: RedisClientOptions = {}): RedisClient => {
    const client = new RedisClient({ url: server.url, reconnect: { delay: 10 }, ...options });
    open.push(client);
    return client;
  };
  const kill = (client: RedisClient): Promise<unknown> =>
    client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' });
  });
  afterEach(() => {
    for (const client of open.splice(0)) client.destroy();
  });
  afterAll(() => server.stop());

  it('a retry function does not decide about the handshake', async () => {
    // Redis 7.0 refuses CLIENT SETINFO
    const client = make({ retry: (attempt) => (attempt <= 3 ? 50 : false) });
    await client.connect();
    expect(await client.ping()).toBe('PONG');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['gives nothing', () => undefined],
    ['gives NaN', () => Number.NaN],
    ['gives a negative delay', () => -1],
    ['gives text', () => '50'],
  ])('a retry function that %s means no further attempt, and the client goes on', async (what, rule) => {
    const client = make({ retry: rule as unknown as () => false });
    const admin = make();
    await client.set('text', 'x');
    const error = (await client.hget('text', 'f').catch((reason: unknown) => reason)) as Error & {
      code: string;
    };
    expect(error.code).toBe('WRONGTYPE');
    if (what === 'throws') expect((error.cause as Error).cause).toMatchObject({ message: 'mine' });
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const lost = client.incr('n').catch((reason: unknown) => reason);
    await eventually(() => client.inFlight === 1);
    await kill(admin);
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST' });
    await admin.call('CLIENT', 'UNPAUSE');
    expect(await client.ping()).toBe('PONG');
  });

  it('a script that words its error as a busy server does runs once', async () => {
    const client = make();
    await client.del('ran');
    const script = "redis.call('incr', KEYS[1]); return redis.error_reply('BUSY mine')";
    await expect(client.eval(script, 1, 'ran')).rejects.toMatchObject({ code: 'BUSY' });
    expect(await client.get('ran')).toBe('1');
  });

  it('a command that may block but does not is timed out like any other: its neighbours live', async () => {
    const client = make();
    const admin = make();
    await client.ping();
    await admin.call('CLIENT', 'PAUSE', '400', 'ALL');
    const neighbour = client.incr('v');
    await expect(client.with({ timeout: 100 }).xread('STREAMS', 'st', '0')).rejects.toMatchObject({
      kind: 'command',
    });
    await expect(client.with({ timeout: 50 }).wait(1, 1_000)).rejects.toMatchObject({ kind: 'command' });
    expect(await neighbour).toBe(1);
  });

  it('unusable TLS settings are an error of the attempt, not of the process', async () => {
    const client = make({ url: 'rediss://127.0.0.1:1', tls: { cert: 'no certificate' } });
    await expect(client.connect()).rejects.toBeInstanceOf(RedisConnectionError);
    await expect(client.get('k')).rejects.toThrow(/Check the `tls` options/);
  });

  it('a full server is named as such', async () => {
    const full = await startServer({ kind: 'redis-7.0', args: ['--maxclients', '1'] });
    const first = make({ url: full.url });
    await first.connect();
    await expect(make({ url: full.url, reconnect: false }).connect()).rejects.toThrow(
      /max number of clients.*`maxclients`/,
    );
    await full.stop();
  });

  it('errors blank what they quote, but for the command itself', async () => {
    const client = make();
    const refused = (await client.aclSetuser('bob', '<topsecret').catch((error: unknown) => error)) as Error;
    expect(refused.message).toMatch(/Error in ACL SETUSER modifier '\?'/);
    const group = (await client.xpending('secretkey', 'g').catch((error: unknown) => error)) as Error;
    expect(group.message).toMatch(/^NOGROUP No such key '\?'/);
    await expect(client.call('GET')).rejects.toThrow(/wrong number of arguments for 'get' command/);
  });

  it('a subscription learns that its connection is given up, and another may be made', async () => {
    const client = make({ reconnect: false });
    const admin = make();
    const subscription = await client.subscribe('news');
    const next = subscription.next();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect(next).rejects.toBeInstanceOf(RedisConnectionError);
    expect(subscription.closed).toBe(true);
    const again = await client.subscribe('news');
    await admin.publish('news', 'x');
    expect((await again.next()).value).toMatchObject({ data: 'x' });
  });

  it('a subscriber notices that the other end is gone though it only listens', async () => {
    const stalled = await startServer({ kind: 'redis-7.0' });
    const client = make({ url: stalled.url, socketTimeout: 200, connectTimeout: 300 });
    const subscription = await client.subscribe('news');
    let heardAgain = false;
    subscription.on('resubscribed', () => (heardAgain = true));
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    await stalled.pause();
    await eventually(() => errors.length > 0);
    await stalled.resume();
    await eventually(() => heardAgain);
    await stalled.stop();
  });

  it('unsubscribing in an outage does not wait for its end', async () => {
    const gone = await startServer({ kind: 'redis-7.0' });
    const client = make({ url: gone.url, commandTimeout: 60_000 });
    const subscription = await client.subscribe('a');
    await client.ping();
    await gone.kill();
    await eventually(() => client.status === 'reconnecting');
    await subscription.unsubscribe();
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    await gone.stop();
  });

  it('close() in a disconnect listener ends at once', async () => {
    const client = make();
    await client.connect();
    const closed = new Promise<void>((resolve) => {
      client.on('disconnect', () => void client.close({ timeout: 600_000 }).then(resolve));
    });
    await kill(make());
    await closed;
    expect(client.status).toBe('closed');
  });

  it("a listener's own fault surfaces by itself", () => {
    const events = new TypedEvents<{ ready: [] }>();
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
    events.on('ready', () => {
      throw new Error('mine');
    });
    expect(() => events.emit('ready')).not.toThrow();
    const thrower = nextTick.mock.calls[0]![0] as () => void;
    nextTick.mockRestore();
    expect(thrower).toThrow('mine');
  });

  it('one signal serves many calls without a warning', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): number => warnings.push(warning);
    process.on('warning', listen);
    const client = make();
    const control = new AbortController();
    const view = client.with({ signal: control.signal });
    await Promise.all(Array.from({ length: 50 }, () => view.ping()));
    const pending = Array.from({ length: 50 }, () => view.ping().catch((error: unknown) => error));
    control.abort();
    for (const outcome of await Promise.all(pending)) expect(outcome).toMatchObject({ code: 'ABORTED' });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });

  it('subscribe() takes names one by one, in arrays, and options last', async () => {
    const client = make();
    const subscription = await client.subscribe('a', 'b', ...(['c'] as string[]));
    expect([...subscription.channels]).toEqual(['a', 'b', 'c']);
    const wrong = client as unknown as {
      subscribe: (...args: unknown[]) => Promise<{ channels: string[]; buffers: boolean }>;
    };
    const mixed = await wrong.subscribe(['d'], 'e', { buffers: true });
    expect([...mixed.channels]).toEqual(['d', 'e']);
    expect(mixed.buffers).toBe(true);
  });

  it('a connection that sat idle is not silent: its first command counts anew', async () => {
    const idle = make({ socketTimeout: 100 });
    const busy = make();
    await idle.connect();
    const reasons: string[] = [];
    idle.on('disconnect', ({ reason }) => reasons.push(reason));
    // keeps the clock running past the other's socketTimeout
    await busy.blpop('nothing', 0.4);
    const admin = make();
    await admin.call('CLIENT', 'PAUSE', '60', 'ALL');
    expect(await idle.incr('idle')).toBe(1);
    expect(reasons).toEqual([]);
  });

  it('a listener that connects anew after the last attempt gets a connection, or an answer', async () => {
    const gone = make({ url: 'redis://127.0.0.1:1', reconnect: false });
    const again: Promise<unknown>[] = [];
    gone.once('error', () => again.push(gone.connect().catch((error: unknown) => error)));
    await expect(gone.connect()).rejects.toBeInstanceOf(RedisConnectionError);
    expect(await again[0]).toBeInstanceOf(RedisConnectionError);

    const client = make({ reconnect: false, clientName: 'once-more' });
    await client.connect();
    const back = new Promise<void>((resolve, reject) => {
      client.once('disconnect', () => void client.connect().then(resolve, reject));
    });
    const admin = make();
    await kill(admin);
    await back;
    expect(client.status).toBe('ready');
    expect((await admin.clientList()).filter(({ name }) => name === 'once-more')).toHaveLength(1);
  });

  it('a SUBSCRIBE that times out halfway does not shift the confirmations of later ones', async () => {
    const slow = await startServer({ kind: 'redis-7.0' });
    const client = make({ url: slow.url, commandTimeout: 150 });
    await client.subscribe('first');
    await slow.pause();
    await expect(client.subscribe('a', 'b')).rejects.toMatchObject({ code: 'TIMEOUT' });
    await slow.resume();
    for (const channel of ['c', 'd', 'e']) {
      const subscription = await eventually(() => client.subscribe(channel));
      await make({ url: slow.url }).publish(channel, 'x');
      expect((await subscription.next()).value).toMatchObject({ channel, data: 'x' });
    }
    // what timed out was taken back
    await eventually(async () => expect(await make({ url: slow.url }).pubsubChannels()).not.toContain('a'));
    await slow.stop();
  });

  it('a group called streams does not hide BLOCK', async () => {
    const client = make();
    await client.xgroupCreate('st2', 'streams', '$', 'MKSTREAM');
    const reading = client.xreadgroup('GROUP', 'streams', 'block', 'BLOCK', 60_000, 'STREAMS', 'st2', '>');
    await eventually(async () =>
      expect(await client.clientList()).toContainEqual(expect.objectContaining({ cmd: 'xreadgroup' })),
    );
    expect(await client.ping()).toBe('PONG');
    await client.xadd('st2', '*', 'f', 'v');
    expect(await reading).not.toBeNull();
  });

  it('times that are none are refused', async () => {
    const client = make();
    await expect(client.close({ timeout: Number.NaN })).rejects.toThrow(/'timeout' must be a number of ms/);
    await expect(client.connect({ deadline: Number.NaN })).rejects.toThrow(
      /'deadline' must be a number of ms/,
    );
    expect(await client.ping()).toBe('PONG');
  });

  it('WAIT may be silent for longer than socketTimeout', async () => {
    const client = make({ socketTimeout: 100 });
    await client.set('written', 1);
    const reasons: string[] = [];
    client.on('disconnect', ({ reason }) => reasons.push(reason));
    expect(await client.wait(1, 500)).toBe(0);
    expect(reasons).toEqual([]);
  });

  it('a retry function may use the client while its connection is being lost', async () => {
    const asked: Promise<string>[] = [];
    const client = make({
      retry: () => {
        asked.push(client.ping());
        return false;
      },
    });
    const admin = make();
    await client.connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const lost = client.incr('n').catch((error: unknown) => error);
    await eventually(() => client.inFlight === 1);
    await kill(admin);
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(((await lost) as Error).cause).toBeInstanceOf(RedisConnectionError);
    await admin.call('CLIENT', 'UNPAUSE');
    expect(await Promise.all(asked)).toEqual(['PONG']);
  });

  it('is not ready any more once it is closing', async () => {
    const client = make();
    const events: string[] = [];
    for (const name of ['ready', 'disconnect'] as const) client.on(name, () => events.push(name));
    const issued = client.echo('x');
    await client.close();
    expect(await issued).toBe('x');
    expect(events).toEqual(['disconnect']);
  });

  it.each([
    ['destroys', true],
    ['closes', false],
  ])('a retry rule that %s the client leaves nothing unsettled', async (_, destroys) => {
    const admin = make();
    const client = make({
      reconnect: false,
      retry: () => {
        if (destroys) client.destroy();
        else void client.close({ timeout: 100 });
        return 1;
      },
    });
    await client.connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const settings = client.with({ retry: 'idempotent' });
    const commands = [settings.incr('a'), client.incr('b'), client.with({ retry: false }).incr('c')];
    const outcomes = Promise.all(commands.map((command) => command.catch((error: unknown) => error)));
    await eventually(() => client.inFlight === 3);
    await kill(admin);
    await admin.call('CLIENT', 'UNPAUSE');
    for (const outcome of await outcomes) expect(outcome).toHaveProperty('code');
    expect([client.status, client.queued, client.inFlight]).toEqual(['closed', 0, 0]);
    await expect(client.ping()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('nor does one that destroys it when the server refuses a command', async () => {
    const client = make({
      retry: () => {
        client.destroy();
        return 1;
      },
    });
    await client.set('text', 'x');
    const commands = [client.incr('text'), client.get('text')];
    const outcomes = Promise.all(commands.map((command) => command.catch((error: unknown) => error)));
    for (const outcome of await outcomes) expect(outcome).toHaveProperty('code');
    expect([client.status, client.queued]).toEqual(['closed', 0]);
  });

  it('a retry rule that connects while `reconnect` is false gets a connection', async () => {
    const admin = make();
    let again: Promise<void> | undefined;
    const client = make({
      reconnect: false,
      retry: () => {
        again ??= client.connect();
        return false;
      },
    });
    await client.connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const lost = client.incr('n').catch((error: unknown) => error);
    await eventually(() => client.inFlight === 1);
    await kill(admin);
    await admin.call('CLIENT', 'UNPAUSE');
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST' });
    await again;
    expect(client.status).toBe('ready');
  });
});
