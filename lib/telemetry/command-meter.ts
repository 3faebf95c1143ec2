import type { Attributes } from '@opentelemetry/api';
import type { CommandObserver } from '../core/index.js';
import type { OpenTelemetryApi } from './load-opentelemetry.js';
import { commandAttributes, errorAttributes, LIBRARY_NAME, LIBRARY_VERSION } from './semantic-conventions.js';

/** Bounds of the histogram's buckets, seconds, as the conventions advise. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** A command that runs. */
interface Measurement {
  readonly started: number;
  readonly attributes: Attributes;
}

/** Measures every command from call to reply into `db.client.operation.duration`. */
export function createCommandMeter(api: OpenTelemetryApi): CommandObserver<Measurement> {
  const meter = api.metrics.getMeter(LIBRARY_NAME, LIBRARY_VERSION);
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'Time from the call of a Redis command to its reply.',
    unit: 's',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return {
    start: (info) => ({ started: performance.now(), attributes: commandAttributes(info) }),
    end({ started, attributes }, error) {
      const seconds = (performance.now() - started) / 1_000;
      duration.record(
        seconds,
        error === undefined ? attributes : { ...attributes, ...errorAttributes(error) },
      );
    },
  };
}
