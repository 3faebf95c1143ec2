import type { Attributes, Counter, Meter } from '@opentelemetry/api';
import type { CommandInfo } from '../core/index.js';
import { addressAttributes } from './server-attributes.js';

/** Bounds of the buckets of durations, seconds, as the conventions advise for `db.client.operation.duration`. */
export const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** The server's error words that are told apart: scripts may invent further ones. */
export const MOST_ERROR_TYPES = 100;

/** Which connection of the application, and which server: what all metrics of our own carry. */
export function connectionAttributes(
  name: string,
  server: Pick<CommandInfo, 'host' | 'port' | 'path'>,
): Attributes {
  return { 'redis.connection.name': name, ...addressAttributes(server) };
}

/** Commands and attempts to connect have it in common. */
export function createErrorCounter(meter: Meter): Counter {
  return meter.createCounter('redis.errors.total', {
    description: 'Calls that failed, pipelines and transactions as one, and attempts to connect that failed.',
    unit: '{error}',
  });
}
