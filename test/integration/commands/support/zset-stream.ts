import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisClient, RedisServerError } from 'nestjs-redwire/core';
import {
  eventually,
  SERVER_KINDS,
  type ServerKind,
  startServer,
  type TestServer,
} from '../../../support/index.js';

const names = (list: string): readonly string[] => list.split(/,\s+/);

/**
 * Which file tests which commands. Each file proves that it had the server run all of its own; together they are the
 * groups of commands.json whole, which a unit test compares.
 */
export const CLAIMS = {
  'sorted-sets':
    names(`ZADD, ZCARD, ZCOUNT, ZINCRBY, ZMSCORE, ZRANDMEMBER, ZRANK, ZREM, ZREVRANK, ZSCAN, ZSCORE,
    BZMPOP, BZPOPMAX, BZPOPMIN, ZMPOP, ZPOPMAX, ZPOPMIN`),
  'sorted-set-ranges':
    names(`ZRANGE, ZRANGEBYLEX, ZRANGEBYSCORE, ZRANGESTORE, ZLEXCOUNT, ZREVRANGE, ZREVRANGEBYLEX,
    ZREVRANGEBYSCORE, ZREMRANGEBYLEX, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZDIFF, ZDIFFSTORE, ZINTER, ZINTERCARD,
    ZINTERSTORE, ZUNION, ZUNIONSTORE`),
  streams: names('XADD, XDEL, XINFO HELP, XINFO STREAM, XLEN, XRANGE, XREAD, XREVRANGE, XSETID, XTRIM'),
  'stream-groups': names(`XACK, XAUTOCLAIM, XCLAIM, XGROUP CREATE, XGROUP CREATECONSUMER, XGROUP DELCONSUMER,
    XGROUP DESTROY, XGROUP HELP, XGROUP SETID, XINFO CONSUMERS, XINFO GROUPS, XPENDING, XREADGROUP`),
  geo: names(`GEOADD, GEODIST, GEOHASH, GEOPOS, GEORADIUS, GEORADIUSBYMEMBER, GEORADIUSBYMEMBER_RO, GEORADIUS_RO,
    GEOSEARCH, GEOSEARCHSTORE`),
  'pubsub-commands': names(`PSUBSCRIBE, PUBLISH, PUBSUB CHANNELS, PUBSUB HELP, PUBSUB NUMPAT, PUBSUB NUMSUB,
    PUBSUB SHARDCHANNELS, PUBSUB SHARDNUMSUB, PUNSUBSCRIBE, SPUBLISH, SSUBSCRIBE, SUBSCRIBE, SUNSUBSCRIBE,
    UNSUBSCRIBE`),
};

/** What the tests of one server in one protocol stand on. */
export interface Ground {
  readonly kind: ServerKind;
  readonly protocol: 2 | 3;
  /** The client under test. Every test begins with an empty server. */
  readonly client: RedisClient;
  /** Another client of the same server. */
  readonly other: RedisClient;
}

/** Runs `tests` on every server over both protocols, then asks the server whether it ran all commands of `file`. */
export function describeCommands(file: keyof typeof CLAIMS, tests: (ground: Ground) => void): void {
  describe.each(SERVER_KINDS)('%s', (kind) => {
    let server: TestServer;

    beforeAll(async () => {
      server = await startServer({ kind });
    });
    afterAll(() => server.stop());

    describe.each([2, 3] as const)('in RESP%d', (protocol) => {
      let client: RedisClient;
      let other: RedisClient;

      beforeAll(async () => {
        client = new RedisClient({ url: server.url, protocol });
        other = new RedisClient({ url: server.url, protocol });
        await other.configResetstat();
      });
      beforeEach(() => other.flushall());
      afterAll(() => Promise.all([client.close(), other.close()]));

      tests({
        kind,
        protocol,
        get client() {
          return client;
        },
        get other() {
          return other;
        },
      });

      it('the server ran every command that this file claims', async () => {
        const { commandstats = {} } = await other.info('commandstats');
        expect(CLAIMS[file].filter((name) => !succeeded(commandstats, name))).toEqual([]);
      });
    });
  });
}

/** Did the server carry out a command at least once? Refused calls do not count. */
function succeeded(stats: Readonly<Record<string, string>>, name: string): boolean {
  const line = stats[`cmdstat_${name.toLowerCase().replace(' ', '|')}`] ?? '';
  const figure = (of: string): number => Number(new RegExp(`(?:^|,)${of}=(\\d+)`).exec(line)?.[1] ?? 0);
  return figure('calls') > figure('failed_calls');
}

/** What the server said no with. */
export async function refusal(call: Promise<unknown>): Promise<RedisServerError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RedisServerError);
  return error as RedisServerError;
}

/** Expects WRONGTYPE from every call, with the name of the command that got it. */
export async function expectWrongType(calls: Readonly<Record<string, Promise<unknown>>>): Promise<void> {
  const codes = await Promise.all(
    Object.values(calls).map(async (call) => {
      const { code, command } = await refusal(call);
      return [command, code];
    }),
  );
  expect(codes).toEqual(Object.keys(calls).map((name) => [name, 'WRONGTYPE']));
}

/**
 * The answer to a command that waits on the server: the write comes only when the server says that somebody waits.
 */
export async function answerTo<Answer>(
  { other }: Ground,
  waiting: Promise<Answer>,
  write: () => Promise<unknown>,
): Promise<Answer> {
  waiting.catch(() => undefined); // it is the caller's to see, after the wait below
  await eventually(async () => (await other.info('clients')).clients?.blocked_clients === '1');
  await write();
  return waiting;
}
