import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { RedisClient, RedisPool, type RedisClientOptions, type RedisPoolOptions } from 'nestjs-redwire/core';

describe('options', () => {
  it('fills in the documented defaults', () => {
    const { options } = new RedisClient();
    expect(options).toMatchObject({
      host: 'localhost',
      port: 6379,
      database: 0,
      protocol: 'auto',
      connectTimeout: 10_000,
      commandTimeout: 5_000,
      socketTimeout: 30_000,
      blockingTimeoutBuffer: 2_000,
      reconnect: { delay: 100, factor: 2, maxDelay: 60_000, jitter: 0.25, maxAttempts: Infinity },
      queueSize: 1_000,
      autoPipelining: true,
      keyPrefix: '',
      retry: 'idempotent',
    });
  });

  it.each<[string, RedisClientOptions, Partial<RedisClient['options']>]>([
    ['redis://cache', {}, { host: 'cache', port: 6379, tls: undefined, database: 0 }],
    ['redis://cache:7000/3', {}, { host: 'cache', port: 7000, database: 3 }],
    ['rediss://cache', {}, { host: 'cache', tls: {} }],
    ['valkeys://cache', {}, { host: 'cache', tls: {} }],
    ['redis://[::1]:7000', {}, { host: '::1', port: 7000 }],
    ['redis://[::1]', { host: 'fe80::1%eth0' }, { host: 'fe80::1%eth0' }],
    ['redis+unix:///run/redis.sock?db=4', {}, { path: '/run/redis.sock', database: 4 }],
    ['redis://cache:7000/3', { database: 5, port: 7001 }, { port: 7001, database: 5 }],
    ['redis://cache', { database: undefined }, { database: 0 }],
  ])('reads %s with %o beside it', (url, beside, expected) => {
    const { options } = new RedisClient({ url, ...beside });
    for (const [name, value] of Object.entries(expected))
      expect(options[name as keyof typeof options]).toEqual(value);
  });

  it('reads what a class supplies by accessors, and checks it', () => {
    class Settings {
      readonly #port: unknown;
      constructor(port: unknown) {
        this.#port = port;
      }
      get port(): number {
        return this.#port as number;
      }
    }
    expect(new RedisClient(new Settings(7000)).options.port).toBe(7000);
    const beside = Object.assign(new Settings(7000), { url: 'redis://cache:7001' });
    expect(new RedisClient(beside).options.port).toBe(7000);
    expect(() => new RedisClient(new Settings('7000'))).toThrow(/'port' must be an integer/);
  });

  it('reads credentials for a Unix socket', async () => {
    const { options } = new RedisClient('redis+unix://app:secret@localhost/run/redis.sock');
    expect(options.path).toBe('/run/redis.sock');
    expect(await options.credentials()).toEqual({ username: 'app', password: 'secret' });
  });

  it('reads percent-encoded credentials', async () => {
    const { options } = new RedisClient('redis://us%40er:p%2Fss%3A@cache');
    expect(await options.credentials()).toEqual({ username: 'us@er', password: 'p/ss:' });
  });

  it.each<[unknown, RegExp]>([
    [{ hots: 'x' }, /Unknown Redis option 'hots': did you mean 'host'\?/],
    [{ db: 2 }, /Unknown Redis option 'db': here it is 'database'\./],
    [{ lazyConnect: true }, /'lazyConnect': a client connects at its first command/],
    [{ sentinels: [] }, /'sentinels': here it is 'sentinel: { nodes, masterName }'/],
    [{ cluster: { scaleReads: 'slave' } }, /'cluster\.scaleReads': here it is 'cluster\.readFrom'/],
    [{ cluster: { redisOptions: {} } }, /stand beside 'cluster'/],
    [{ cluster: { nodes: [null] } }, /'cluster\.nodes\[0\]' must be \{ host, port \} or 'host:port'/],
    [{ cluster: { rootNodes: [] } }, /here it is 'cluster\.nodes'/],
    [{ reconnect: { dealy: 1 } }, /'reconnect\.dealy': did you mean 'reconnect\.delay'\?/],
    [{ port: '6379' }, /'port' must be an integer from 1 to 65535, not a string/],
    [{ port: 70_000 }, /'port' must be an integer from 1 to 65535, not 70000/],
    [{ host: '' }, /'host' must be a string that is not empty/],
    [{ host: 'cache:6379' }, /'host' must be .* a port as 'port'/],
    [{ host: '[::1]' }, /'host' must be .* an IPv6 address without brackets/],
    [{ host: 'cache ' }, /'host' must be the host's name or address alone/],
    [{ commandTimeout: -1 }, /'commandTimeout' must be an integer of 0 or more/],
    [{ tls: 'yes' }, /'tls' must be true, false or TLS settings/],
    [{ tls: [] }, /'tls' must be true, false or TLS settings, not an array/],
    [
      { tls: { rejectUnauthorised: false } },
      /'tls\.rejectUnauthorised': did you mean 'tls\.rejectUnauthorized'\?/,
    ],
    [{ tls: { host: 'elsewhere' } }, /Unknown Redis option 'tls\.host'/],
    [{ retry: [] }, /'retry' must be .*, not an array/],
    [{ reconnect: [] }, /'reconnect' must be false or an object, not an array/],
    [{ protocol: 4 }, /'protocol' must be 'auto', 2 or 3/],
    [{ retry: 'always' }, /'retry' must be 'idempotent', false, a policy or a function/],
    [{ retry: { attempt: 1 } }, /'retry\.attempt': did you mean 'retry\.attempts'\?/],
    [{ retry: { backoff: 'x' } }, /'retry\.backoff' must be a number of ms or a function/],
    [{ path: '/x', host: 'y' }, /'path' and 'host'\/'port' exclude each other/],
    [{ username: 'me' }, /'username' needs a 'password'/],
    [{ credentials: () => ({}), password: 'x' }, /exclude each other/],
    [{ clientName: 'my app' }, /'clientName' may hold/],
    [{ reconnect: { jitter: 2 } }, /'reconnect\.jitter' must be a number from 0 to 1/],
    ['http://cache', /unknown scheme 'http:\/\/'/],
    ['redis://cache/one', /database that is not a number/],
    ['redis://cache?timeout=1', /unknown parameter 'timeout'/],
    ['not a uri', /is not a URI/],
    ['redis+unix:', /names no socket/],
    ['redis+unix://run/redis.sock', /a socket has no host/],
    ['redis:6379', /needs two slashes behind 'redis:'/],
    ['redis://cache/0#1', /has a '#'/],
    ['redis://cache:0', /'port' must be an integer from 1 to 65535, not 0/],
    ['redis://cache/99999999999', /'database' must be an integer from 0 to/],
    ['redis://ca%2Fche', /'host' must be the host's name/],
    [new URL('redis://cache/3'), /'port' must be an integer/],
    [['redis://cache'], /must be an object or a URI/],
  ])('refuses %j', (options, message) => {
    const make = (): RedisClient => new RedisClient(options as RedisClientOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('never shows a secret: not in errors, inspect or JSON', () => {
    const secret = 'hunter2';
    for (const url of [
      `redis://:${secret}@host:port`,
      `http://:${secret}@host`,
      `redis://:${secret}@host/x`,
      `redis://:%zz${secret}@host`,
      `redis://me:12?${secret}@host`,
      `redis://me:12#${secret}@host`,
    ]) {
      let shown = '';
      try {
        expect(new RedisClient(url)).toBeUndefined();
      } catch (error) {
        shown = inspect(error);
      }
      expect(shown).toMatch(/Redis option 'url'/);
      expect(shown).not.toContain(secret);
    }
    // a password of digits that a configuration file made a number of
    for (const name of ['password', 'username', 'url', 'keyPrefix', 'credentials', 'tls'])
      expect(() => new RedisClient({ [name]: 4711 })).toThrow(/, not a number\.$/);
    // what is a URI stands in the wrong place: a host is shown
    const misplaced = (): RedisClient => new RedisClient({ host: `redis://:${secret}@cache` });
    expect(misplaced).toThrow(/Give a URI as 'url'/);
    expect(misplaced).not.toThrow(secret);
    const client = new RedisClient({ password: secret, tls: { key: secret, passphrase: secret } });
    const pool = new RedisPool({ password: secret });
    const shown = [
      inspect(client, { depth: 9, showHidden: false }),
      inspect(client.options, { depth: 9 }),
      JSON.stringify(client.options),
      inspect(pool),
    ];
    for (const text of shown) expect(text).not.toContain(secret);
  });

  it('a client and a pool can be logged as JSON, which shows no argument of what waits', async () => {
    const client = new RedisClient({ port: 1, reconnect: false });
    const waiting = client.set('key', 'hunter2');
    expect(JSON.parse(JSON.stringify({ client }))).toEqual({
      client: { address: 'localhost:1', status: 'connecting', inFlight: 0, queued: 1 },
    });
    client.destroy();
    await expect(waiting).rejects.toThrow('not sent');
    const pool = new RedisPool();
    expect(JSON.parse(JSON.stringify({ pool }))).toEqual({ pool: pool.stats() });
  });

  it.each<[object, RegExp]>([
    [{ timout: 1 }, /'timout': did you mean 'timeout'/],
    [{ timeout: -1 }, /'timeout' must be a number of ms/],
    [{ signal: {} }, /'signal' must be an AbortSignal/],
    [{ retry: 'yes' }, /'retry' must be/],
    [{ idempotent: 1 }, /'idempotent' must be a boolean/],
  ])('with() refuses %j', (options, message) => {
    expect(() => new RedisClient().with(options)).toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ buffers: 'yes' }, /'buffers' must be a boolean/],
    [{ buffer: true }, /'buffer': did you mean 'buffers'/],
    [{ bufferSize: 0 }, /'bufferSize' must be a number of messages/],
    [{ overflow: 'drop' }, /'overflow' must be 'drop-oldest'/],
  ])('subscribe() refuses %j', async (options, message) => {
    await expect(new RedisClient().subscribe('x', options)).rejects.toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [null, /must be an object or a URI, not null/],
    [[{ host: 'x' }], /must be an object or a URI, not an array/],
    [6380, /must be an object or a URI, not a number/],
    [{ mx: 4 }, /Unknown Redis option 'mx': did you mean 'max'\?/],
    [{ max: 0, min: 0 }, /'max' \(0\) must be 1 or more/],
    [{ max: 2, min: 3 }, /no less than 'min' \(3\)/],
    [{ idleTimeout: -1 }, /'idleTimeout' must be an integer/],
    [{ hots: 'x' }, /did you mean 'host'/],
  ])('a pool refuses %j', (options, message) => {
    expect(() => new RedisPool(options as RedisPoolOptions)).toThrow(message);
  });
});
