import type { Attributes } from '@opentelemetry/api';
import {
  RedisPool,
  type ConnectionInfo,
  type ConnectionObserver,
  type ConnectionRole,
} from '../core/index.js';
import type { Instrument } from '../redis-connection.js';
import { BoundedCache } from './bounded-cache.js';
import { Gauges } from './gauges.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import {
  connectionAttributes,
  createErrorCounter,
  MOST_ERROR_TYPES,
  PerServer,
} from './metric-conventions.js';
import { createPoolMetrics } from './pool-metrics.js';
import { errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';
import { fixedAttributes } from './server-attributes.js';

/** `db.operation.name` of what failed before there was a command. */
const CONNECT = 'CONNECT';

/** Counts and measures the connections of a client and a pool, from the outside: nothing is done for a command. */
export function createConnectionMeter(api: OpenTelemetryApi, name: string): Instrument {
  const meter = api.metrics.getMeter(LIBRARY_NAME, LIBRARY_VERSION);
  const gauges = Gauges.of(meter);
  const active = gauges.create('redis.connections.active', '{connection}', 'Connections that are ready.');
  const pools = createPoolMetrics(meter, gauges);
  const opened = meter.createCounter('redis.connections.total', {
    description: 'Connections that were opened.',
    unit: '{connection}',
  });
  const ended = meter.createCounter('redis.disconnects.total', {
    description: 'Connections that ended, by reason.',
    unit: '{connection}',
  });
  const reconnects = meter.createCounter('redis.reconnects.total', {
    description: 'Attempts to put another connection in the place of one that was lost.',
    unit: '{attempt}',
  });
  const errors = createErrorCounter(meter);
  const errorTypes = new BoundedCache<string>(MOST_ERROR_TYPES, (type) => type);

  return (part) => {
    // of a cluster all nodes together
    const all = { 'redis.connection.name': name, ...fixedAttributes(part.options) };
    const servers = new PerServer((server) => connectionAttributes(name, server));
    const ofRole = (info: ConnectionInfo): Attributes => ({
      ...servers.get(info),
      'redis.connection.role': info.role,
    });
    // the pool has the connection's own name; what a client has beside it, names of their own
    const poolName = (role: ConnectionRole): string => {
      if (role !== 'pooled') return `${name}.${role}`;
      return part instanceof RedisPool ? name : `${name}.dedicated`;
    };
    const observer: ConnectionObserver = {
      opened(info, { duration, isReconnect }) {
        opened.add(1, ofRole(info));
        if (isReconnect) reconnects.add(1, ofRole(info));
        pools.created(poolName(info.role), duration);
      },
      failed(info, error, { isReconnect }) {
        // whoever closes meant it so
        if (error.code === 'CLOSED') return;
        const type = { 'error.type': errorTypes.get(errorAttributes(error)['error.type']) };
        errors.add(1, { ...servers.get(info), 'db.operation.name': CONNECT, ...type });
        if (isReconnect) reconnects.add(1, { ...ofRole(info), ...type });
      },
      closed: (info, { reason }) => ended.add(1, { ...ofRole(info), 'redis.disconnect.reason': reason }),
      lent: ({ role }, wait) => pools.waited(poolName(role), wait),
      lendingTimedOut: ({ role }) => pools.timedOut(poolName(role)),
      returned: ({ role }, use) => pools.used(poolName(role), use),
    };
    const stopObserving = part.observeConnections(observer);
    const stopGauges = gauges.add((observe) => {
      const { open, lending } = part.connectionStats();
      for (const [role, count] of Object.entries(open))
        observe(active, count, { ...all, 'redis.connection.role': role });
      pools.observe(observe, poolName('pooled'), lending);
    });
    return () => {
      stopObserving();
      stopGauges();
    };
  };
}
