import type { Attributes, Counter, Meter } from '@opentelemetry/api';
import type { CommandInfo } from '../core/index.js';
import { BoundedCache } from './bounded-cache.js';
import { addressAttributes } from './server-attributes.js';

/** Bounds of the buckets of durations, seconds, as the conventions advise for `db.client.operation.duration`. */
export const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** The server's error words that are told apart: scripts may invent further ones. */
export const MOST_ERROR_TYPES = 100;

/**
 * The nodes of a cluster that are told apart, for each connection of the application: pods that come and go have ever new
 * addresses, and each would be a further time series.
 */
const MOST_SERVERS = 64;

type Server = Pick<CommandInfo, 'host' | 'port' | 'path'>;

/** Which connection of the application, and which server: what all metrics of our own carry. */
export function connectionAttributes(name: string, server: Server): Attributes {
  return { 'redis.connection.name': name, ...addressAttributes(server) };
}

/** What is made once for each server; past a bound, for all others together, which have no address then. */
export class PerServer<Value> implements Iterable<Value> {
  private readonly values: BoundedCache<Value>;
  private shown: Server = NOWHERE;

  constructor(make: (server: Server) => Value) {
    this.values = new BoundedCache(MOST_SERVERS, (key) =>
      make(key === keyOf(this.shown) ? this.shown : NOWHERE),
    );
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.values[Symbol.iterator]();
  }

  get(server: Server): Value {
    this.shown = server;
    return this.values.get(keyOf(server));
  }
}

const NOWHERE: Server = { host: undefined, port: undefined, path: undefined };

function keyOf({ host, port, path }: Server): string {
  return path ?? `${host}:${port}`;
}

/** Commands and attempts to connect have it in common. */
export function createErrorCounter(meter: Meter): Counter {
  return meter.createCounter('redis.errors.total', {
    description: 'Calls that failed, pipelines and transactions as one, and attempts to connect that failed.',
    unit: '{error}',
  });
}
