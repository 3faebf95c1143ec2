import type { Attributes } from '@opentelemetry/api';
import type { CommandInfo, CommandObserver } from '../core/index.js';
import { BoundedCache } from './bounded-cache.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import {
  connectionAttributes,
  createErrorCounter,
  DURATION_BUCKETS,
  MOST_ERROR_TYPES,
} from './metric-conventions.js';
import { commandAttributes, errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Bounds of the buckets for commands sent as one. */
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Redis has some 400 commands, modules add to them. */
const MOST_OPERATIONS = 1_000;

/** The attributes of an operation's series: made once, for every command has them. */
interface Operation {
  /** Of our own metrics. */
  readonly own: Attributes;
  /** Of those that the conventions define. */
  readonly conventional: Attributes;
}

/** A command or batch that runs. */
interface Measurement {
  /** ms. */
  readonly started: number;
  readonly info: CommandInfo;
}

/** Counts and measures the commands of one connection, from call to reply. */
export function createCommandMeter(api: OpenTelemetryApi, connection: string): CommandObserver<Measurement> {
  const meter = api.metrics.getMeter(LIBRARY_NAME, LIBRARY_VERSION);
  const advice = { explicitBucketBoundaries: DURATION_BUCKETS };
  const conventional = meter.createHistogram('db.client.operation.duration', {
    description:
      'Duration of database client operations: from the call of a Redis command, pipeline or transaction to its reply.',
    unit: 's',
    advice,
  });
  const duration = meter.createHistogram('redis.commands.duration', {
    description: 'Time from the call of a command, pipeline or transaction to its reply.',
    unit: 's',
    advice,
  });
  const commands = meter.createCounter('redis.commands.total', {
    description: 'Commands that were answered or failed, each of a pipeline or transaction by itself.',
    unit: '{command}',
  });
  const errors = createErrorCounter(meter);
  const batches = meter.createHistogram('redis.pipeline.size', {
    description: 'Commands of a pipeline or transaction.',
    unit: '{command}',
    advice: { explicitBucketBoundaries: SIZE_BUCKETS },
  });

  let shown: CommandInfo;
  const operations = new BoundedCache<Operation>(MOST_OPERATIONS, (name) => {
    const info = { ...shown, name, batchSize: undefined };
    return {
      own: { ...connectionAttributes(connection, info), 'db.operation.name': name },
      conventional: { ...commandAttributes(info), 'redis.connection.name': connection },
    };
  });
  const errorTypes = new BoundedCache<string>(MOST_ERROR_TYPES, (type) => type);

  return {
    start: (info) => ({ started: performance.now(), info }),
    end({ started, info }, error) {
      const seconds = (performance.now() - started) / 1_000;
      shown = info;
      const operation = operations.get(info.name);
      if (info.batchSize === undefined) commands.add(1, operation.own);
      else {
        batches.record(info.batchSize, operation.own);
        for (const [name, count] of countByName(info.commandNames))
          commands.add(count, operations.get(name).own);
      }
      if (error === undefined) {
        duration.record(seconds, operation.own);
        conventional.record(seconds, operation.conventional);
        return;
      }
      const description = errorAttributes(error);
      const type = errorTypes.get(description['error.type']);
      const failed = { ...operation.own, 'error.type': type };
      errors.add(1, failed);
      duration.record(seconds, failed);
      if ('db.response.status_code' in description) description['db.response.status_code'] = type;
      conventional.record(seconds, { ...operation.conventional, ...description, 'error.type': type });
    },
  };
}

function countByName(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
