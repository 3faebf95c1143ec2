import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.js';
import { counter, type Office, piper, type Turn, writer } from './callers.js';
import { CounterLedger } from './counter-ledger.js';
import { Journal, type Outcome } from './journal.js';
import { ValueLedger } from './value-ledger.js';
import type { WorkloadClient } from './workload-client.js';

export interface WorkloadOptions {
  /** Default 200: those below are among them, the others write and read. */
  readonly callers?: number;
  /** Callers that count, each a counter of its own. Default: one in eight. */
  readonly counting?: number;
  /** Callers that run pipelines. Default: one in eight. */
  readonly piping?: number;
  /** Commands of a pipeline. Default 20. */
  readonly pipelineSize?: number;
  /** Keys of each caller. Default 8. */
  readonly keys?: number;
  /** What keys begin with: two loads on one topology need two. A hash tag puts all into one slot. Default `load`. */
  readonly prefix?: string;
  /** Between two turns of a caller, ms: without rest the load starves the servers on a small machine. Default 20. */
  readonly pause?: number;
  /** The load ends by itself after so long, ms, or so many commands. Default 30,000 and 400,000. */
  readonly duration?: number;
  readonly commands?: number;
  /** ms within which each promise must settle. Default 30,000. */
  readonly settleLimit?: number;
  /** Reads may be answered by replicas: they may be behind, but not somebody else's. Default false. */
  readonly staleReads?: boolean;
  readonly seed?: number;
}

/** Keys that are read at once after the load: a client that was just cut off holds so many commands. */
const READ_AT_ONCE = 200;

/** What is read after the load, of each key: over any connection that works. */
export type ReadBack = (key: string) => Promise<unknown>;

/** What happened in a load. */
export interface WorkloadSummary {
  readonly commands: number;
  readonly ok: number;
  /** How often each error's code came. */
  readonly errors: Readonly<Record<string, number>>;
  /** SETs and INCRs that were acknowledged, and those of which nobody knows. */
  readonly acknowledged: number;
  readonly unknown: number;
  readonly unsettled: number;
  /** How often an acknowledged write was found gone. */
  readonly lost: number;
  /** Keys that were verified. */
  readonly verified: number;
  /** ms */
  readonly time: number;
  /** What must not happen; it names the kind first. */
  readonly violations: readonly string[];
}

/**
 * Many callers at work on one client, while whoever started them does something to the servers. What every reply must be
 * is known, and checked as it comes; what must be there afterwards, `verify` checks.
 *
 * ```ts
 * const load = await TopologyWorkload.start(client);
 * await cluster.failover(replica);
 * await load.stop();
 * const summary = await load.verify((key) => client.get(key));
 * expect(summary).toMatchObject({ violations: [], errors: {} });
 * ```
 */
export class TopologyWorkload {
  /** Resolves when all callers have ended. */
  readonly done: Promise<void>;
  private readonly journal: Journal;
  private readonly office: Office;
  private readonly started = performance.now();
  private ended: number | undefined;
  private stopping = false;
  private verified = 0;

  private constructor(
    client: WorkloadClient,
    turns: (office: Office) => Turn[],
    office: Omit<Office, 'client'>,
    private readonly options: WorkloadOptions,
  ) {
    this.journal = office.journal;
    this.office = { ...office, client };
    this.done = this.run(turns(this.office));
  }

  /** Resolves when the load has begun: counters are set, callers are at work. */
  static async start(client: WorkloadClient, options: WorkloadOptions = {}): Promise<TopologyWorkload> {
    const { callers = 200, pipelineSize = 20, prefix = 'load', settleLimit = 30_000, seed = 1 } = options;
    const { counting = Math.floor(callers / 8), piping = Math.floor(callers / 8) } = options;
    const journal = new Journal(settleLimit);
    const values = new ValueLedger(journal);
    const counters = new CounterLedger(journal);
    const names = Array.from({ length: callers }, (_, index) => `${prefix}:${index}`);
    const keysOf = (name: string): string[] =>
      Array.from({ length: options.keys ?? 8 }, (_, index) => `${name}:${index}`);
    const countOf = (name: string): string => `${name}:count`;
    const keys = names.slice(counting).flatMap(keysOf);
    try {
      const bases = names.slice(0, counting + piping).map(countOf);
      await Promise.all(bases.map((key) => client.set(key, counters.add(key))));
    } catch (error) {
      journal.stop();
      throw error;
    }
    const random = new Random(seed);
    const turns = (office: Office): Turn[] =>
      names.map((name, index) => {
        if (index < counting) return counter(office, countOf(name));
        const own = random.fork();
        if (index >= counting + piping) return writer(office, keysOf(name), own);
        return piper(office, keysOf(name), countOf(name), pipelineSize, own);
      });
    const { staleReads = false } = options;
    return new TopologyWorkload(client, turns, { journal, values, counters, keys, staleReads }, options);
  }

