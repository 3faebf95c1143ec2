import { expect, it } from '@jest/globals';
import { RedisCommands } from '../../../lib/core/commands/commands.generated.js';
import type {
  GeoMatch,
  ScoredMember,
  StreamEntries,
  StreamEntry,
} from '../../../lib/core/commands/reply-types.js';

/** Mutual, and with the parts of a union told apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** `.is<Type>(true)` compiles only where the promise is of this type and no other. */
function reply<Actual>(_call: (text: RedisCommands, bytes: RedisCommands<Buffer>) => Promise<Actual>) {
  return { is: <Expected>(_same: Same<Actual, Expected>): void => {} };
}

const key: string = 'k';

// `tsc` is the test here: nothing runs
it('replies have the types that the options of a call make', () => {
  reply((c) => c.get('k')).is<string | null>(true);
  reply((_, c) => c.get('k')).is<Buffer | null>(true);
  reply((c) => c.mget('a', 'b')).is<(string | null)[]>(true);
  reply((c) => c.hgetall('h')).is<Record<string, string>>(true);
  reply((_, c) => c.hgetall('h')).is<Record<string, Buffer>>(true);

  reply((c) => c.set('k', 'v')).is<'OK'>(true);
  reply((c) => c.set('k', 'v', 'EX', 10)).is<'OK'>(true);
  reply((c) => c.set('k', 'v', 'EX', 10, 'NX')).is<'OK' | null>(true);
  reply((c) => c.set('k', 'v', 'get', 'PX', 5)).is<string | null>(true);
  reply((_, c) => c.set('k', 'v', 'NX', 'GET')).is<Buffer | null>(true);

  reply((c) => c.lpop('l')).is<string | null>(true);
  reply((c) => c.lpop('l', 2)).is<string[] | null>(true);
  reply((c) => c.lpos('l', 'e', 'RANK', 1)).is<number | null>(true);
  reply((c) => c.lpos('l', 'e', 'RANK', 1, 'COUNT', 2)).is<number[]>(true);

  reply((c) => c.zrange('z', 0, -1, 'REV')).is<string[]>(true);
  reply((c) => c.zrange('z', 0, -1, 'REV', 'WITHSCORES')).is<ScoredMember[]>(true);
  reply((_, c) => c.zrangebyscore('z', '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 10)).is<
    ScoredMember<Buffer>[]
  >(true);
  reply((c) => c.zunion(2, key, key, 'withscores')).is<ScoredMember[]>(true);
  reply((c) => c.zadd('z', 1, key)).is<number>(true);
  reply((c) => c.zadd('z', [{ score: 1, member: key }])).is<number>(true);
  reply((c) => c.zadd('z', 'INCR', 1, key)).is<number | null>(true);
  reply((c) => c.zscore('z', 'm')).is<number | null>(true);

  reply((c) => c.geosearch('g', 'FROMMEMBER', 'm', 'BYRADIUS', 1, 'km')).is<string[]>(true);
  reply((c) => c.geosearch('g', 'FROMMEMBER', 'm', 'BYRADIUS', 1, 'km', 'WITHDIST')).is<GeoMatch[]>(true);
  reply((c) => c.sort('l', 'STORE', 'd')).is<number>(true);

  reply((c) => c.xadd('s', '*', { f: 'v' })).is<string>(true);
  reply((c) => c.xadd('s', 'NOMKSTREAM', '*', 'f', key)).is<string | null>(true);
  reply((c) => c.xrange('s', '-', '+')).is<StreamEntry[]>(true);
  reply((_, c) => c.xread('STREAMS', 's', 0)).is<StreamEntries<Buffer>[] | null>(true);
  reply((c) => c.time()).is<[seconds: number, microseconds: number]>(true);
  expect(reply).toBeDefined();
});

export function wrong(client: RedisCommands): unknown[] {
  return [
    // @ts-expect-error no key
    client.get(),
    // @ts-expect-error null cannot be stored
    client.set('k', null),
    // @ts-expect-error nor a boolean
    client.hset('h', { f: true }),
    // @ts-expect-error a member is missing
    client.zadd('z', [{ score: 1 }]),
    // @ts-expect-error no such end of a list
    client.lmove('a', 'b', 'TOP', 'LEFT'),
    // @ts-expect-error would change the connection that all share
    client.multi(),
  ];
}
