import type { RedisConnection } from '../redis-connection.js';
import { createCommandMeter } from './command-meter.js';
import { createCommandTracer } from './command-tracer.js';
import { createConnectionMeter } from './connection-meter.js';
import { loadOpenTelemetry } from './load-opentelemetry.js';
import { MessageTracing } from './message-tracing.js';
import { serverAttributes } from './server-attributes.js';

/**
 * Puts observers on the connections that ask for traces or metrics. Nothing is loaded where none does.
 *
 * @throws {Error} where `@opentelemetry/api` is not installed.
 */
export async function startTelemetry(connections: Iterable<RedisConnection>): Promise<void> {
  for (const connection of connections) {
    const { traces, metrics } = connection.options;
    if (!traces && !metrics) continue;
    const api = await loadOpenTelemetry(`telemetry of the Redis connection "${connection.name}"`);
    if (traces) connection.observe(createCommandTracer(api));
    if (traces) connection.messageTracing = new MessageTracing(api, serverAttributes(connection));
    if (!metrics) continue;
    connection.instrument(createConnectionMeter(api, connection.name));
    connection.instrument(createCommandMeter(api, connection.name));
  }
}
