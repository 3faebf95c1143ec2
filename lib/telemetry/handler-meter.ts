import type {
  Attributes,
  BatchObservableCallback,
  Counter,
  Histogram,
  Meter,
  Observable,
} from '@opentelemetry/api';
import type { RedisMessage } from '../core/index.js';
import type { MessageHandler } from '../pubsub/message-handler.js';
import { attempt } from './attempt.js';
import { BoundedCache } from './bounded-cache.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import { MOST_ERROR_TYPES } from './metric-conventions.js';
import { serverAttributes } from './server-attributes.js';
import { errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Bounds of the histogram's buckets, seconds, as the conventions advise. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Measures message handlers: `messaging.client.consumed.messages` and `messaging.process.duration` of the conventions, and
 * what is lost, waits and is in work, for which they have no names.
 */
export class HandlerMeter {
  private readonly consumed: Counter;
  private readonly duration: Histogram;
  private readonly errorTypes = new BoundedCache<string>(MOST_ERROR_TYPES, (type) => type);
  private readonly meter: Meter;
  private readonly observed: Observable[];
  private readonly observe: BatchObservableCallback;

  /** @param handlers whose backlog is read whenever metrics are collected. */
  constructor(api: OpenTelemetryApi, handlers: readonly MessageHandler[]) {
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
      description: 'Messages that were lost because too many waited for a handler.',
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
    this.observed = [dropped, waiting, inFlight];
    this.observe = (result) => {
      for (const handler of handlers) {
        // what waits may be of any of its channels
        const attributes = messageAttributes(handler, handler.options.channels.join(','));
        const counts = handler.counters.counts();
        result.observe(dropped, counts.dropped, attributes);
        result.observe(waiting, counts.waiting, attributes);
        result.observe(inFlight, counts.inFlight, attributes);
      }
    };
    meter.addBatchObservableCallback(this.observe, this.observed);
  }

  /** @param took ms. */
  record(
    handler: MessageHandler,
    message: Pick<RedisMessage<Buffer>, 'channel' | 'pattern'>,
    took: number,
    failure: { error: unknown } | undefined,
  ): void {
    const attributes = messageAttributes(handler, message.pattern ?? message.channel);
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

/** @param destination channel or pattern: the channels of a pattern are without number, others are the application's few. */
function messageAttributes(
  { className, methodName, options, connection }: MessageHandler,
  destination: string,
): Attributes {
  const isPattern = options.method === 'psubscribe';
  return {
    'messaging.system': 'redis',
    ...serverAttributes(connection),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    [isPattern ? 'messaging.destination.template' : 'messaging.destination.name']: destination,
    'code.function.name': `${className}.${methodName}`,
  };
}
