import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  RedisAbortError,
  RedisClient,
  type Monitor,
  type MonitoredCommand,
  type MonitorOptions,
  type RedisClientOptions,
} from 'nestjs-redwire/core';
import {
  eventually,
  FaultProxy,
  SERVER_KINDS,
  startServer,
  type ConnectionPlan,
  type TestServer,
} from '../../support/index.js';
import { FakeServer } from './support/index.js';

/** Reads up to the first command that is called so, which is left out. */
async function readTo<Data extends string | Buffer>(
  monitor: Monitor<Data>,
  last: string,
): Promise<MonitoredCommand<Data>[]> {
  const seen: MonitoredCommand<Data>[] = [];
  for (;;) {
    const { done, value } = await monitor.next();
    if (done === true) throw new Error(`The monitor ended before ${last}.`);
    if (value.command === last) return seen;
    seen.push(value);
  }
}

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind, unix: true });
  });
  afterAll(() => server.stop());

  describe.each([2, 3] as const)('monitor() in RESP%d', (protocol) => {
    const open: RedisClient[] = [];
    const make = (options: RedisClientOptions = {}): RedisClient => {
      const client = new RedisClient({ url: server.url, protocol, reconnect: { delay: 10 }, ...options });
      open.push(client);
      return client;
    };
    /** Connections of the server that are monitors: those of this test, since they are ended with it. */
    const monitors = async (admin: RedisClient): Promise<number> =>
      (await admin.clientList()).filter(({ flags }) => flags.includes('O')).length;
    const killMonitors = async (admin: RedisClient): Promise<void> => {
      for (const { id, flags } of await admin.clientList())
        if (flags.includes('O')) await admin.call('CLIENT', 'KILL', 'ID', id);
    };

    afterEach(async () => {
      for (const client of open.splice(0)) client.destroy();
      await using admin = new RedisClient(server.url);
      await eventually(async () => (await monitors(admin)) === 0);
    });

    it('shows who sent what, where and when', async () => {
      const client = make({ database: 3 });
      const before = Date.now();
      const monitor = await client.monitor();
      await client.set('key', 'value');
      await make({ path: server.unixPath, url: undefined }).get('by socket');
      await client.eval("return redis.call('get', KEYS[1])", 1, 'key');
      await client.echo('last');
      const seen = (await readTo(monitor, 'ECHO')).filter(({ command }) =>
        /^(SET|GET|EVAL|get)$/.test(command),
      );
      expect(seen.map(({ command, args, database }) => [database, command, args])).toEqual([
        [3, 'SET', ['key', 'value']],
        [0, 'GET', ['by socket']],
        [3, 'EVAL', ["return redis.call('get', KEYS[1])", '1', 'key']],
        [3, 'get', ['key']],
      ]);
      expect(seen[3]!.source).toBe('lua');
      expect(seen[0]!.source).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(seen[1]!.source).toBe(`unix:${server.unixPath}`);
      for (const { time } of seen) {
        expect(time).toBeGreaterThan(before - 60_000);
        expect(time).toBeLessThan(Date.now() + 60_000);
        // whole microseconds
        expect(time).toBe(Number(time.toFixed(3)));
      }
      expect(seen.map(({ time }) => time)).toEqual(seen.map(({ time }) => time).toSorted((a, b) => a - b));
      await monitor.close();
    });

    it('hides passwords', async () => {
      const client = make();
      const monitor = await client.monitor();
      const admin = make();
      await admin.call('ACL', 'SETUSER', 'hidden', 'on', '>topsecret', '+@all');
      await make({ username: 'hidden', password: 'topsecret' }).connect();
      await client.echo('last');
      const seen = await readTo(monitor, 'ECHO');
      expect(seen.length).toBeGreaterThan(0);
      expect(JSON.stringify(seen)).not.toContain('topsecret');
      await monitor.close();
    });

    it('gives arguments as they were sent: bytes, text, and what is longer than a line may be else', async () => {
      const client = make();
      const all = Buffer.from(Array.from({ length: 1_024 }, (_, index) => index % 256));
      const long = Buffer.alloc(3_000_000, all);
      const words = [
        all,
        Buffer.alloc(0),
        Buffer.from('"\\x41\\" [0 lua] "'),
        Buffer.from('gr\u00fc\u00dfe'),
        long,
      ];
      const binary = await client.monitor({ buffers: true });
      const text = await client.monitor();
      await client.rpush('list', words);
      await client.echo('last');
      const [push, ...others] = (await readTo(binary, 'ECHO')).filter(({ command }) => command === 'RPUSH');
      expect(others).toEqual([]);
      expect(push!.args.length).toBe(words.length + 1);
      for (const [index, word] of words.entries()) expect(push!.args[index + 1]!.equals(word)).toBe(true);
      const shown = (await readTo(text, 'ECHO')).find(({ command }) => command === 'RPUSH');
      expect(shown!.args.slice(1)).toEqual(words.map(String));
      await client.del('list');
    });

    it('sees 5_000 commands of several clients, each in its order', async () => {
      const monitor = await make().monitor();
      const clients = Array.from({ length: 5 }, () => make());
      await Promise.all(
        clients.map((client, number) =>
          Promise.all(Array.from({ length: 1_000 }, (_, index) => client.set(`c:${number}`, index))),
        ),
      );
      const next = [0, 0, 0, 0, 0];
      let seen = 0;
      for await (const { command, args } of monitor) {
        if (command !== 'SET') continue;
        const number = Number(args[0]!.slice(2));
        expect(args[1]).toBe(String(next[number]));
        next[number]!++;
        if (++seen === 5_000) break;
      }
      expect(next).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
      expect(monitor.dropped).toBe(0);
    });

    it.each(['break', 'close', 'await using', 'client.close', 'client.destroy'] as const)(
      'ends by %s, and leaves no connection behind',
      async (how) => {
        const client = make();
        const admin = make();
        const monitor = await client.monitor();
        expect(await monitors(admin)).toBe(1);
        if (how === 'break') {
          for await (const { command } of monitor) {
            expect(typeof command).toBe('string');
            break;
          }
        } else if (how === 'await using') {
          await using mine = monitor;
          expect(mine.closed).toBe(false);
        } else {
          const reading = (async () => {
            for await (const seen of monitor) expect(typeof seen.command).toBe('string');
          })();
          if (how === 'close') await monitor.close();
          else if (how === 'client.close') await client.close();
          else client.destroy();
          await reading;
        }
        expect(monitor.closed).toBe(true);
        await eventually(async () => (await monitors(admin)) === 0);
        // again does no harm
        await monitor.close();
      },
    );

    it('what waits when it is closed can still be read', async () => {
      const client = make();
      // its handshake would be seen too, and counted before ECHO comes
      await client.connect();
      const monitor = await client.monitor();
      await client.echo('a');
      await eventually(() => monitor.pending > 0);
      await monitor.close();
      const kept: string[] = [];
      for await (const { command, args } of monitor) kept.push(`${command} ${args.join()}`);
      expect(kept.at(-1)).toBe('ECHO a');
    });

    it('a signal ends it: before, while it is made, and after', async () => {
      const client = make();
      const admin = make();
      await expect(client.monitor({ signal: AbortSignal.abort('early') })).rejects.toMatchObject({
        code: 'ABORTED',
        cause: 'early',
      });
      await admin.connect();
      await admin.clientPause(300, 'ALL');
      const during = new AbortController();
      const making = client.monitor({ signal: during.signal });
      during.abort('meanwhile');
      await expect(making).rejects.toMatchObject({ code: 'ABORTED', cause: 'meanwhile' });
      const after = new AbortController();
      const monitor = await client.monitor({ signal: after.signal });
      await readUntilQuiet(monitor);
      const waiting = monitor.next();
      after.abort('late');
      await expect(waiting).rejects.toBeInstanceOf(RedisAbortError);
      expect(await monitor.next()).toEqual({ done: true, value: undefined });
      await eventually(async () => (await monitors(admin)) === 0);
    });

    it.each([
      ['drop-oldest', ['7', '8', '9']],
      ['drop-newest', ['0', '1', '2']],
    ] as const)('a full buffer with %s keeps %j', async (overflow, kept) => {
      const client = make();
      await client.connect();
      const monitor = await client.monitor({ bufferSize: 3, overflow });
      for (let index = 0; index < 10; index++) await client.echo(String(index));
      await eventually(() => expect(monitor.dropped).toBe(7));
      await monitor.close();
      const got: (string | undefined)[] = [];
      for await (const { args } of monitor) got.push(args[0]);
      expect(got).toEqual(kept);
    });

    it("a full buffer with 'error' ends it with an error, after what was kept", async () => {
      const client = make();
      const admin = make();
      await admin.connect();
      const monitor = await client.monitor({ bufferSize: 1, overflow: 'error' });
      await admin.echo('1');
      await admin.echo('2');
      await eventually(() => monitor.closed);
      expect((await monitor.next()).value).toMatchObject({ command: 'ECHO', args: ['1'] });
      await expect(monitor.next()).rejects.toMatchObject({
        code: 'OVERFLOW',
        message: "The monitor's buffer of 1 commands (`bufferSize`) is full: its consumer is too slow.",
      });
      await eventually(async () => (await monitors(admin)) === 0);
    });

    it('hands commands to listeners', async () => {
      const client = make();
      const monitor = await client.monitor();
      const heard: string[] = [];
      monitor.on('command', ({ command, args }) => void heard.push(`${command} ${args.join()}`));
      await client.echo('heard');
      await eventually(() => heard.includes('ECHO heard'));
      expect(monitor.pending).toBe(0);
    });

    it('goes on after its connection was killed, and tells the gap', async () => {
      const client = make();
      const admin = make();
      const monitor = await client.monitor();
      const gaps: number[] = [];
      monitor.on('resumed', ({ gap }) => gaps.push(gap));
      await admin.echo('before');
      for (let times = 1; times <= 3; times++) {
        await killMonitors(admin);
        await eventually(() => gaps.length === times);
      }
      await admin.echo('after');
      await admin.call('TIME');
      const seen = (await readTo(monitor, 'TIME')).filter(({ command }) => command === 'ECHO');
      expect(seen.map(({ args }) => args[0])).toEqual(['before', 'after']);
      for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(0);
      expect(await monitors(admin)).toBe(1);
    });

    it('without reconnecting its end is an error', async () => {
      const client = make({ reconnect: false });
      const admin = make();
      const monitor = await client.monitor();
      await killMonitors(make());
      expect(await readAll(monitor)).toMatchObject({ name: 'RedisConnectionError' });
      expect(monitor.closed).toBe(true);
      expect(await monitors(admin)).toBe(0);
    });

    it('a user who may not gets NOPERM, also one who may no longer when it comes back', async () => {
      const admin = make();
      await admin.call('ACL', 'SETUSER', 'watcher', 'on', '>pw', '~*', '&*', '+@all', '-monitor');
      const client = make({ username: 'watcher', password: 'pw' });
      await expect(client.monitor()).rejects.toMatchObject({ code: 'NOPERM', command: 'MONITOR' });
      expect(await client.ping()).toBe('PONG');
      await admin.call('ACL', 'SETUSER', 'watcher', '+monitor');
      const monitor = await client.monitor();
      await admin.call('ACL', 'SETUSER', 'watcher', '-monitor');
      await killMonitors(admin);
      expect(await readAll(monitor)).toMatchObject({ code: 'NOPERM' });
      await admin.call('ACL', 'DELUSER', 'watcher');
    });

    it('a server that is gone without a word is noticed', async () => {
      const target = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
      const first: ConnectionPlan = { replies: [{ kind: 'stall', after: 3_000, ms: 600_000 }] };
      await using proxy = await FaultProxy.start({ target, plan: (index) => (index === 0 ? first : {}) });
      const client = make({ url: proxy.url, socketTimeout: 200 });
      const admin = make();
      const monitor = await client.monitor();
      let resumed = 0;
      monitor.on('resumed', () => resumed++);
      // more than the connection still lets through; from then on only silence tells
      await admin.echo('x'.repeat(5_000));
      await eventually(() => resumed === 1);
    });

    it('shows no PINGs of its own', async () => {
      const admin = make();
      const monitor = await make({ socketTimeout: 50 }).monitor();
      const pings = async (): Promise<number> => {
        const { commandstats } = await admin.info('commandstats');
        return Number(/^calls=(\d+),/.exec(commandstats!['cmdstat_ping']!)![1]);
      };
      await admin.ping('mine');
      const before = await pings();
      await eventually(async () => (await pings()) >= before + 3);
      await admin.echo('last');
      const shown = (await readTo(monitor, 'ECHO')).filter(
        ({ command, args }) => command === 'PING' && args.length > 0,
      );
      expect(shown.map(({ args }) => args)).toEqual([['mine']]);
    });

    it('shows no command in logs', async () => {
      const client = make();
      const monitor = await client.monitor();
      await client.set('key', 'hidden');
      await eventually(() => monitor.pending > 0);
      const { pending } = monitor;
      const stands = { closed: false, pending, dropped: 0 };
      expect(JSON.parse(JSON.stringify(monitor))).toEqual(stands);
      expect(inspect(monitor)).toBe(`Monitor ${inspect(stands)}`);
      expect(inspect(client, { depth: 10 })).not.toContain('hidden');
    });

    it('refuses wrong options, a closed client, and call()', async () => {
      const client = make();
      const wrong: [MonitorOptions, RegExp][] = [
        [{ bufferSize: 0 }, /^monitor\(\): 'bufferSize' must be a number of commands/],
        [{ overflow: 'block' as never }, /^monitor\(\): 'overflow' must be/],
        [{ signal: {} as never }, /^monitor\(\): 'signal' must be an AbortSignal/],
        [{ buffers: 1 as never }, /^monitor\(\): 'buffers' must be a boolean/],
        [{ bufferSice: 1 } as never, /did you mean 'bufferSize'\?/],
      ];
      for (const [options, message] of wrong) {
        await expect(client.monitor(options)).rejects.toThrow(TypeError);
        await expect(client.monitor(options)).rejects.toThrow(message);
      }
      await expect(client.call('MONITOR')).rejects.toThrow(/it was not sent\. Use monitor\(\)\.$/);
      expect(client.status).toBe('idle');
      await client.close();
      await expect(client.monitor()).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
});

/** Reads what waits. */
async function readUntilQuiet(monitor: Monitor): Promise<void> {
  while (monitor.pending > 0) await monitor.next();
}

/** Reads to the end, and gives the error that it is. */
async function readAll(monitor: Monitor): Promise<unknown> {
  try {
    for await (const { command } of monitor) expect(typeof command).toBe('string');
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('monitor() on servers that are none', () => {
  it('a line that cannot be read ends the connection, and monitoring goes on', async () => {
    let times = 0;
    await using fake = await FakeServer.start(({ name }) => {
      if (name !== 'MONITOR') return undefined;
      const line = ++times === 1 ? '+1.000000 [0 lua] GET\r\n' : '+1.000000 [0 lua] "GET" "k"\r\n';
      return `+OK\r\n${line}`;
    });
    await using client = new RedisClient({ host: '127.0.0.1', port: fake.port, reconnect: { delay: 1 } });
    const monitor = await client.monitor();
    let resumed = 0;
    monitor.on('resumed', () => resumed++);
    expect((await monitor.next()).value).toMatchObject({ command: 'GET', args: ['k'] });
    await eventually(() => resumed === 1);
  });

  it('without an answer it is a timeout', async () => {
    await using fake = await FakeServer.start(({ name }) => (name === 'MONITOR' ? null : undefined));
    await using client = new RedisClient({ host: '127.0.0.1', port: fake.port, commandTimeout: 50 });
    await expect(client.monitor()).rejects.toMatchObject({ name: 'RedisTimeoutError', command: 'MONITOR' });
  });
});
