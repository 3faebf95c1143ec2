import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { REDIS_CHANNELS, RedisClient, RedisPool, type TracedCommand } from 'nestjs-redwire/core';
import { runScript, startServer, type TestServer } from '../../support/index.js';
import { clientMaker, cutAndReturn } from './support/index.js';

const STEPS = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const;
type Step = (typeof STEPS)[number];
interface Heard {
  readonly step: Step;
  readonly context: TracedCommand & { isReconnect?: boolean; role?: string };
}

describe('diagnostics channels', () => {
  let server: TestServer;
  let admin: RedisClient;
  const make = clientMaker(() => ({ url: server.url, reconnect: { delay: 10, jitter: 0 } }));
  const leave: (() => void)[] = [];

  beforeAll(async () => {
    server = await startServer({ kind: 'valkey-9.1' });
    admin = new RedisClient({ url: server.url });
    await admin.connect();
  });
  afterEach(() => {
    for (const unsubscribe of leave.splice(0)) unsubscribe();
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });

  function channelOf(name: keyof typeof REDIS_CHANNELS): TracingChannel<unknown, object> {
    return tracingChannel(REDIS_CHANNELS[name]) as unknown as TracingChannel<unknown, object>;
  }

  /** Subscribes to these steps of a channel. What it gives grows, and has what ends it. */
  function listen(
    name: keyof typeof REDIS_CHANNELS,
    steps: readonly Step[] = STEPS,
  ): Heard[] & { stop(): void } {
    const heard: Heard[] = [];
    const subscribers = Object.fromEntries(
      steps.map((step) => [
        step,
        (context: object) => heard.push({ step, context: context as TracedCommand }),
      ]),
    ) as never;
    const channel = channelOf(name);
    channel.subscribe(subscribers);
    const stop = (): void => void channel.unsubscribe(subscribers);
    leave.push(stop);
    return Object.assign(heard, { stop });
  }

  it('tell of a command from call to reply, by one object', async () => {
    const client = make({ database: 2 });
    await client.connect();
    const heard = listen('command');
    await client.set('key', 'hunter2', 'EX', 10);
    expect(heard.map(({ step }) => step)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(new Set(heard.map(({ context }) => context)).size).toBe(1);
    expect(heard[0]!.context).toEqual({
      name: 'SET',
      queryText: 'SET ? ? ? ?',
      commandNames: ['SET'],
      batchSize: undefined,
      host: server.host,
      port: server.port,
      path: undefined,
      database: 2,
      peer: { address: server.host, port: server.port },
      scriptSha: undefined,
      isTentative: false,
    });
  });

  it('tell of the error of a command that failed', async () => {
    const client = make();
    await client.set('text', 'hunter2');
    const heard = listen('command');
    const error = await client.incr('text').catch((reason: unknown) => reason);
    expect(heard.map(({ step }) => step)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    for (const { context } of heard) expect(context.error).toBe(error);
  });

  it('tell of pipelines and transactions on a channel of their own', async () => {
    const client = make();
    const [commands, batches] = [listen('command'), listen('batch')];
    await client.pipeline().set('a', '1').get('a').get('a').exec();
    await client.multi((tx) => tx.lpush('a', 'hunter2'));
    expect(commands).toHaveLength(0);
    const starts = batches.filter(({ step }) => step === 'start').map(({ context }) => context);
    expect(starts).toMatchObject([
      { name: 'PIPELINE', batchSize: 3, commandNames: ['SET', 'GET', 'GET'] },
      { name: 'MULTI LPUSH', batchSize: 1, commandNames: ['LPUSH'], error: { code: 'WRONGTYPE' } },
    ]);
    expect(batches.filter(({ step }) => step === 'asyncEnd')).toHaveLength(2);
  });

  it('tell of the commands of pools, and of those only that begin while somebody listens', async () => {
    const client = make();
    await using pool = new RedisPool({ url: server.url, min: 0 });
    await client.ping();
    const early = client.blpop('nothing', 0.05);
    const heard = listen('command');
    await early;
    await pool.use((lent) => lent.echo('hunter2'));
    const left = client.blpop('nothing', 0.05);
    heard.stop();
    await left;
    await client.ping();
    expect(heard.map(({ step, context }) => `${step} ${context.name}`)).toEqual([
      'start ECHO',
      'end ECHO',
      'asyncStart ECHO',
      'asyncEnd ECHO',
      'start BLPOP',
      'end BLPOP',
    ]);
  });

  it('tell of batches where nobody listens to commands, and of commands where nobody listens to batches', async () => {
    const client = make();
    const work = async (): Promise<void> => {
      await client.ping();
      await client.pipeline().get('a').exists('b').exec();
      await client.multi((tx) => tx.get('a'));
    };
    for (const [channel, names] of [
      ['batch', ['PIPELINE', 'MULTI GET']],
      ['command', ['PING']],
    ] as const) {
      const heard = listen(channel, ['asyncEnd']);
      await work();
      heard.stop();
      expect(heard.map(({ context }) => context.name)).toEqual(names);
    }
  });

  it.each(STEPS)('tell one who listens to nothing but %s', async (step) => {
    const client = make();
    await client.set('text', 'hunter2');
    const heard = listen('command', [step]);
    await client.incr('text').catch(() => undefined);
    expect(heard.map(({ context }) => context.name)).toEqual(['INCR']);
  });

  it('tell of attempts to connect, and why they failed', async () => {
    const heard = listen('connect');
    const client = make();
    await client.connect();
    await cutAndReturn(client, admin);
    const nobody = make({ username: 'nobody', password: 'hunter2' });
    await nobody.connect().catch(() => undefined);
    const starts = heard.filter(({ step }) => step === 'start').map(({ context }) => context);
    expect(starts).toMatchObject([
      { role: 'shared', host: server.host, port: server.port, database: 0, isReconnect: false },
      { isReconnect: true },
      { isReconnect: false, error: { code: 'WRONGPASS' } },
    ]);
    expect(heard.filter(({ step }) => step === 'asyncEnd')).toHaveLength(3);
    expect(heard.filter(({ step }) => step === 'error')).toHaveLength(1);
    expect(inspect(heard, { depth: 9, getters: true })).not.toMatch(/hunter2/);
  });

  it('end the attempt that closing ends', async () => {
    const heard = listen('connect');
    const client = make();
    client.connect().catch(() => undefined);
    client.destroy();
    expect(heard.map(({ step }) => step)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(heard[0]!.context.error).toMatchObject({ code: 'CLOSED' });
  });

  it('keep stores that are bound to the start until the end, each command its own, and leave the caller alone', async () => {
    const client = make();
    const store = new AsyncLocalStorage<string>();
    const requests = new AsyncLocalStorage<string>();
    const channel = channelOf('command');
    let nth = 0;
    channel.start.bindStore(store as never, () => `span ${++nth}` as never);
    const ends: unknown[] = [];
    const subscribers = {
      asyncEnd: ({ name }: TracedCommand) => ends.push([name, store.getStore(), requests.getStore()]),
    } as never;
    channel.subscribe(subscribers);
    leave.push(() => {
      channel.unsubscribe(subscribers);
      channel.start.unbindStore(store as never);
    });
    await Promise.all([
      requests.run('first', async () => {
        await client.get('a');
        expect([store.getStore(), requests.getStore()]).toEqual([undefined, 'first']);
      }),
      requests.run('second', () => client.exists('b')),
    ]);
    expect(ends).toEqual([
      ['GET', 'span 1', 'first'],
      ['EXISTS', 'span 2', 'second'],
    ]);
  });

  it('never show an argument or a reply', async () => {
    const client = make();
    const heard = [listen('command'), listen('batch'), listen('connect')];
    await client.set('hunter2-key', 'hunter2');
    await client.get('hunter2-key');
    await client.call('NOSUCHCOMMAND', 'hunter2').catch(() => undefined);
    await client.pipeline().set('hunter2-key', 'hunter2').lpush('hunter2-key', 'hunter2').exec();
    await client.multi((tx) => tx.get('hunter2-key').call('NOSUCHCOMMAND', 'hunter2')).catch(() => undefined);
    expect(heard.map(({ length }) => length > 0)).toEqual([true, true, true]);
    expect(inspect(heard, { depth: 9, getters: true, showHidden: true })).not.toMatch(/hunter2/);
  });

  it('a subscriber that throws harms no command: Node reports it as an uncaught exception', async () => {
    const { code, stdout, stderr } = await runScript(`
      import { tracingChannel } from 'node:diagnostics_channel';
      import { REDIS_CHANNELS, RedisClient } from 'nestjs-redwire/core';
      const uncaught = [];
      process.on('uncaughtException', ({ message }) => uncaught.push(message));
      const fault = (step) => () => { throw new Error(step); };
      const steps = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
      for (const name of Object.values(REDIS_CHANNELS))
        tracingChannel(name).subscribe(Object.fromEntries(steps.map((step) => [step, fault(step)])));
      const client = new RedisClient('${server.url}');
      const replies = [await client.echo('a'), await client.pipeline().echo('b').echo('c').exec()];
      const refused = await client.call('NOSUCHCOMMAND').catch(({ name }) => name);
      await client.close();
      await new Promise(setImmediate);
      console.log(JSON.stringify({ replies, refused, uncaught: [...new Set(uncaught)].sort() }));
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      replies: ['a', ['b', 'c']],
      refused: 'RedisServerError',
      uncaught: STEPS.toSorted(),
    });
  });

  it('hear nothing of commands where somebody listens to connections only', async () => {
    const client = make();
    await client.ping();
    const heard = listen('connect');
    await client.ping();
    expect(heard).toHaveLength(0);
    expect(channelOf('command').hasSubscribers).toBe(false);
  });
});
