import { inspect } from 'node:util';
import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisAbortError, type RedisMessage, RedisServerError } from 'nestjs-redwire/core';
import { eventually, FaultProxy, SERVER_KINDS, startServer, type TestServer } from '../../support/index.js';
import { clientMaker } from './support/index.js';

describe.each(SERVER_KINDS)('%s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ kind });
  });
  afterAll(() => server.stop());

  describe.each([
    [2, 'own'],
    [3, 'own'],
    [3, 'shared'],
  ] as const)('pub/sub in RESP%d, connection: %s', (protocol, subscriberConnection) => {
    const make = clientMaker(() => ({
      url: server.url,
      protocol,
      subscriberConnection,
      reconnect: { delay: 10 },
    }));
    const listenersOf = async (channel: string): Promise<number> => {
      const reply = (await make().call('PUBSUB', 'NUMSUB', channel)) as
        Record<string, number> | [string, number];
      return Array.isArray(reply) ? Number(reply[1]) : Number(reply[channel]);
    };

    afterEach(async () => {
      jest.restoreAllMocks();
    });

    it('delivers in order, and commands go on beside it', async () => {
      const client = make();
      await client.connect();
      const subscription = await client.subscribe('a', 'b');
      expect([...subscription.channels]).toEqual(['a', 'b']);
      for (let index = 0; index < 2_000; index++) void client.publish(index % 2 === 0 ? 'a' : 'b', index);
      let next = 0;
      for await (const message of subscription) {
        expect(message).toEqual({ type: 'message', channel: next % 2 === 0 ? 'a' : 'b', data: String(next) });
        if (++next === 2_000) break;
      }
      expect(subscription.closed).toBe(true);
      await eventually(async () => (await listenersOf('a')) === 0);
    });

    it('matches patterns, and shards', async () => {
      const client = make();
      const pattern = await client.psubscribe('orders.*');
      const sharded = await client.ssubscribe('shard');
      expect(await client.publish('orders.new', 'x')).toBe(1);
      await client.spublish('shard', 'y');
      expect((await pattern.next()).value).toEqual({
        type: 'pmessage',
        pattern: 'orders.*',
        channel: 'orders.new',
        data: 'x',
      });
      expect((await sharded.next()).value).toEqual({ type: 'smessage', channel: 'shard', data: 'y' });
      await sharded.unsubscribe();
      expect(await sharded.next()).toEqual({ done: true, value: undefined });
    });

    it('counts references: a channel is left with its last subscription', async () => {
      const client = make();
      const first = await client.subscribe('shared');
      const second = await client.subscribe('shared', 'own');
      expect(await listenersOf('shared')).toBe(1);
      await first.unsubscribe();
      expect(await listenersOf('shared')).toBe(1);
      await client.publish('shared', 'still');
      expect((await second.next()).value).toMatchObject({ data: 'still' });
      await second.unsubscribe('shared');
      expect(await listenersOf('shared')).toBe(0);
      expect(second.closed).toBe(false);
      expect([...second.channels]).toEqual(['own']);
      await client.publish('own', 'and mine');
      expect((await second.next()).value).toMatchObject({ data: 'and mine' });
    });

    it('a channel left and taken again at once is heard', async () => {
      const client = make();
      const first = await client.subscribe('swing');
      const leaving = first.unsubscribe();
      const second = await client.subscribe('swing');
      await leaving;
      expect(await client.publish('swing', 'heard')).toBe(1);
      expect((await second.next()).value).toMatchObject({ data: 'heard' });
    });

    it('a channel left while a script kept the server busy, and taken again after it, is heard', async () => {
      const admin = make();
      const script = make();
      await Promise.all([admin.connect(), script.connect()]);
      const threshold = await admin.configGet('busy-reply-threshold');
      await admin.configSet('busy-reply-threshold', 20);
      let refusals = 0;
      const backoff = (): number => (++refusals, 200);
      const client = make({ retry: { attempts: 1_000, backoff } });
      const first = await client.subscribe('busy', 'other');
      const running = script.eval('while true do end', 0).catch((error: unknown) => error);
      await eventually(() =>
        expect(admin.with({ retry: false }).get('k')).rejects.toMatchObject({ code: 'BUSY' }),
      );
      const leaving = first.unsubscribe();
      await eventually(() => refusals > 0);
      await admin.call('SCRIPT', 'KILL');
      expect(await running).toBeInstanceOf(RedisServerError);
      const second = await client.subscribe('busy');
      await leaving;
      expect(await admin.publish('busy', 'heard')).toBe(1);
      expect((await second.next()).value).toMatchObject({ data: 'heard' });
      await eventually(async () => (await listenersOf('other')) === 0);
      await admin.configSet(threshold);
    });

    it('is binary safe, beside a text subscription of the same channel', async () => {
      const client = make();
      const bytes = Buffer.from([0, 255, 128, 13, 10]);
      const binary = await client.subscribe(['bin'], { buffers: true });
      const text = await client.subscribe('bin');
      await client.publish('bin', bytes);
      await client.publish('bin', 'grüße');
      expect((await binary.next()).value!.data.equals(bytes)).toBe(true);
      expect((await binary.next()).value!.data.toString()).toBe('grüße');
      await text.next();
      expect((await text.next()).value).toMatchObject({ data: 'grüße' });
      await binary.unsubscribe();
      await client.publish('bin', 'text again');
      expect((await text.next()).value).toMatchObject({ data: 'text again' });
    });

    it.each(['subscribe', 'psubscribe'] as const)(
      '%s: bytes are those of one subscription: what is written into them, others do not read',
      async (method) => {
        const client = make();
        await client.connect();
        const subscriptions = await Promise.all(
          [true, true, false].map((buffers) => client[method]('mine', { buffers })),
        );
        const heard: string[] = [];
        for (const subscription of subscriptions) {
          subscription.on('message', ({ data }) => {
            heard.push(String(data));
            if (Buffer.isBuffer(data)) data.fill('x');
          });
        }
        await client.publish('mine', 'hello');
        await eventually(() => expect(heard).toEqual(['hello', 'hello', 'hello']));
      },
    );

    it('gives no bytes out of a message that was being read as text when they were asked for', async () => {
      const bytes = Buffer.alloc(2_000_000, 0xfe);
      const half = { kind: 'stall', after: 1_000_000, ms: 600_000 } as const;
      const target = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
      await using proxy = await FaultProxy.start({ target, plan: () => ({ replies: [half] }) });
      const sockets = new Set<Socket>();
      const { write } = Socket.prototype as unknown as { write: (...args: unknown[]) => boolean };
      jest.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]) {
        if (this.remotePort === proxy.port) sockets.add(this);
        return write.apply(this, args);
      });
      const client = make({ url: proxy.url });
      const text = await client.subscribe('large');
      const [socket] = sockets;
      const admin = make();
      await admin.publish('large', bytes);
      await eventually(() => socket!.bytesRead > 500_000);
      const binary = await client.subscribe(['large'], { buffers: true });
      proxy.heal();
      expect((await text.next()).value?.data).toBe(bytes.toString());
      await admin.publish('large', bytes);
      expect((await binary.next()).value?.data.equals(bytes)).toBe(true);
    });

    it.each([
      ['drop-oldest', ['7', '8', '9'], 7],
      ['drop-newest', ['0', '1', '2'], 7],
    ] as const)('a full buffer with %s keeps %j', async (overflow, kept, dropped) => {
      const client = make();
      const subscription = await client.subscribe(['full'], { bufferSize: 3, overflow });
      for (let index = 0; index < 10; index++) await client.publish('full', index);
      await eventually(() => subscription.dropped === dropped);
      const got: string[] = [];
      await subscription.unsubscribe();
      for await (const message of subscription) got.push(message.data);
      expect(got).toEqual(kept);
    });

    it("a full buffer with 'error' ends with an error after what was kept", async () => {
      const client = make();
      const subscription = await client.subscribe(['full'], { bufferSize: 1, overflow: 'error' });
      for (let index = 0; index < 3; index++) await client.publish('full', index);
      await eventually(() => subscription.closed);
      expect((await subscription.next()).value).toMatchObject({ data: '0' });
      await expect(subscription.next()).rejects.toMatchObject({ code: 'OVERFLOW' });
      expect(await subscription.next()).toEqual({ done: true, value: undefined });
    });

    it('hands messages to listeners: first what came before them, then each at once, and to loops again afterwards', async () => {
      const client = make();
      const subscription = await client.subscribe('heard');
      await client.publish('heard', '1');
      await eventually(() => subscription.pending === 1);
      const heard: string[] = [];
      const listener = ({ channel, data }: { channel: string; data: string }): void => {
        heard.push(`${channel} ${data}`);
      };
      subscription.on('message', listener);
      expect(heard).toEqual(['heard 1']);
      await client.publish('heard', '2');
      await eventually(() => heard.length === 2);
      expect(subscription.pending).toBe(0);
      subscription.off('message', listener);
      await client.publish('heard', '3');
      expect((await subscription.next()).value).toMatchObject({ data: '3' });
      expect(heard).toEqual(['heard 1', 'heard 2']);
      await subscription.unsubscribe();
    });

    it('stops at once for a listener that takes itself off, also among what waited for it', async () => {
      const client = make();
      const subscription = await client.subscribe('enough');
      for (const data of ['1', '2', '3']) await client.publish('enough', data);
      await eventually(() => subscription.pending === 3);
      const heard: string[] = [];
      const once = ({ data }: { data: string }): void => {
        heard.push(data);
        subscription.off('message', once);
      };
      subscription.on('message', once);
      expect(heard).toEqual(['1']);
      expect(subscription.pending).toBe(2);
      const twice = ({ data }: { data: string }): void => void heard.push(`again ${data}`);
      subscription.on('message', twice).on('message', twice);
      await client.publish('enough', '4');
      await eventually(() => heard.length === 5);
      expect(heard).toEqual(['1', 'again 2', 'again 3', 'again 4', 'again 4']);
      subscription.off('message', twice);
      await client.publish('enough', '5');
      await eventually(() => heard.length === 6);
      await subscription.unsubscribe();
    });

    it('shows where it stands, and no message', async () => {
      const client = make();
      const subscription = await client.subscribe('shown');
      await client.publish('shown', 'secret');
      await eventually(() => subscription.pending === 1);
      const stands = { type: 'message', channels: ['shown'], pending: 1, dropped: 0 };
      expect(inspect(subscription)).toBe(`Subscription ${inspect(stands)}`);
      expect(JSON.parse(JSON.stringify(subscription))).toEqual(stands);
      await subscription.unsubscribe();
    });

    it('is given up by its signal while the server has not confirmed it', async () => {
      const client = make();
      await (await client.subscribe('before')).unsubscribe();
      const admin = make();
      // nobody but time ends a pause of everything
      await admin.clientPause(500, 'ALL');
      const control = new AbortController();
      const subscribing = client.subscribe(['paused'], { signal: control.signal });
      control.abort('enough');
      await expect(subscribing).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
      await eventually(async () => (await listenersOf('paused')) === 0);
    });

    it('ends by its signal', async () => {
      const client = make();
      const control = new AbortController();
      const subscription = await client.subscribe(['sig'], { signal: control.signal });
      const waiting = subscription.next();
      control.abort('enough');
      await expect(waiting).rejects.toBeInstanceOf(RedisAbortError);
      await eventually(async () => (await listenersOf('sig')) === 0);
      await expect(client.subscribe(['sig'], { signal: control.signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
    });

    it('comes back after its connection is killed, all channels and patterns, and later ones too', async () => {
      const client = make();
      const admin = make();
      const subscriptions = [
        await client.subscribe(...Array.from({ length: 1_200 }, (_, index) => `c:${index}`)),
        await client.psubscribe('p.*'),
      ];
      let restored = 0;
      for (const subscription of subscriptions) subscription.on('resubscribed', () => restored++);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await eventually(() => restored === 2);
      expect(await client.publish('c:1199', 'x')).toBe(1);
      expect(await client.publish('p.1', 'y')).toBe(1);
      expect((await subscriptions[0]!.next()).value).toMatchObject({ channel: 'c:1199', data: 'x' });
      expect((await subscriptions[1]!.next()).value).toMatchObject({ channel: 'p.1', data: 'y' });
      const later = await client.subscribe('later');
      await client.publish('later', 'z');
      expect((await later.next()).value).toMatchObject({ data: 'z' });
    });

    it('tells a refusal by the ACL, and leaves nothing of it behind', async () => {
      const admin = make();
      await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '+@all', 'resetchannels', '&ok');
      const client = make({ username: 'limited', password: 'pw' });
      await expect(client.subscribe('secret')).rejects.toMatchObject({
        code: 'NOPERM',
        command: 'SUBSCRIBE',
      });
      const allowed = await client.subscribe('ok');
      await admin.publish('ok', 'x');
      expect((await allowed.next()).value).toMatchObject({ data: 'x' });
    });

    it('close() ends iterators; subscribing afterwards is refused', async () => {
      const client = make();
      const subscription = await client.subscribe('x');
      const messages: RedisMessage[] = [];
      const reading = (async () => {
        for await (const message of subscription) messages.push(message);
      })();
      await client.close();
      await reading;
      expect(messages).toEqual([]);
      await expect(client.subscribe('x')).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('refuses bad names', async () => {
      const client = make();
      await expect(client.subscribe()).rejects.toThrow(TypeError);
      await expect(client.subscribe('')).rejects.toThrow(/at least one channel/);
    });
  });
});
