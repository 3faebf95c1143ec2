import { RedisClient, RedisPool } from '../../../lib/core/index.js';

const unset = process.env['NO_SUCH_VARIABLE'];
const none = undefined;

/** Options that may be undefined, as the environment's variables are; `options.types.spec.ts` compiles it. */
export const clients = [
  new RedisClient({ url: unset, host: unset, username: unset, password: unset, tls: none, retry: none }),
  new RedisClient({ credentials: () => ({ username: unset, password: unset }) }),
  new RedisClient({
    reconnect: { delay: none, maxAttempts: none },
    retry: { attempts: none, backoff: none },
  }),
  new RedisPool({ url: unset, min: none, max: none }),
];
const client = new RedisClient();
export const views = [client.with({ timeout: none, signal: none, retry: none, idempotent: none })];
export const use = (): Promise<unknown>[] => [
  client.subscribe(['a'], { buffers: none, bufferSize: none, overflow: none, signal: none }),
  client.pipeline().exec({ throwOnError: none }),
  client.connect({ deadline: none }),
  client.close({ timeout: none }),
  client.set('k', 'v', { ex: none, nx: none, get: none }),
  client.scan(0, { match: unset, count: none, type: unset }),
  client.zunionstore('d', ['a'], { weights: none, aggregate: none }),
  client.geosearch('g', { frommember: 'm', byradius: [1, 'km'], bybox: none, count: none, withdist: none }),
  client.xadd(
    's',
    '*',
    { f: 'v' },
    { maxlen: { threshold: 1, approx: none, limit: none }, nomkstream: none },
  ),
  client.bitfield('k', [{ get: ['u8', 0], set: none }]),
];
