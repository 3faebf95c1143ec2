/** Stands for all names past the bound: what OpenTelemetry calls a value that is not told. */
const OTHER = '_OTHER';

/**
 * What is made once for each name. Names of commands and of errors may come from scripts and from users' input, and every
 * further one would be a further time series: past a bound all of them are one.
 */
export class BoundedCache<Value> implements Iterable<Value> {
  private readonly values = new Map<string, Value>();

  /** @param bound how many names are told apart. */
  constructor(
    private readonly bound: number,
    private readonly make: (name: string) => Value,
  ) {}

  [Symbol.iterator](): Iterator<Value> {
    return this.values.values();
  }

  get(name: string): Value {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const told = this.values.size < this.bound ? name : OTHER;
    const value = this.values.get(told) ?? this.make(told);
    this.values.set(told, value);
    return value;
  }
}
