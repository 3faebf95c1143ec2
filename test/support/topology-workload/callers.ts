import type { Random } from '../random.js';
import type { CounterLedger } from './counter-ledger.js';
import type { Answer, Journal, Operation } from './journal.js';
import type { Bounds, ValueLedger } from './value-ledger.js';
import type { WorkloadClient, WorkloadPipeline } from './workload-client.js';

/** What all callers of a load share. */
export interface Office {
  readonly client: WorkloadClient;
  readonly journal: Journal;
  readonly values: ValueLedger;
  readonly counters: CounterLedger;
  /** The keys of all callers' values: anybody may read them. */
  readonly keys: readonly string[];
  /** Reads may be answered by replicas, and so be behind. */
  readonly staleReads: boolean;
}

/** A caller's next turn; false when it cannot go on, as a promise of its own never settled. */
export type Turn = () => Promise<boolean>;

/** The share of reads that are of somebody else's keys. */
const FOREIGN = 0.3;

/** Writes one of its keys after the other, and reads one after each. */
export function writer(office: Office, own: readonly string[], random: Random): Turn {
  const { client, journal, values } = office;
  let turns = 0;
  return async () => {
    const key = own[turns++ % own.length]!;
    const { n, value } = values.issue(key);
    const written = await journal.attempt('set', key, () => client.set(key, value));
    values.answered(key, n, written);
    if (written.state === 'hanging') return false;
    const { key: chosen, bounds } = chooseRead(office, own, random);
    const read = await journal.attempt('get', chosen, () => client.get(chosen));
    if (read.state === 'ok') values.judge(chosen, read.value, bounds);
    return read.state !== 'hanging';
  };
}

/** Counts up a counter that nobody else touches. */
export function counter({ client, journal, counters }: Office, key: string): Turn {
  return async () => {
    counters.issue(key);
    const answer = await journal.attempt('incr', key, () => client.incr(key));
    counters.answered(key, answer);
    return answer.state !== 'hanging';
  };
}

interface Step {
  readonly operation: Operation;
  readonly key: string;
  /** What came of it, told in the order in which the commands were put in. */
  take(answer: Answer): void;
}

/** Runs pipelines of writes, reads and counts over many keys, the same key often more than once in one. */
export function piper(
  office: Office,
  own: readonly string[],
  count: string,
  size: number,
  random: Random,
): Turn {
  const { client, journal } = office;
  return async () => {
    const pipeline = client.pipeline();
    const steps = Array.from({ length: size }, () => addStep(office, pipeline, own, count, random));
    const startedAt = performance.now();
    const what = `pipeline of ${size}`;
    const ended = await journal.settle(what, () => pipeline.exec());
    const results = ended !== undefined && 'value' in ended ? (ended.value as unknown[]) : undefined;
    if (results !== undefined && results.length !== size)
      journal.violation('mixed', `${what} gave ${results.length} results`);
    steps.forEach(({ operation, key, take }, index) => {
      const result =
        results === undefined ? (ended as { error: unknown } | undefined) : toResult(results[index]);
      take(journal.note({ operation, key, pipelined: true, startedAt }, result));
    });
    return ended !== undefined;
  };
}

function toResult(value: unknown): { value: unknown } | { error: unknown } {
  return value instanceof Error ? { error: value } : { value };
}

function addStep(
  office: Office,
  pipeline: WorkloadPipeline,
  own: readonly string[],
  count: string,
  random: Random,
): Step {
  const { values, counters } = office;
  const dice = random.next();
  if (dice < 0.4) {
    const key = random.pick(own);
    const { n, value } = values.issue(key);
    pipeline.set(key, value);
    return { operation: 'set', key, take: (answer) => values.answered(key, n, answer) };
  }
  if (dice < 0.8) {
    const { key, bounds, isOwn } = chooseRead(office, own, random);
    pipeline.get(key);
    const take = (answer: Answer): void => {
      if (answer.state !== 'ok') return;
      // what was written before it in this pipeline was acknowledged by now, if it was at all
      const least = isOwn && !office.staleReads ? values.bounds(key).least : bounds.least;
      values.judge(key, answer.value, { ...bounds, least });
    };
    return { operation: 'get', key, take };
  }
  counters.issue(count);
  pipeline.incr(count);
  return { operation: 'incr', key: count, take: (answer) => counters.answered(count, answer) };
}

/** A key to read, and what the reply must lie between. */
function chooseRead(
  { values, keys, staleReads }: Office,
  own: readonly string[],
  random: Random,
): { key: string; bounds: Bounds; isOwn: boolean } {
  const key = random.pick(random.chance(FOREIGN) ? keys : own);
  const isOwn = own.includes(key);
  const { least, most } = values.bounds(key);
  const from = { least: staleReads ? 0 : least };
  // somebody else may write it meanwhile
  return { key, isOwn, bounds: isOwn ? { ...from, most } : from };
}
