import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool, type Pipeline, type RedisClientOptions } from 'nestjs-redwire/core';
import { eventually, startServer, type TestServer } from '../../support/index.js';
import { errorOf, FakeServer } from './support/index.js';

/** File and line of whoever called the function that calls this. */
function callersLine(): string {
  const frame = new Error('here').stack?.split('\n')[3];
  return /[^/]+\.ts:\d+/.exec(frame ?? '')?.[0] ?? 'no frame';
}

let marked = '';

/** Notes the line that it is called from, which is that of the `await` before it, and gives the call's very promise. */
function at<Result>(call: () => Promise<Result>): Promise<Result> {
  marked = callersLine();
  return call();
}

/** The work's error, whose stack holds the line that `at()` noted. */
async function traced(work: () => Promise<unknown>): Promise<Error> {
  const failure = errorOf(work());
  const line = marked;
  expect(line).toMatch(/^errors\.stacks\.spec\.ts:\d+$/);
  const error = await failure;
  expect(error.stack).toContain(line);
  return error;
}

describe("an error's stack holds the line of the caller's await", () => {
  let server: TestServer;
  const open: { destroy(): void }[] = [];
  const keep = <Owned extends { destroy(): void }>(owned: Owned): Owned => {
    open.push(owned);
    return owned;
  };
  const make = (options: RedisClientOptions = {}): RedisClient =>
    keep(new RedisClient({ url: server.url, reconnect: { delay: 10 }, ...options }));
  const nowhere: RedisClientOptions = { url: 'redis://127.0.0.1:1' };

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' });
  });
  afterEach(() => {
    for (const owned of open.splice(0)) owned.destroy();
  });
  afterAll(() => server.stop());

  it('the line is that of the call, not of any other', async () => {
    const client = make();
    const first = await traced(async () => await at(() => client.eval('return redis.error_reply("X")', 0)));
    const before = marked;
    await traced(async () => await at(() => client.eval('return redis.error_reply("X")', 0)));
    expect(marked).not.toBe(before);
    expect(first.stack).not.toContain(marked);
  });

  it('server errors: at once, of buffers, of with(), of call(), in Promise.all(), after a retry', async () => {
    const client = make();
    await client.set('text', 'x');
    await traced(async () => await at(() => client.hget('text', 'f')));
    await traced(async () => await at(() => client.buffers.hget('text', 'f')));
    await traced(async () => await at(() => client.with({ idempotent: true }).hget('text', 'f')));
    await traced(async () => await at(() => client.call('HGET', 'text', 'f')));
    await traced(async () => await at(() => Promise.all([client.ping(), client.hget('text', 'f')])));
    const script = "return redis.error_reply('TRYAGAIN later')";
    const rule = (attempt: number): number | false => (attempt < 3 ? 1 : false);
    await traced(async () => await at(() => client.with({ retry: rule }).eval(script, 0)));
  });

  it('errors of a pipeline: values in their places, thrown together, never sent', async () => {
    const client = make();
    await client.set('text', 'x');
    const pipeline = (): Pipeline => client.pipeline().incr('text').hget('text', 'f') as unknown as Pipeline;
    const failures = async (run: Promise<readonly unknown[]>): Promise<never> => {
      const results = await run;
      expect(results).toHaveLength(2);
      for (const result of results) expect((result as Error).stack).toContain(marked);
      throw results[1] as Error;
    };
    // the line is that of the function which awaits exec()
    await traced(async () => await failures(at(async () => await pipeline().exec())));
    const together = await traced(async () => await at(() => pipeline().exec({ throwOnError: true })));
    for (const error of (together as AggregateError).errors) expect((error as Error).stack).toContain(marked);
    client.destroy();
    await traced(async () => await failures(at(async () => await pipeline().exec())));
  });

  it('a reply of the wrong shape', async () => {
    await using fake = await FakeServer.start(({ name }) => (name === 'HGETALL' ? ':1\r\n' : undefined));
    const client = make({ url: `redis://127.0.0.1:${fake.port}` });
    const error = await traced(async () => await at(() => client.hgetall('h')));
    expect(error).toMatchObject({ code: 'PROTOCOL' });
  });

  it('timeouts: sent, waiting for a connection, of one call, of probe()', async () => {
    let silent = false;
    await using fake = await FakeServer.start(() => (silent ? null : undefined));
    const client = make({ url: `redis://127.0.0.1:${fake.port}`, commandTimeout: 60 });
    await client.connect();
    silent = true;
    await traced(async () => await at(() => client.get('k')));
    await traced(async () => await at(() => client.with({ timeout: 40 }).get('k')));
    const late = await traced(async () => await at(() => client.probe(40)));
    expect(late).toMatchObject({ kind: 'command' });
    const waiting = make({ ...nowhere, commandTimeout: 60 });
    await traced(async () => await at(() => waiting.get('k')));
  });

  it('lost connections: in flight, and with no reconnecting', async () => {
    await using fake = await FakeServer.start(({ name, socket }) => {
      if (name !== 'INCR') return undefined;
      socket.destroy();
      return null;
    });
    const url = `redis://127.0.0.1:${fake.port}`;
    const client = make({ url });
    const lost = await traced(async () => await at(() => client.incr('n')));
    expect(lost).toMatchObject({ code: 'CONNECTION_LOST' });
    const once = make({ url, reconnect: false });
    await traced(async () => await at(() => once.incr('n')));
    const refused = await traced(async () => await at(() => once.ping()));
    expect(refused).toMatchObject({ code: 'DISCONNECTED' });
    const probe = await traced(async () => await at(() => once.probe(1_000)));
    expect(probe).toMatchObject({ code: 'DISCONNECTED' });
  });

  it('commands that were never sent: the queue is full, the client is closed, no attempt succeeded', async () => {
    const full = make({ ...nowhere, queueSize: 0 });
    await traced(async () => await at(() => full.get('k')));
    const closed = make();
    await closed.close();
    await traced(async () => await at(() => closed.get('k')));
    const gone = make({ ...nowhere, reconnect: false });
    const failed = await traced(async () => await at(() => gone.get('k')));
    expect(failed).toMatchObject({ code: 'CONNECT_FAILED' });
    const waits = make(nowhere);
    const refused = traced(async () => await at(() => waits.get('k')));
    waits.destroy();
    expect(await refused).toMatchObject({ code: 'CLOSED' });
  });

  it('aborts, before and while', async () => {
    const client = make();
    const early = client.with({ signal: AbortSignal.abort('early') });
    await traced(async () => await at(() => early.get('k')));
    const control = new AbortController();
    setImmediate(() => control.abort('late'));
    const waits = make(nowhere).with({ signal: control.signal });
    await traced(async () => await at(() => waits.get('k')));
  });

  it('arguments and commands that cannot be sent', async () => {
    const client = make();
    await traced(async () => await at(() => client.get(undefined as unknown as string)));
    await traced(async () => await at(() => client.call('SELECT', 1)));
    await traced(async () => await at(() => client.subscribe()));
    await traced(async () => await at(() => client.probe(-1)));
  });

  it('connect(): refused, silent, out of time, one of several, closed meanwhile', async () => {
    const gone = make({ ...nowhere, reconnect: false });
    await traced(async () => await at(() => gone.connect()));
    const late = make(nowhere);
    await traced(async () => await at(() => late.connect({ deadline: 60 })));
    await using fake = await FakeServer.start(() => null);
    const silent = make({ url: `redis://127.0.0.1:${fake.port}`, connectTimeout: 60 });
    const timeout = await traced(async () => await at(() => silent.connect()));
    expect(timeout).toMatchObject({ kind: 'connect' });
    const closing = make({ url: `redis://127.0.0.1:${fake.port}` });
    const closed = traced(async () => await at(() => closing.connect()));
    closing.destroy();
    expect(await closed).toMatchObject({ code: 'CLOSED' });
    await traced(async () => await at(() => closing.connect()));
  });

  it('connect() called twice at once: each caller has an error with a line of its own', async () => {
    const client = make({ ...nowhere, reconnect: false });
    const lines: string[] = [];
    const connectTwice = [
      async () => {
        await at(() => client.connect());
      },
      async () => {
        await at(() => client.connect());
      },
    ].map((work) => {
      const outcome = errorOf(work());
      lines.push(marked);
      return outcome;
    });
    const errors = await Promise.all(connectTwice);
    expect(lines[0]).not.toBe(lines[1]);
    for (const [index, error] of errors.entries()) {
      expect(error.stack).toContain(lines[index]!);
      expect(error.stack).not.toContain(lines[1 - index]!);
      expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  it('blocking commands: refused by the server, late, unable to connect, lost, closed', async () => {
    const client = make({ blockingTimeoutBuffer: 60 });
    await client.set('text', 'x');
    await traced(async () => await at(() => client.blpop('text', 1)));
    await traced(async () => await at(() => client.with({ timeout: 60 }).blpop('none', 0)));
    const gone = make({ ...nowhere, reconnect: false });
    const failed = await traced(async () => await at(() => gone.blpop('none', 0)));
    expect(failed).toMatchObject({ code: 'CONNECT_FAILED', command: 'BLPOP' });
    const late = make({ ...nowhere, commandTimeout: 60 });
    const waited = await traced(async () => await at(() => late.blpop('none', 0)));
    expect(waited).toMatchObject({ command: 'BLPOP' });
    const lost = traced(async () => await at(() => client.blpop('none', 0)));
    await eventually(async () =>
      expect(await client.clientList()).toContainEqual(expect.objectContaining({ cmd: 'blpop' })),
    );
    await make().call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', command: 'BLPOP' });
    const destroyed = make(nowhere);
    const closed = traced(async () => await at(() => destroyed.blpop('none', 0)));
    destroyed.destroy();
    expect(await closed).toMatchObject({ code: 'CLOSED', command: 'BLPOP' });
    await traced(async () => await at(() => destroyed.blpop('none', 0)));
  });

  it('subscribe(): refused by the server, late, aborted, unable to connect, closed; and of one who joins', async () => {
    const admin = make();
    await admin.call('ACL', 'SETUSER', 'deaf', 'on', '>pw', '~*', '+@all', 'resetchannels');
    const deaf = make({ username: 'deaf', password: 'pw' });
    const refused = traced(async () => await at(() => deaf.subscribe('news')));
    const joined = traced(async () => await at(() => deaf.subscribe('news')));
    for (const outcome of await Promise.all([refused, joined]))
      expect(outcome).toMatchObject({ code: 'NOPERM' });
    expect(await joined).not.toBe(await refused);
    await traced(async () => await at(() => deaf.psubscribe('n*')));
    const gone = make({ ...nowhere, reconnect: false });
    await traced(async () => await at(() => gone.subscribe('news')));
    const late = make({ ...nowhere, commandTimeout: 60 });
    await traced(async () => await at(() => late.subscribe('news')));
    await late.close();
    await traced(async () => await at(() => late.subscribe('news')));
    const signal = AbortSignal.abort('no');
    await traced(async () => await at(() => admin.subscribe(['news'], { signal })));
  });

  it('a subscription that ends with an error tells it to who waits for a message', async () => {
    const client = make({ reconnect: false });
    const subscription = await client.subscribe('news');
    const next = traced(async () => await at(() => subscription.next()));
    await make().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await next).toMatchObject({ name: 'RedisConnectionError' });
  });

  it('a pool: out of time, unable to connect, aborted, closed, while waiting and before', async () => {
    const gone = keep(new RedisPool({ ...nowhere, reconnect: false, max: 1 }));
    await traced(async () => await at(() => gone.acquire()));
    await traced(async () => await at(() => gone.connect()));
    await traced(async () => await at(() => gone.use((client) => client.ping())));
    const pool = keep(new RedisPool({ url: server.url, max: 1, acquireTimeout: 60 }));
    const lent = await pool.acquire();
    const late = await traced(async () => await at(() => pool.acquire()));
    expect(late).toMatchObject({ kind: 'pool' });
    await traced(async () => await at(() => pool.use((client) => client.ping())));
    const control = new AbortController();
    const aborted = traced(async () => await at(() => pool.acquire({ signal: control.signal })));
    control.abort('enough');
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    await traced(async () => await at(() => pool.acquire({ signal: control.signal })));
    const closed = traced(async () => await at(() => pool.acquire()));
    pool.destroy();
    expect(await closed).toMatchObject({ code: 'CLOSED' });
    await traced(async () => await at(() => pool.acquire()));
    expect(inspect(lent)).toContain('closed');
  });
});
