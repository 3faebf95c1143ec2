import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import {
  type ConnectionInfo,
  RedisClient,
  type RedisClientOptions,
  RedisConnectionError,
  RedisPool,
  type SentinelOptions,
} from 'nestjs-redwire/core';
import { Partition } from '../../support/partition/index.js';
import { eventually, runScript, startSentinel, startServer, type TestSentinel } from '../../support/index.js';
import { type Call, clientMaker, errorOf, FakeServer } from './support/index.js';

/** ms; a failover takes two seconds on an idle machine. */
const PATIENCE = 30_000;

const bulks = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

/**
 * A Sentinel that names whom the test wants and tells nothing by itself, over RESP2 alone: those of the servers of these tests all
 * speak RESP3, and none of them can be made to be wrong.
 */
function startNaming(
  named: () => { readonly host: string; readonly port: number },
  listening: Call[] = [],
): Promise<FakeServer> {
  return FakeServer.start((call) => {
    const { name, args } = call;
    if (name === 'HELLO') return "-ERR unknown command 'HELLO'\r\n";
    if (name === 'SENTINEL')
      return args[0] === 'SENTINELS' ? '*0\r\n' : bulks(named().host, String(named().port));
    if (name !== 'SUBSCRIBE') return undefined;
    listening.push(call);
    return `*3\r\n$9\r\nsubscribe\r\n$${args[0]!.length}\r\n${args[0]}\r\n:1\r\n`;
  });
}

/** Nothing listens there. */
const NOBODY = { host: '127.0.0.1', port: 1 };

