import type { Attributes, BatchObservableResult, Meter, ObservableUpDownCounter } from '@opentelemetry/api';

/** Tells how much there is of something at this moment. */
export type Observe = (gauge: ObservableUpDownCounter, value: number, attributes: Attributes) => void;

/** Called at each collection for as long as it is among the sources. */
export type GaugeSource = (observe: Observe) => void;

interface Point {
  readonly gauge: ObservableUpDownCounter;
  readonly attributes: Attributes;
  value: number;
}

const perMeter = new WeakMap<Meter, Gauges>();

/**
 * What is counted when somebody collects, of all connections of the process by one callback. Two applications in a process may
 * have connections of one name to one server: their values are added up. What is closed is reported as 0 once, since an SDK
 * goes on reporting the last value that it was told; then it is forgotten, and without sources so is the callback.
 */
export class Gauges {
  static of(meter: Meter): Gauges {
    let gauges = perMeter.get(meter);
    if (gauges === undefined) perMeter.set(meter, (gauges = new Gauges(meter)));
    return gauges;
  }

  private readonly instruments = new Map<string, ObservableUpDownCounter>();
  private readonly sources = new Set<GaugeSource>();
  /** What was reported last. */
  private reported = new Map<string, Point>();
  private observed: ObservableUpDownCounter[] = [];

  private constructor(private readonly meter: Meter) {}

  /** The gauge of that name, made at first use. */
  create(name: string, unit: string, description: string): ObservableUpDownCounter {
    let gauge = this.instruments.get(name);
    if (gauge === undefined) {
      gauge = this.meter.createObservableUpDownCounter(name, { unit, description });
      this.instruments.set(name, gauge);
    }
    return gauge;
  }

  /** Asks that source from now on. Returns the function that ends it. */
  add(source: GaugeSource): () => void {
    // a callback tells only of instruments that it was registered with
    if (this.observed.length < this.instruments.size) this.unregister();
    this.sources.add(source);
    if (this.observed.length === 0) {
      this.observed = [...this.instruments.values()];
      this.meter.addBatchObservableCallback(this.collect, this.observed);
    }
    return () => {
      this.sources.delete(source);
      if (this.sources.size === 0 && this.reported.size === 0) this.unregister();
    };
  }

  private readonly collect = (result: BatchObservableResult): void => {
    const points = new Map<string, Point>();
    const ids = new Map(this.observed.map((gauge, index) => [gauge, index]));
    for (const source of this.sources) {
      source((gauge, value, attributes) => {
        const key = `${ids.get(gauge)} ${JSON.stringify(attributes)}`;
        const point = points.get(key);
        if (point === undefined) points.set(key, { gauge, attributes, value });
        else point.value += value;
      });
    }
    for (const { gauge, value, attributes } of points.values()) result.observe(gauge, value, attributes);
    for (const [key, { gauge, attributes }] of this.reported)
      if (!points.has(key)) result.observe(gauge, 0, attributes);
    this.reported = points;
    // not in the midst of the SDK's walk through its callbacks
    if (this.sources.size === 0) queueMicrotask(() => this.sources.size === 0 && this.unregister());
  };

  private unregister(): void {
    if (this.observed.length === 0) return;
    this.meter.removeBatchObservableCallback(this.collect, this.observed);
    this.observed = [];
  }
}
