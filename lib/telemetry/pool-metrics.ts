import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import type { RedisPoolStats } from '../core/index.js';
import type { Gauges, Observe } from './gauges.js';
import { DURATION_BUCKETS } from './metric-conventions.js';
import { wantsFormerNames } from './semantic-conventions.js';

/** What a caller of a pool, or a connection, took: ms. */
export interface PoolMetrics {
  created(pool: string, duration: number): void;
  waited(pool: string, duration: number): void;
  used(pool: string, duration: number): void;
  timedOut(pool: string): void;
  /** What there is at this moment. */
  observe(observe: Observe, pool: string, stats: RedisPoolStats): void;
}

/** How one version of the conventions names it. */
interface Naming {
  readonly prefix: string;
  /** The prefix does not go before all of them: of 1.24 this is its own. */
  readonly count: string;
  readonly poolName: string;
  readonly state: string;
  /** Unit of durations, and how many ms are one. */
  readonly unit: { readonly name: 's' | 'ms'; readonly ms: number };
}

const PRESENT: Naming = {
  prefix: 'db.client.connection',
  count: 'count',
  poolName: 'db.client.connection.pool.name',
  state: 'db.client.connection.state',
  unit: { name: 's', ms: 1_000 },
};

/** Those of 1.24, the last before the database conventions became stable. */
const FORMER: Naming = {
  prefix: 'db.client.connections',
  count: 'usage',
  poolName: 'pool.name',
  state: 'state',
  unit: { name: 'ms', ms: 1 },
};

/** The metrics of connection pools by OpenTelemetry's conventions, under the older names also where these are asked for. */
export function createPoolMetrics(meter: Meter, gauges: Gauges): PoolMetrics {
  const present = createFor(meter, gauges, PRESENT);
  if (!wantsFormerNames()) return present;
  const former = createFor(meter, gauges, FORMER);
  return {
    created: (...given) => both((metrics) => metrics.created(...given)),
    waited: (...given) => both((metrics) => metrics.waited(...given)),
    used: (...given) => both((metrics) => metrics.used(...given)),
    timedOut: (...given) => both((metrics) => metrics.timedOut(...given)),
    observe: (...given) => both((metrics) => metrics.observe(...given)),
  };

  function both(call: (metrics: PoolMetrics) => void): void {
    call(present);
    call(former);
  }
}

function createFor(
  meter: Meter,
  gauges: Gauges,
  { prefix, count, poolName, state, unit }: Naming,
): PoolMetrics {
  const histogram = (name: string, description: string): Histogram =>
    meter.createHistogram(`${prefix}.${name}`, {
      description,
      unit: unit.name,
      advice: {
        explicitBucketBoundaries: DURATION_BUCKETS.map((seconds) => (seconds * 1_000) / unit.ms),
      },
    });
  const created = histogram('create_time', 'The time it took to create a new connection.');
  const waited = histogram('wait_time', 'The time it took to obtain an open connection from the pool.');
  const used = histogram('use_time', 'The time between borrowing a connection and returning it to the pool.');
  const timeouts = meter.createCounter(`${prefix}.timeouts`, {
    description: 'Callers that got no connection from the pool in their time.',
    unit: '{timeout}',
  });
  const connections = gauges.create(`${prefix}.${count}`, '{connection}', 'Connections of a pool by state.');
  const idleMax = gauges.create(`${prefix}.idle.max`, '{connection}', 'Idle connections at the most.');
  const idleMin = gauges.create(`${prefix}.idle.min`, '{connection}', 'Connections kept, also when idle.');
  const max = gauges.create(`${prefix}.max`, '{connection}', 'Connections at the most.');
  const pending = gauges.create(
    `${prefix}.pending_requests`,
    '{request}',
    'Callers that wait for a connection.',
  );
  const of = (pool: string): Attributes => ({ [poolName]: pool });
  return {
    created: (pool, duration) => created.record(duration / unit.ms, of(pool)),
    waited: (pool, duration) => waited.record(duration / unit.ms, of(pool)),
    used: (pool, duration) => used.record(duration / unit.ms, of(pool)),
    timedOut: (pool) => timeouts.add(1, of(pool)),
    observe(observe, pool, stats) {
      observe(connections, stats.idle, { ...of(pool), [state]: 'idle' });
      observe(connections, stats.active, { ...of(pool), [state]: 'used' });
      // none is closed for being one too many
      observe(idleMax, stats.max, of(pool));
      observe(idleMin, stats.min, of(pool));
      observe(max, stats.max, of(pool));
      observe(pending, stats.waiting, of(pool));
    },
  };
}
