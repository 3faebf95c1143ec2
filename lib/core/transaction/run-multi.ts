import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../connection/command-context.js';
import type { ClientEngine } from '../engine/client-engine.js';
import { RedisProtocolError, RedisServerError } from '../errors.js';
import type { CallOptions } from '../options.js';
import { isPassing, retryDelay } from '../retry.js';
import type { QueuedCommands } from './queued-commands.js';
import { TimeLimit } from '../time-limit.js';
import { observed, proveMulti, runTransaction } from './run-transaction.js';

/** Runs the commands of a transaction on a connection of its own, within the time of the call. */
export function runMulti(
  engine: ClientEngine,
  queued: QueuedCommands,
  call: CallOptions | undefined,
): Promise<unknown[]> {
  if (queued.list.length === 0) return Promise.resolve([]);
  const limit = new TimeLimit(call?.timeout ?? engine.options.commandTimeout);
  return observed(engine, queued, (observation) => runUntilTaken(engine, queued, call, limit, observation));
}

async function runUntilTaken(
  engine: ClientEngine,
  queued: QueuedCommands,
  call: CallOptions | undefined,
  limit: TimeLimit,
  observation: CommandContext | undefined,
): Promise<unknown[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(engine, queued, call?.signal, limit);
    } catch (error) {
      const delay = delayBefore(engine, call, attempt, error);
      if (delay === false || limit.endsWithin(delay)) throw error;
      observation?.note({ type: 'retry', attempt, delay, error: error as RedisServerError });
      await sleep(delay, undefined, { signal: call?.signal }).catch(() => undefined);
    }
  }
}

function runOnce(
  engine: ClientEngine,
  queued: QueuedCommands,
  signal: AbortSignal | undefined,
  limit: TimeLimit,
): Promise<unknown[]> {
  return engine.exclusive('multi()', queued.list, { timeout: limit.left, signal }, async (dedicated) => {
    const run = { dedicated, limit, signal };
    await proveMulti(run);
    const results = await runTransaction(run, queued);
    if (results === null)
      throw new RedisProtocolError(
        'multi(): a watched key has changed, says the server, but none was watched.',
      );
    return results;
  });
}

/** The server refused all of it for a reason that passes (a failover, a restart): ms until another attempt, or false where that is not so. */
export function delayBefore(
  { options, route }: ClientEngine,
  call: CallOptions | undefined,
  attempt: number,
  error: unknown,
): number | false {
  if (!(error instanceof RedisServerError)) return false;
  const cause = error.cause ?? error;
  if (!(cause instanceof RedisServerError) || !isPassing(cause)) return false;
  const subject = { name: 'MULTI', idempotent: false };
  return retryDelay(call?.retry ?? options.retry, attempt, cause, subject, route.isPatient);
}