  /** What became of each command so far, in the order in which they ended. */
  get outcomes(): readonly Outcome[] {
    return this.journal.outcomes;
  }

  /** Those that were not `ok`. */
  get failures(): readonly Outcome[] {
    return this.journal.failures;
  }

  /** What was found wrong so far. */
  get violations(): readonly string[] {
    return this.journal.violations;
  }

  /** The keys of all values: a test that moves slots looks there for slots that are in use. */
  get keys(): readonly string[] {
    return this.office.keys;
  }

  /** The first write that was both issued and acknowledged after a time, to one of certain keys where told. */
  firstWriteSince(time: number, isMeant: (key: string) => boolean = () => true): Outcome | undefined {
    return this.outcomes.find(
      ({ operation, code, startedAt, key }) =>
        operation !== 'get' && code === 'ok' && startedAt >= time && isMeant(key),
    );
  }

  /** Ends the load: resolves when every promise has settled, or was found not to. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Reads what is there after the load, and compares it with what the callers were told.
   *
   * For each key that is a value written no earlier than its last acknowledged write. (A write of which nobody knows
   * might be applied late, over an acknowledged one: where a test delays what was underway, that counts as a loss too.)
   *
   * @param mayLose the servers themselves lose writes in what happened to them: losses are counted, not wrong.
   */
  async verify(readBack: ReadBack, { mayLose = false } = {}): Promise<WorkloadSummary> {
    await this.stop();
    const readAll = async (keys: string[]): Promise<unknown[]> => {
      const values: unknown[] = [];
      for (let from = 0; from < keys.length; from += READ_AT_ONCE)
        values.push(...(await Promise.all(keys.slice(from, from + READ_AT_ONCE).map(readBack))));
      return values;
    };
    const { values, counters } = this.office;
    this.verified = (await values.verify(readAll)) + (await counters.verify(readAll));
    const summary = this.summary;
    return mayLose ? summary : { ...summary, violations: [...summary.violations, ...this.journal.losses] };
  }

  get summary(): WorkloadSummary {
    const { outcomes, failures, lost, unsettled, violations } = this.journal;
    const errors: Record<string, number> = {};
    for (const { code } of failures) errors[code] = (errors[code] ?? 0) + 1;
    return {
      commands: outcomes.length,
      ok: outcomes.length - failures.length,
      errors,
      acknowledged: outcomes.filter(({ operation, code }) => operation !== 'get' && code === 'ok').length,
      unknown: this.office.values.unknown + this.office.counters.unknown,
      unsettled,
      lost,
      verified: this.verified,
      time: Math.round((this.ended ?? performance.now()) - this.started),
      violations: [...violations],
    };
  }

  private async run(turns: Turn[]): Promise<void> {
    const { pause = 20, duration = 30_000, commands = 400_000 } = this.options;
    const goesOn = (): boolean =>
      !this.stopping && this.outcomes.length < commands && performance.now() - this.started < duration;
    const work = async (turn: Turn, index: number): Promise<void> => {
      // not all in one tick, every time
      await sleep((index % 10) * (pause / 10));
      try {
        while (goesOn() && (await turn())) await sleep(pause);
      } catch (error) {
        // a pipeline that cannot even be put together
        this.journal.violation('undocumented', `a caller ended: ${String(error)}`);
      }
    };
    try {
      await Promise.all(turns.map(work));
    } finally {
      this.ended = performance.now();
      this.journal.stop();
    }
  }
}
