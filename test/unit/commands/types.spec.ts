import { expect, it } from '@jest/globals';
import { RedisCommands } from '../../../lib/core/commands/commands.generated.js';
import type { SetOptions, SortOptions, ZrangeOptions } from '../../../lib/core/index.js';
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
  reply((c) => c.set('k', 'v', ['NX'])).is<'OK' | string | null>(true);
  reply((c) => c.lpos('l', 'e', ['COUNT', 2])).is<number[] | number | null>(true);
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
  reply((c) => c.geohash('g', 'm')).is<(string | null)[]>(true);
  reply((c) => c.sort('l', 'STORE', 'd')).is<number>(true);

  reply((c) => c.xadd('s', '*', { f: 'v' })).is<string>(true);
  reply((c) => c.xadd('s', 'NOMKSTREAM', '*', 'f', key)).is<string | null>(true);
  reply((c) => c.xrange('s', '-', '+')).is<StreamEntry[]>(true);
  reply((_, c) => c.xread('STREAMS', 's', 0)).is<StreamEntries<Buffer>[] | null>(true);
  reply((c) => c.time()).is<[seconds: number, microseconds: number]>(true);
  expect(reply).toBeDefined();
});

it('replies have the types that an object of options makes', () => {
  const maybe: boolean = key === 'k';
  reply((c) => c.set('k', 'v', {})).is<'OK'>(true);
  reply((c) => c.set('k', 'v', { ex: 10 })).is<'OK'>(true);
  reply((c) => c.set('k', 'v', { ex: 10, nx: true })).is<'OK' | null>(true);
  reply((c) => c.set('k', 'v', { ifeq: 'w' })).is<'OK' | null>(true);
  reply((c) => c.set('k', 'v', { get: true })).is<string | null>(true);
  reply((c) => c.set('k', 'v', { get: false })).is<'OK'>(true);
  reply((c) => c.set('k', 'v', { get: maybe })).is<string | null | 'OK'>(true);
  reply((c) => c.set('k', 'v', { nx: maybe })).is<'OK' | null>(true);
  reply((c) => c.set('k', 'v', { px: 5, ...(maybe ? { nx: true } : {}) })).is<'OK' | null>(true);
  reply((c) => c.set('k', 'v', { ex: 5, ...(maybe && { get: true, nx: true }) })).is<string | null>(true);
  reply((c) => c.set('k', 'v', { nx: false, ...(maybe ? { ex: 5 } : { px: 5 }) })).is<'OK'>(true);
  reply((c) => c.set('k', 'v', maybe ? { nx: true } : { xx: true })).is<'OK' | null>(true);
  reply((c) => c.expire('k', 5, { nx: false, ...(maybe ? { gt: true } : {}) })).is<number>(true);
  reply((_, c) => c.set('k', 'v', { get: true, px: 5 })).is<Buffer | null>(true);
  reply((c) => c.zrange('z', 0, -1, { rev: true })).is<string[]>(true);
  reply((c) => c.zrange('z', 0, -1, { rev: true, withscores: true })).is<ScoredMember[]>(true);
  reply((c) => c.zunion(['a', 'b'])).is<string[]>(true);
  reply((c) => c.zunion(['a', 'b'], { withscores: true })).is<ScoredMember[]>(true);
  reply((c) => c.zadd('z', { score: 1, member: 'a' }, { gt: true })).is<number>(true);
  reply((c) => c.zadd('z', { score: 1, member: 'a' }, { incr: true })).is<number | null>(true);
  reply((c) => c.lpos('l', 'e', { rank: 1 })).is<number | null>(true);
  reply((c) => c.lpos('l', 'e', { count: 0 })).is<number[]>(true);
  reply((c) => c.xadd('s', '*', { f: 'v' }, { maxlen: 10 })).is<string>(true);
  reply((c) => c.xadd('s', '*', { f: 'v' }, { nomkstream: true })).is<string | null>(true);
  reply((c) => c.xread({ s: '$' }, { block: 10 })).is<StreamEntries[] | null>(true);
  reply((c) => c.geosearch('g', { frommember: 'm', byradius: [1, 'km'] })).is<string[]>(true);
  reply((c) => c.geosearch('g', { frommember: 'm', byradius: [1, 'km'], withdist: true })).is<GeoMatch[]>(
    true,
  );
  reply((c) => c.hgetex('h', ['f'], { ex: 5 })).is<(string | null)[]>(true);
});

it('options that came from elsewhere make every reply possible that they may ask for', () => {
  const set: SetOptions = {};
  const zrange: ZrangeOptions = {};
  const sort: SortOptions = {};
  reply((c) => c.set('k', 'v', set as SetOptions)).is<string | null>(true);
  reply((_, c) => c.set('k', 'v', set as SetOptions)).is<Buffer | 'OK' | null>(true);
  reply((c) => c.zrange('z', 0, -1, zrange)).is<string[] | ScoredMember[]>(true);
  reply((c) => c.sort('l', sort)).is<(string | null)[] | number>(true);
  expect(set).toEqual(zrange);
});

export function wrongOptions(client: RedisCommands): unknown[] {
  return [
    // @ts-expect-error they exclude each other
    client.set('k', 'v', { nx: true, xx: true }),
    // @ts-expect-error so do these
    client.set('k', 'v', { ex: 10, keepttl: true }),
    // @ts-expect-error no such option
    client.set('k', 'v', { exx: 10 }),
    // @ts-expect-error nor beside one that there is
    client.set('k', 'v', { ex: 10, gett: true }),
    // @ts-expect-error seconds, not a switch
    client.set('k', 'v', { ex: true }),
    // @ts-expect-error no such option
    client.scan(0, { matches: 'a*' }),
    // @ts-expect-error two of three
    client.zadd('z', { score: 1, member: 'a' }, { gt: true, lt: true }),
    // @ts-expect-error no such unit
    client.geosearch('g', { frommember: 'm', byradius: [1, 'miles'] }),
    // @ts-expect-error a shape is needed
    client.geosearch('g', { frommember: 'm' }),
    // @ts-expect-error ANY goes with COUNT
    client.geosearch('g', { frommember: 'm', byradius: [1, 'm'], any: true }),
    // @ts-expect-error an end without a start
    client.bitcount('k', { end: 1 }),
    // @ts-expect-error a threshold is needed
    client.xadd('s', '*', { f: 'v' }, { maxlen: { approx: true } }),
    // @ts-expect-error one way of trimming
    client.xtrim('s', { maxlen: 1, minid: '1-1' }),
    // @ts-expect-error no such operation
    client.bitfield('k', [{ put: ['u8', 0] }]),
    // @ts-expect-error two in one
    client.bitfield('k', [{ get: ['u8', 0], set: ['u8', 0, 1] }]),
  ];
}

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