describe('a client that Sentinels lead', () => {
  let setup: TestSentinel;
  let partition: Partition;
  const make = clientMaker(() => ({ commandTimeout: PATIENCE }));

  beforeAll(async () => {
    setup = await startSentinel({ kind: 'redis-8.0' });
    partition = await Partition.start([...setup.servers, ...setup.sentinels]);
  });
  afterEach(() => partition.heal());
  afterAll(async () => {
    await partition?.stop();
    await setup?.stop();
  });

  const led = (sentinel: Partial<SentinelOptions> = {}, options: RedisClientOptions = {}): RedisClient =>
    make({
      ...options,
      sentinel: { nodes: setup.addresses, masterName: setup.masterName, ...sentinel },
    });
  /** A client that sees all of them by proxies. */
  const behind = (sentinel: Partial<SentinelOptions> = {}, options: RedisClientOptions = {}): RedisClient =>
    led(
      {
        nodes: setup.sentinels.map((one) => partition.addressOf(one)),
        natMap: partition.natMap,
        ...sentinel,
      },
      options,
    );
  const addressOf = ({ port }: { port: number }): string => `127.0.0.1:${port}`;
  const masterThere = async (): Promise<string> => addressOf(partition.addressOf(await setup.master()));

  describe('finds the master', () => {
    it('where the first Sentinel is dead, and opens nothing before the first command', async () => {
      const redis = led({ nodes: [NOBODY, ...setup.addresses] });
      expect(redis.status).toBe('idle');
      expect(redis.address).toBe(
        `mymaster (by Sentinels ${[NOBODY, ...setup.addresses].map(addressOf).join(', ')})`,
      );
      expect(inspect(redis)).toContain('mymaster (by Sentinels 127.0.0.1:1,');
      const started = performance.now();
      expect(await redis.set('k', 'v')).toBe('OK');
      // no timeout was waited for
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(redis.address).toBe(addressOf(await setup.master()));
    });

    it('and says for each Sentinel why it was of no help', async () => {
      const wrongName = await errorOf<RedisConnectionError>(led({ masterName: 'yourmaster' }).connect());
      expect(wrongName).toBeInstanceOf(RedisConnectionError);
      for (const address of setup.addresses)
        expect(wrongName.message).toContain(`${addressOf(address)} knows no master of that name`);
      expect(wrongName.message).toContain('sentinel.masterName');
      const nobody = await errorOf(led({ nodes: [NOBODY, { host: '127.0.0.1', port: 2 }] }).connect());
      expect(nobody.message).toMatch(/127\.0\.0\.1:1 .*ECONNREFUSED.*127\.0\.0\.1:2 .*ECONNREFUSED/s);
      expect(nobody.message).toContain('sentinel.nodes');
      const secret = 'sentinels-secret';
      const refused = await errorOf(led({ username: 'nobody', password: secret }).connect());
      expect(refused).toMatchObject({
        code: 'WRONGPASS',
        message: expect.stringContaining('sentinel.password'),
      });
      expect(inspect(refused, { depth: 9 })).not.toContain(secret);
    });

    it('through a NAT map, asked once by all that connect at the same time', async () => {
      const before = performance.now();
      const redis = behind();
      expect(
        await Promise.all([
          redis.set('k', 'through'),
          redis.multi((tx) => tx.ping()),
          redis.subscribe('news'),
        ]),
      ).toMatchObject(['OK', ['PONG'], {}]);
      expect(redis.address).toBe(await masterThere());
      // one connection to each Sentinel, whoever asked
      for (const sentinel of setup.sentinels) expect(partition.attempts(sentinel, before)).toBe(1);
    });

    it('asks nobody any more once it is closed, and ends at once where no Sentinel answers', async () => {
      const redis = behind();
      await redis.ping();
      await redis.close();
      await eventually(() => expect(partition.standing()).toBe(0));
      partition.cutOff(setup.sentinels, { existing: 'blackhole' });
      const silent = behind();
      const connected = errorOf(silent.connect({ deadline: 60_000 }));
      await eventually(() => expect(partition.standing()).toBeGreaterThan(0));
      const started = performance.now();
      await silent.close();
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(await connected).toMatchObject({ code: 'CLOSED' });
      // a proxy that carries nothing does not see either that its client has gone
      partition.heal();
      await eventually(() => expect(partition.standing()).toBe(0));
    });
  });

  it('keeps no process alive that has nothing to do, and none that has closed', async () => {
    const settings = JSON.stringify({ sentinel: { nodes: setup.addresses, masterName: setup.masterName } });
    const script = `
      import { RedisClient } from 'nestjs-redwire/core';
      const [idle, closed] = [new RedisClient(${settings}), new RedisClient(${settings})];
      idle.unref();
      await Promise.all([idle.ping(), idle.replicas.ping(), closed.ping()]);
      await closed.close();
      console.log('done');
    `;
    const { code, stdout } = await runScript(script);
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: 'done' });
  });

  it('listens on a second connection to a Sentinel that speaks RESP2 only', async () => {
    await using other = await Partition.start(setup.servers);
    const master = await setup.master();
    const [here, there] = [partition.addressOf(master), other.addressOf(master)];
    const listening: Call[] = [];
    await using sentinel = await startNaming(() => here, listening);
    const redis = led({ nodes: [{ host: '127.0.0.1', port: sentinel.port }], pollInterval: 0 });
    await redis.set('k', 'v');
    expect(redis.address).toBe(addressOf(here));
    await eventually(() => expect(listening).toHaveLength(3));
    const [{ connection, socket }] = listening as [Call];
    expect(sentinel.calls.filter(({ name }) => name === 'SENTINEL')).not.toContainEqual(
      expect.objectContaining({ connection }),
    );
    const news = `${setup.masterName} ${here.host} ${here.port} ${there.host} ${there.port}`;
    socket.write(bulks('message', '+switch-master', news));
    await eventually(() => expect(redis.address).toBe(addressOf(there)));
    expect(await redis.get('k')).toBe('v');
  });

  describe('keeps to the master', () => {
    it('while all Sentinels are gone, and tells observers which server that is', async () => {
      const redis = behind({ pollInterval: 50 });
      const commands: string[] = [];
      const connections: ConnectionInfo[] = [];
      redis.observe({
        start: ({ host, port }) => void commands.push(`${host}:${port}`),
        end: () => undefined,
      });
      redis.observeConnections({ opened: (info) => void connections.push(info) });
      await redis.set('k', '1');
      partition.cutOff(setup.sentinels, { existing: 'sever' });
      const before = performance.now();
      await eventually(() => expect(partition.attempts(setup.sentinels[0], before)).toBeGreaterThan(2));
      expect(await redis.get('k')).toBe('1');
      expect(commands).toEqual([expect.any(String), await masterThere()]);
      expect(connections.map(({ host, port }) => `${host}:${port}`)).toEqual([await masterThere()]);
    });

    it('though a Sentinel names another one that is none, without a storm of attempts', async () => {
      const [replica] = await setup.replicas();
      // this one was cut off from its fellows, so to speak: what it says is mapped to a replica
      const stale = setup.sentinels[0]!;
      const wrong = partition.addressOf(replica!);
      const redis = led({
        nodes: [partition.addressOf(stale)],
        natMap: ({ port }) =>
          port === partition.addressOf(stale).port || setup.sentinels.some((one) => one.port === port)
            ? NOBODY
            : wrong,
        pollInterval: 50,
      });
      const before = performance.now();
      const error = await errorOf(redis.connect({ deadline: 1_500 }));
      expect(error.message).toContain('is a replica, though a Sentinel named it as the master');
      // its own attempts, at 0, 100, 300 and 700 ms, and those that look ahead, one or two in a second
      const attempts = partition.attempts(replica!, before);
      expect(attempts).toBeGreaterThan(1);
      expect(attempts).toBeLessThan(15);
    });

    it('when a late +switch-master names the one of before', async () => {
      const redis = behind({ pollInterval: 0 });
      await redis.ping();
      const [replica] = await setup.replicas();
      const master = await setup.master();
      let moved = 0;
      redis.on('disconnect', () => moved++);
      const before = performance.now();
      const news = `${setup.masterName} ${master.host} ${master.port} ${replica!.host} ${replica!.port}`;
      // Sentinels let nobody publish there but themselves: so the client's own ear is told
      const { route } = redis['engine'] as unknown as {
        route: { onSwitch(address: { host: string; port: number }): void };
      };
      expect(news).toContain(String(replica!.port));
      for (let nth = 0; nth < 20; nth++) route.onSwitch(partition.addressOf(replica!));
      await eventually(() => expect(partition.attempts(replica!, before)).toBe(1));
      expect(await redis.set('k', 'still here')).toBe('OK');
      expect(redis.address).toBe(await masterThere());
      expect(moved).toBe(0);
    });
  });

  describe('follows', () => {
    it('an address that changes without a word, by polling', async () => {
      await using other = await Partition.start(setup.servers);
      let way = partition;
      const redis = led({
        natMap: (address) => way.natMap[addressOf(address)],
        pollInterval: 50,
      });
      await redis.set('k', 'one way');
      const master = await setup.master();
      expect(redis.address).toBe(addressOf(partition.addressOf(master)));
      const ended: string[] = [];
      redis.on('disconnect', ({ reason, error }) => ended.push(`${reason}: ${error.message}`));
      way = other;
      await eventually(() => expect(redis.address).toBe(addressOf(other.addressOf(master))));
      expect(await redis.get('k')).toBe('one way');
      expect(ended).toEqual([`connection_lost: Redis at ${redis.address} is the master now.`]);
    });
  });

  describe('reads from replicas', () => {
    it('and refuses writes before they are sent', async () => {
      const redis = behind();
      const { replicas } = redis;
      expect(replicas).toBe(redis.replicas);
      expect(replicas.status).toBe('idle');
      await redis.set('read', 'me');
      await redis.wait(2, 1_000);
      expect(await replicas.get('read')).toBe('me');
      const all = (await setup.replicas()).map((one) => addressOf(partition.addressOf(one)));
      expect(all).toContain(replicas.address);
      expect(await replicas.role()).toMatchObject({ 0: 'slave' });
      for (const write of [
        () => replicas.set('read', 'not'),
        () => replicas.pipeline().get('read').set('read', 'not').exec(),
        () => replicas.multi((tx) => tx.set('read', 'not')),
        () => replicas.dedicated((session) => session.set('read', 'not')),
        () => replicas.dedicated((session) => session.pipeline().get('read').set('read', 'not').exec()),
      ])
        expect(await errorOf(write())).toMatchObject({
          name: 'TypeError',
          message: expect.stringMatching(/^SET was not sent: it writes/),
        });
      expect(await replicas.multi((tx) => tx.get('read'))).toEqual(['me']);
      await redis.close();
      expect(replicas.status).toBe('closed');
      expect(await errorOf(redis.replicas.get('read'))).toMatchObject({ code: 'CLOSED' });
    });

    it('from another one when that is lost', async () => {
      const { replicas } = behind();
      await replicas.ping();
      const lost = (await setup.replicas()).find(
        (one) => addressOf(partition.addressOf(one)) === replicas.address,
      )!;
      const was = replicas.address;
      partition.cutOff([lost], { existing: 'sever' });
      await eventually(async () => expect(await replicas.get('read')).toBe('me'), { timeout: PATIENCE });
      expect(replicas.address).not.toBe(was);
      expect(await replicas.role()).toMatchObject({ 0: 'slave' });
    });

    it('from the master while none can be reached, and from one of them as soon as it can', async () => {
      const { replicas } = behind();
      await replicas.ping();
      partition.cutOff(await setup.replicas(), { existing: 'sever' });
      await eventually(async () => expect(await replicas.role()).toMatchObject({ 0: 'master' }), {
        timeout: PATIENCE,
      });
      partition.heal();
      await eventually(async () => expect(await replicas.role()).toMatchObject({ 0: 'slave' }), {
        timeout: PATIENCE,
      });
    });

    it('but not where nothing is known of any', () => {
      expect(() => make({ host: '127.0.0.1', port: 1 }).replicas).toThrow(TypeError);
      expect(() => make({ host: '127.0.0.1', port: 1 }).replicas).toThrow('`sentinel`');
    });
  });

  describe('goes on', () => {
    it('with a pool whose callers wait for a master, for `acquireTimeout` at the most', async () => {
      await using pool = new RedisPool({
        sentinel: {
          nodes: setup.sentinels.map((one) => partition.addressOf(one)),
          natMap: partition.natMap,
          masterName: setup.masterName,
        },
        max: 2,
        acquireTimeout: PATIENCE,
      });
      const write = (): Promise<string | null> => pool.use((session) => session.set('pooled', 'x'));
      await write();
      const before = performance.now();
      partition.cutOff(setup.servers, { existing: 'sever' });
      await eventually(() => expect(pool.stats().idle).toBe(0));
      const writing = [write(), write(), write()];
      const master = await setup.master();
      await eventually(() => expect(partition.attempts(master, before)).toBeGreaterThan(2));
      const stopped = errorOf(pool.acquire({ signal: AbortSignal.timeout(50) }));
      expect(await stopped).toMatchObject({ code: 'ABORTED' });
      partition.heal();
      expect(await Promise.all(writing)).toEqual(['OK', 'OK', 'OK']);
    });

    it('as soon as a server that takes no writes any more says so', async () => {
      await using old = await startServer({ kind: 'redis-8.0' });
      await using heir = await startServer({ kind: 'redis-8.0' });
      let named = old;
      await using sentinel = await startNaming(() => named);
      const redis = led({ nodes: [{ host: '127.0.0.1', port: sentinel.port }], pollInterval: 0 });
      await redis.set('k', 'v');
      const waits = redis.blpop('waits', 0);
      const timed = redis.blpop('timed', 20);
      await eventually(async () => expect((await redis.info('clients')).clients!.blocked_clients).toBe('2'));
      named = heir;
      await old.ask('REPLICAOF', heir.host, String(heir.port));
      expect(await redis.set('k', 'w')).toBe('OK');
      expect(redis.address).toBe(addressOf(heir));
      // their waits were ended, and they have taken nothing
      await redis.rpush('waits', 'one');
      await redis.rpush('timed', 'two');
      expect(await Promise.all([waits, timed])).toEqual([
        ['waits', 'one'],
        ['timed', 'two'],
      ]);
    });

    it('after any number of refusals, as long as the command has time', async () => {
      await using old = await startServer({ kind: 'redis-8.0' });
      await using heir = await startServer({ kind: 'redis-8.0' });
      let named = old;
      await using sentinel = await startNaming(() => named);
      await old.ask('REPLICAOF', heir.host, String(heir.port));
      // a user who may not ask for the role finds out by writing
      for (const server of [old, heir])
        await server.ask('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-role');
      const redis = led(
        { nodes: [{ host: '127.0.0.1', port: sentinel.port }], pollInterval: 0 },
        { username: 'app', password: 'pw' },
      );
      const refusals = async (): Promise<number> =>
        Number(/errorstat_READONLY:count=(\d+)/.exec(String(await old.ask('INFO', 'errorstats')))?.[1] ?? 0);
      const written = redis.set('k', 'v');
      await eventually(async () => expect(await refusals()).toBeGreaterThan(5), { timeout: PATIENCE });
      named = heir;
      expect(await written).toBe('OK');
      expect(redis.address).toBe(addressOf(heir));
    });

    it('but tells a command that is not to be sent again', async () => {
      const redis = led({ pollInterval: 0 }, { retry: false });
      await redis.set('k', 'v');
      const master = await setup.master();
      const [other] = await setup.replicas();
      await master.ask('REPLICAOF', other!.host, String(other!.port));
      expect(await errorOf(redis.set('k', 'w'))).toMatchObject({ code: 'READONLY' });
      await master.ask('REPLICAOF', 'NO', 'ONE');
      await eventually(async () => expect(await redis.set('k', 'x')).toBe('OK'), { timeout: PATIENCE });
      await setup.settled({ timeout: PATIENCE });
    });

    it('by Sentinels that it has learned of, after the ones that were configured died', async () => {
      const [first] = setup.sentinels;
      const redis = led({ nodes: [{ host: first!.host, port: first!.port }] });
      await redis.ping();
      await eventually(() => {
        // the name lists all that are known
        expect(redis['engine'].route.name).toContain(addressOf(setup.sentinels[2]!));
      });
      await setup.kill(first!.server);
      const old = await setup.master();
      await setup.kill(old);
      const heir = await setup.waitForPromotion(old, { timeout: PATIENCE });
      await eventually(() => expect(redis.address).toBe(addressOf(heir)), { timeout: PATIENCE });
      expect(await redis.set('k', 'learned')).toBe('OK');
      await setup.restart(first!.server);
    });
  });
});
