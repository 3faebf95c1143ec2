import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandObservers } from '../observation/command-observers.js';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import { EXEC, MGET, UNWATCH, WATCH } from '../commands/commands.generated.js';
import { prefixKeys } from '../commands/key-positions.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { ClientEngine, Wait } from '../engine/client-engine.js';
import type { CallOptions } from '../options.js';
import { RedisServerError } from '../errors.js';
import { TimeLimit } from '../time-limit.js';
import { delayBefore } from './run-multi.js';
import { observed, proveMulti, runTransaction, type TransactionRun } from './run-transaction.js';
import type { CommandTransaction } from './transaction.js';

/** What `watch()` is to do. */
export interface Watch {
  readonly keys: readonly RedisKey[];
  /** Called for each attempt: makes the transaction and adds the commands to it. */
  readonly fill: (watched: Record<string, unknown>) => Promise<CommandTransaction>;
  readonly retries: number;
  /** Values are bytes. */
  readonly buffers: boolean;
}

/** What came of an attempt that got as far as the callback. */
type Outcome =
  | { readonly hasFailed: false; readonly results: unknown[] | null }
  | { readonly hasFailed: true; readonly error: unknown; readonly isMoved: boolean };

/** A node of a cluster says so of what it has executed nothing of. */
const MOVED: ReadonlySet<string> = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN']);

/** Nobody wins by trying again at the same moment as all the others: ms, at the most. */
const LONGEST_PAUSE = 50;

/** Watches keys, has the transaction made, and runs it; again where a key has changed, as often as was asked for. */
export async function runWatch(
  engine: ClientEngine,
  watch: Watch,
  call: CallOptions | undefined,
): Promise<unknown[] | null> {
  const signal = call?.signal;
  const timeout = call?.timeout ?? engine.options.commandTimeout;
  const watching = [{ spec: WATCH, args: prefixKeys(WATCH, [...watch.keys], engine.options.keyPrefix) }];
  let limit = new TimeLimit(timeout);
  // one function with its loops inside each other: a stack holds ten frames, and the caller's is to be one of them
  for (let attempt = 0, refusals = 1; ;) {
    let outcome: Outcome;
    try {
      const wait = { timeout: timeout === 0 ? 0 : limit.left, signal };
      outcome = await engine.exclusive('watch()', watching, wait, (dedicated) =>
        runOnce(engine, dedicated, watch, { timeout, signal }),
      );
    } catch (error) {
      // before the callback was called
      const delay = delayBefore(engine, call, refusals++, error);
      if (delay === false || limit.endsWithin(delay)) throw error;
      await sleep(delay, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const isLast = attempt >= watch.retries;
    if (outcome.hasFailed) {
      if (!outcome.isMoved) throw outcome.error;
      if (isLast) throw moved(outcome.error);
    } else if (outcome.results !== null || isLast) return outcome.results;
    // a signal that fires meanwhile is heard by the next attempt
    await sleep(Math.random() * Math.min(2 ** attempt++, LONGEST_PAUSE), undefined, { signal }).catch(
      () => undefined,
    );
    limit = new TimeLimit(timeout);
    refusals = 1;
  }
}

/** @param wait for each of the two exchanges: the callback between them may take the time that it needs. */
async function runOnce(
  engine: ClientEngine,
  dedicated: DedicatedConnection,
  { keys, fill, buffers }: Watch,
  { timeout, signal }: Wait,
): Promise<Outcome> {
  const { options, observers } = engine;
  const prefixed = prefixKeys(WATCH, [...keys], options.keyPrefix);
  const reading = { dedicated, limit: new TimeLimit(timeout), signal };
  await proveMulti(reading);
  dedicated.watching = true;
  try {
    const values = await read(reading, prefixed, buffers, observers);
    let isFilled = false;
    try {
      const queued = (await fill(recordOf(keys, values))).take();
      engine.assertTogether('watch()', [{ spec: WATCH, args: prefixed }, ...queued.list]);
      isFilled = true;
      const executing = { dedicated, limit: new TimeLimit(timeout), signal };
      return {
        hasFailed: false,
        results: await observed(engine, queued, () => runTransaction(executing, queued)),
      };
    } catch (error) {
      // an outcome, which is not to be tried again as what failed before it is
      return { hasFailed: true, error, isMoved: isFilled && hasMoved(error) };
    }
  } finally {
    // the callback threw: what it watched is no business of what follows on this connection
    if (dedicated.watching && dedicated.broken === undefined) {
      dedicated.follow(UNWATCH, dedicated.request(UNWATCH, []));
    }
  }
}

/** Was all of it refused because a cluster's slot went elsewhere? */
function hasMoved(error: unknown): boolean {
  if (!(error instanceof RedisServerError)) return false;
  return [error, error.cause].some((each) => MOVED.has((each as { code?: string } | undefined)?.code ?? ''));
}

function moved(cause: unknown): RedisServerError {
  const message =
    'EXECABORT nothing of the transaction was executed: the slot of its keys went to another node while they were watched. Call watch() again, or have it do that by `retries`.';
  return new RedisServerError(message, { command: EXEC.name, cause });
}

/** Watches and reads in one write: MGET gives null for what holds no text, and fails for no key's sake. */
async function read(
  { dedicated, limit, signal }: TransactionRun,
  keys: CommandArgument[],
  buffers: boolean,
  observers: CommandObservers,
): Promise<unknown[]> {
  const deadline = deadlineAfter(limit.left);
  const watched = dedicated.request(WATCH, keys, { deadline, observers, signal, hasKeys: true });
  const values = dedicated.request(MGET, keys, { deadline, observers, signal, buffers, hasKeys: true });
  values.catch(() => undefined);
  await watched;
  return (await values) as unknown[];
}

/** Values by their keys. A key may be called `__proto__`. */
function recordOf(keys: readonly RedisKey[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key, index) => [String(key), values[index]]));
}
