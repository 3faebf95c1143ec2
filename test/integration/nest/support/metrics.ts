import type { Attributes } from '@opentelemetry/api';
import { MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';
import { expect } from '@jest/globals';

/** One value of a metric. */
export interface Point {
  readonly value: unknown;
  readonly attributes: Attributes;
}

/** Collects when the test asks for it. */
export class Reader extends MetricReader {
  protected override onShutdown = async (): Promise<void> => undefined;
  protected override onForceFlush = async (): Promise<void> => undefined;

  /** The metrics of this package. */
  async metrics(): Promise<MetricData[]> {
    const { resourceMetrics, errors } = await this.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === 'nestjs-redwire')
      .flatMap((scope) => scope.metrics);
  }

  /** The points of a metric that have these attributes. */
  async points(name: string, attributes: Attributes = {}): Promise<Point[]> {
    const metric = (await this.metrics()).find(({ descriptor }) => descriptor.name === name);
    return ((metric?.dataPoints ?? []) as Point[]).filter((point) =>
      Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
    );
  }
}
