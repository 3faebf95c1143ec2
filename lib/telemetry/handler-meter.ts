import type {
  Attributes,
  BatchObservableCallback,
  Counter,
  Histogram,
  Meter,
  Observable,
} from '@opentelemetry/api';
import type { RedisConnection } from '../redis-connection.js';
import { attempt } from './attempt.js';
import { BoundedCache } from './bounded-cache.js';
import { loadOpenTelemetry, type OpenTelemetryApi } from './load-opentelemetry.js';
import { MOST_ERROR_TYPES } from './metric-conventions.js';
import { serverAttributes } from './server-attributes.js';
import { errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Bounds of the histogram's buckets, seconds, as the conventions advise. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What is measured: a method that is given messages, or entries of a stream. */
export interface MeasuredHandler {
  readonly className: string;
  readonly methodName: string;
  readonly connection: Pick<RedisConnection, 'injectedClient'>;
}

/** Where messages come from. Of channels that match a pattern there is no end, so that these count by the pattern. */
export type MessageSource =
  | { readonly channel: string }
  | { readonly pattern: string }
  | { readonly stream: string; readonly group: string };

/** How many messages were lost, wait and are in work. */
export interface Backlog {
  readonly dropped: number;
  readonly waiting: number;
  readonly inFlight: number;
  /** Entries of a stream that were given up. */
  readonly deadLettered?: number;
}

/**
 * Measures handlers of messages and of entries: `messaging.client.consumed.messages` and `messaging.process.duration` of the
 * conventions, and what is lost, waits and is in work, for which they have no names.
 */
export class HandlerMeter {
  private readonly consumed: Counter;
  private readonly duration: Histogram;
  private readonly errorTypes = new BoundedCache<string>(MOST_ERROR_TYPES, (type) => type);
  private readonly meter: Meter;
  private readonly observed: Observable[];
  private readonly observe: BatchObservableCallback;
  private readonly watched: { readonly attributes: () => Attributes; readonly backlog: () => Backlog }[] = [];

  /**
   * The one way to make one. The declarations of what is public lead here, and must hold where `@opentelemetry/api` is not installed:
   * those of a private constructor name no types.
   *
   * @throws {Error} where it is not.
   */
  static async load(asker: string): Promise<HandlerMeter> {
    return new HandlerMeter(await loadOpenTelemetry(asker));
  }

  private constructor(api: OpenTelemetryApi) {
    const meter = api.metrics.getMeter(LIBRARY_NAME, LIBRARY_VERSION);
    this.meter = meter;
    this.consumed = meter.createCounter('messaging.client.consumed.messages', {
      description: 'Messages that were given to a handler.',
      unit: '{message}',
    });
    this.duration = meter.createHistogram('messaging.process.duration', {
      description: 'Time that a handler took for a message.',
      unit: 's',
      advice: { explicitBucketBoundaries: BUCKETS },
    });
    const dropped = meter.createObservableCounter('redis.messages.dropped', {
      description: 'Messages that were lost: too many waited for a handler, or a stream was trimmed.',
      unit: '{message}',
    });
    const waiting = meter.createObservableUpDownCounter('redis.messages.waiting', {
      description: 'Messages that wait for a handler.',
      unit: '{message}',
    });
    const inFlight = meter.createObservableUpDownCounter('redis.messages.in_flight', {
      description: 'Messages that a handler is at work on.',
      unit: '{message}',
    });
    const deadLettered = meter.createObservableCounter('redis.messages.dead_lettered', {
      description: 'Entries that were given up after as many deliveries as they may have.',
      unit: '{message}',
    });
    this.observed = [dropped, waiting, inFlight, deadLettered];
    this.observe = (result) => {
      for (const handler of this.watched) {
        const attributes = handler.attributes();
        const backlog = handler.backlog();
        result.observe(dropped, backlog.dropped, attributes);
        result.observe(waiting, backlog.waiting, attributes);
        result.observe(inFlight, backlog.inFlight, attributes);
        if (backlog.deadLettered !== undefined)
          result.observe(deadLettered, backlog.deadLettered, attributes);
      }
    };
    meter.addBatchObservableCallback(this.observe, this.observed);
  }

  /** Reads a handler's backlog whenever metrics are collected. @param source of whatever may be in it. */
  watch(handler: MeasuredHandler, source: MessageSource, backlog: () => Backlog): void {
    this.watched.push({ attributes: () => messageAttributes(handler, source), backlog });
  }

  /** @param took ms. */
  record(
    handler: MeasuredHandler,
    source: MessageSource,
    took: number,
    failure: { readonly error: unknown } | undefined,
  ): void {
    const attributes = messageAttributes(handler, source);
    attempt(() => {
      this.consumed.add(1, attributes);
      this.duration.record(
        took / 1_000,
        failure === undefined
          ? attributes
          : {
              ...attributes,
              'error.type': this.errorTypes.get(errorAttributes(failure.error)['error.type']),
            },
      );
    });
  }

  /** Reads the handlers no longer. */
  stop(): void {
    this.meter.removeBatchObservableCallback(this.observe, this.observed);
  }
}

function messageAttributes(
  { className, methodName, connection }: MeasuredHandler,
  source: MessageSource,
): Attributes {
  return {
    'messaging.system': 'redis',
    ...serverAttributes(connection),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    ...destinationAttributes(source),
    'code.function.name': `${className}.${methodName}`,
  };
}

function destinationAttributes(source: MessageSource): Attributes {
  if ('pattern' in source) return { 'messaging.destination.template': source.pattern };
  if ('channel' in source) return { 'messaging.destination.name': source.channel };
  return { 'messaging.destination.name': source.stream, 'messaging.consumer.group.name': source.group };
}
