/**
 * Every client that is measured. An adapter is
 *
 *   name, label   what the command line and the tables call it
 *   role          'ours' | 'peer' | 'floor'
 *   package       the package whose version the report names, or null
 *   load()        imports the package: nothing else imports it, so that the import can be timed
 *   connect(module, { host, port }, scenario)   gives the connected client
 *   connectCluster(module, addresses, scenario)   the same for a cluster, where the client knows one
 *
 * and that client has get, set, mget, hgetall, lrange, pipelineGet(keys), transaction(key, value), poolGet(key),
 * block(count, key), subscribe(channels, onMessage) and close(): one thin closure each, in the client's usual way, values as text. A call that a client does not have is left out.
 */
import { floorCount } from './floor-count.mjs';
import { floorPromise } from './floor-promise.mjs';
import { glide } from './glide.mjs';
import { ioredis, ioredisAuto } from './ioredis.mjs';
import { iovalkey, iovalkeyAuto } from './iovalkey.mjs';
import { nodeRedis, nodeRedisNoTimeouts } from './node-redis.mjs';
import { redwire } from './redwire.mjs';

export const CLIENTS = [
  redwire,
  ioredis,
  ioredisAuto,
  iovalkey,
  iovalkeyAuto,
  nodeRedis,
  nodeRedisNoTimeouts,
  glide,
  floorCount,
  floorPromise,
];

export function findClient(name) {
  const client = CLIENTS.find((candidate) => candidate.name === name);
  if (client) return client;
  throw new Error(`No client "${name}". There are: ${CLIENTS.map((candidate) => candidate.name).join(', ')}`);
}
