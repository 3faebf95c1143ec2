import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandObservers } from '../observation/command-observers.js';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import { MGET, UNWATCH, WATCH } from '../commands/commands.generated.js';
import { prefixKeys } from '../commands/key-positions.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import type { ClientEngine, Wait } from '../engine/client-engine.js';
import type { CallOptions } from '../options.js';
import { TimeLimit } from '../time-limit.js';
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
  for (let attempt = 0; ; attempt++) {
    const results = await engine.exclusive('watch()', watching, { timeout, signal }, (dedicated) =>
      runOnce(engine, dedicated, watch, { timeout, signal }),
    );
    if (results !== null || attempt >= watch.retries) return results;
    // a signal that fires meanwhile is heard by the next attempt
    await sleep(Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE), undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** @param wait for each of the two exchanges: the callback between them may take the time that it needs. */
async function runOnce(
  engine: ClientEngine,
  dedicated: DedicatedConnection,
  { keys, fill, buffers }: Watch,
  { timeout, signal }: Wait,
): Promise<unknown[] | null> {
  const { options, observers } = engine;
  const prefixed = prefixKeys(WATCH, [...keys], options.keyPrefix);
  const reading = { dedicated, limit: new TimeLimit(timeout), signal };
  await proveMulti(reading);
  dedicated.watching = true;
  try {
    const values = await read(reading, prefixed, buffers, observers);
    const transaction = await fill(recordOf(keys, values));
    const queued = transaction.take();
    engine.assertTogether('watch()', [{ spec: WATCH, args: prefixed }, ...queued.list]);
    const executing = { dedicated, limit: new TimeLimit(timeout), signal };
    return await observed(engine, queued, () => runTransaction(executing, queued));
  } finally {
    // the callback threw: what it watched is no business of what follows on this connection
    if (dedicated.watching && dedicated.broken === undefined) {
      dedicated.follow(UNWATCH, dedicated.request(UNWATCH, []));
    }
  }
}

/** Watches and reads in one write: MGET gives null for what holds no text, and fails for no key's sake. */
async function read(
  { dedicated, limit, signal }: TransactionRun,
  keys: CommandArgument[],
  buffers: boolean,
  observers: CommandObservers,
): Promise<unknown[]> {
  const deadline = deadlineAfter(limit.left);
  const watched = dedicated.request(WATCH, keys, { deadline, observers, signal });
  const values = dedicated.request(MGET, keys, { deadline, observers, signal, buffers });
  values.catch(() => undefined);
  await watched;
  return (await values) as unknown[];
}

/** Values by their keys. A key may be called `__proto__`. */
function recordOf(keys: readonly RedisKey[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key, index) => [String(key), values[index]]));
}
