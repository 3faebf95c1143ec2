import type { Attributes } from '@opentelemetry/api';
import { RedisServerError, type CommandInfo, type CommandObserver } from '../core/index.js';
import type { Instrument } from '../redis-connection.js';
import { BoundedCache } from './bounded-cache.js';
import { Gauges } from './gauges.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import {
  connectionAttributes,
  createErrorCounter,
  DURATION_BUCKETS,
  MOST_ERROR_TYPES,
  PerServer,
} from './metric-conventions.js';
import { commandAttributes, errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Bounds of the buckets for commands sent as one. */
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Redis has some 400 commands, modules add to them. */
const MOST_OPERATIONS = 1_000;

/** An operation's series. The attributes are made once, for every command has them. */
interface Operation {
  /** Of our own metrics. */
  readonly own: Attributes;
  /** Of those that the conventions define. */
  readonly conventional: Attributes;
  /** Commands that the counter has not been told of yet. */
  uncounted: number;
}

/** A command or batch that runs. */
interface Measurement {
  /** ms. */
  readonly started: number;
  readonly info: CommandInfo;
}

/**
 * Counts and measures the commands of a client or pool, from call to reply. An SDK looks up the series by its attributes for
 * each value that it is told, which costs more than the command itself: so commands are counted here, and the counter is told
 * when somebody collects.
 */
export function createCommandMeter(api: OpenTelemetryApi, connection: string): Instrument {
  const meter = api.metrics.getMeter(LIBRARY_NAME, LIBRARY_VERSION);
  const gauges = Gauges.of(meter);
  const advice = { explicitBucketBoundaries: DURATION_BUCKETS };
  const conventional = meter.createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
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
  const errorTypes = new BoundedCache<string>(MOST_ERROR_TYPES, (type) => type);

  let shown: CommandInfo;
  const servers = new PerServer(
    (server) =>
      new BoundedCache<Operation>(MOST_OPERATIONS, (name) => ({
        own: { ...connectionAttributes(connection, server), 'db.operation.name': name },
        conventional: {
          ...commandAttributes({ ...shown, ...pickAddress(server), name, batchSize: undefined }),
          'redis.connection.name': connection,
        },
        uncounted: 0,
      })),
  );
  // commands of one kind have one info, each batch has its own
  const known = new WeakMap<CommandInfo, Operation>();
  const operationOf = (info: CommandInfo): Operation => {
    shown = info;
    const operation = servers.get(info).get(info.name);
    if (info.batchSize === undefined) known.set(info, operation);
    return operation;
  };
  const tellCounter = (): void => {
    for (const operations of servers) {
      for (const operation of operations) {
        if (operation.uncounted === 0) continue;
        commands.add(operation.uncounted, operation.own);
        operation.uncounted = 0;
      }
    }
  };
  const fail = (seconds: number, operation: Operation, error: Error): void => {
    const description = errorAttributes(error);
    const type = errorTypes.get(description['error.type']);
    const failed = { ...operation.own, 'error.type': type };
    errors.add(1, failed);
    duration.record(seconds, failed);
    if ('db.response.status_code' in description) description['db.response.status_code'] = type;
    conventional.record(seconds, { ...operation.conventional, ...description, 'error.type': type });
  };

  return (part) => {
    let isOver = false;
    const observer: CommandObserver<Measurement> = {
      start: (info) => ({ started: performance.now(), info }),
      end({ started, info }, error) {
        const seconds = (performance.now() - started) / 1_000;
        const operation = known.get(info) ?? operationOf(info);
        if (info.batchSize === undefined) operation.uncounted++;
        else {
          batches.record(info.batchSize, operation.own);
          const operations = servers.get(info);
          for (const name of info.commandNames) operations.get(name).uncounted++;
        }
        if (error === undefined || isMended(info, error)) {
          duration.record(seconds, operation.own);
          conventional.record(seconds, operation.conventional);
        } else fail(seconds, operation, error);
        // what closing has failed may be told of after it
        if (isOver) tellCounter();
      },
    };
    const stopObserving = part.observe(observer);
    const stopCounting = gauges.add(tellCounter);
    return () => {
      isOver = true;
      stopObserving();
      stopCounting();
      tellCounter();
    };
  };
}

/** A server may be an info, which says more than where it is. */
function pickAddress({ host, port, path }: Pick<CommandInfo, 'host' | 'port' | 'path'>) {
  return { host, port, path };
}

/** EVAL follows by itself. */
function isMended({ isTentative }: CommandInfo, error: Error): boolean {
  return isTentative === true && error instanceof RedisServerError && error.code === 'NOSCRIPT';
}
