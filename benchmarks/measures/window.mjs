/**
 * The measured stretch of a continuous load. The load runs through a warm-up first and never stops in between: at
 * the stretch's start and end only snapshots are taken, so no ramp-up or tail is counted.
 */
const MAX_SAMPLES = 1 << 17;

export class Window {
  started = 0;
  done = 0;
  over = false;
  #limit = Infinity;
  #samples = new Float64Array(MAX_SAMPLES);
  #sampled = 0;
  #options;
  #start;
  #timer;
  #finish;

  /** @param {{ warmUp: number, duration: number, maxOperations: number }} options times in ms */
  constructor(options) {
    this.#options = options;
  }

  /** Opens after the warm-up; resolves with what was measured once the time or the count is used up. */
  open() {
    return new Promise((resolve, reject) => {
      this.#finish = { resolve, reject };
      this.#timer = setTimeout(() => this.#begin(), this.#options.warmUp);
    });
  }

  /** One more operation is done. */
  count() {
    if (++this.done >= this.#limit) this.#end();
  }

  /** How long one sampled operation took, in ms. */
  sample(ms) {
    if (this.#sampled < MAX_SAMPLES) this.#samples[this.#sampled++] = ms;
  }

  fail(error) {
    clearTimeout(this.#timer);
    this.over = true;
    this.#finish.reject(error);
  }

  #begin() {
    globalThis.gc?.();
    this.#sampled = 0;
    this.#limit = this.done + this.#options.maxOperations;
    this.#timer = setTimeout(() => this.#end(), this.#options.duration);
    this.#start = { done: this.done, time: performance.now(), cpu: process.cpuUsage() };
  }

  #end() {
    if (this.over) return;
    const cpu = process.cpuUsage(this.#start.cpu);
    const ms = performance.now() - this.#start.time;
    clearTimeout(this.#timer);
    this.over = true;
    const operations = this.done - this.#start.done;
    if (operations === 0) return this.#finish.reject(new Error('nothing was answered in the measured time'));
    this.#finish.resolve({
      operations,
      ms,
      cpu,
      latencies: this.#samples.subarray(0, this.#sampled).toSorted(),
    });
  }
}

/** Operations/s, CPU and latency of a finished window, in the units the tables use. */
export function metricsOf({ operations, ms, cpu, latencies }, perIssue = 1) {
  const commands = operations * perIssue;
  const at = (share) =>
    latencies.length === 0 ? null : latencies[Math.floor((latencies.length - 1) * share)] * 1000;
  return {
    ops: commands / (ms / 1000),
    cpu: (cpu.user + cpu.system) / commands,
    userCpu: cpu.user / commands,
    systemCpu: cpu.system / commands,
    p50: at(0.5),
    p99: at(0.99),
    operations: commands,
    samples: latencies.length,
  };
}
