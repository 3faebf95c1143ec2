import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEngine } from '../engine/client-engine.js';
import { RedisServerError } from '../errors.js';
import type { CallOptions } from '../options.js';
import { isPassing, retryDelay } from '../retry.js';
import type { QueuedCommands } from './queued-commands.js';
import { proveMulti, runTransaction } from './run-transaction.js';

/** Runs the commands of a transaction on a connection of its own. Null never comes: nothing is watched. */
export async function runMulti(
  engine: ClientEngine,
  queued: QueuedCommands,
  call: CallOptions | undefined,
): Promise<unknown[]> {
  if (queued.list.length === 0) return [];
  const timeout = call?.timeout ?? engine.options.commandTimeout;
  const end = performance.now() + (timeout === 0 ? Infinity : timeout);
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(engine, queued, call, timeout);
    } catch (error) {
      const delay = delayBefore(engine, call, attempt, error);
      if (delay === false || performance.now() + delay >= end) throw error;
      await sleep(delay, undefined, { signal: call?.signal }).catch(() => undefined);
    }
  }
}

function runOnce(
  engine: ClientEngine,
  queued: QueuedCommands,
  call: CallOptions | undefined,
  timeout: number,
): Promise<unknown[]> {
  return engine.exclusive('multi()', call, async (dedicated) => {
    const run = { dedicated, timeout, signal: call?.signal, observers: engine.observers };
    await proveMulti(run);
    return (await runTransaction(run, queued)) ?? [];
  });
}

/** The server refused all of it for a reason that passes (a failover, a restart): ms, or false where that is not so. */
function delayBefore(
  { options }: ClientEngine,
  call: CallOptions | undefined,
  attempt: number,
  error: unknown,
): number | false {
  if (!(error instanceof RedisServerError)) return false;
  const cause = error.cause ?? error;
  if (!(cause instanceof RedisServerError) || !isPassing(cause)) return false;
  return retryDelay(call?.retry ?? options.retry, attempt, cause, { name: 'MULTI', idempotent: false });
}
