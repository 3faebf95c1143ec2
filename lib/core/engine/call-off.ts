import { setTimeout as sleep } from 'node:timers/promises';
import { onceAborted } from '../abort-signals.js';
import type { Command } from '../connection/command.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import { RedisAbortError, RedisTimeoutError, type RedisError } from '../errors.js';
import type { CallOptions } from '../options.js';
import { timerDelay } from '../timer-delay.js';

/** How often the server is asked to end a wait before its connection is given up: it may not even have begun. */
const ATTEMPTS = 40;
/** ms */
const PAUSE = 25;

/**
 * Ends the wait of a connection by CLIENT UNBLOCK over another one. With ERROR: without it servers such as Redis 7.0 end with a
 * panic where CLIENT PAUSE, which a failover begins with, holds the command back. With it they answer, but carry the command
 * out all the same when the pause is over: so the connection is not used again.
 */
export type Unblock = (clientId: number) => Promise<unknown>;

/**
 * Takes back a blocking command whose caller has given it up. The connection alone knows what becomes of the elements it
 * waits for: so the server is asked to end the wait, and its answer decides. `UNBLOCKED` or `null` means that it waited in vain, and
 * the command fails with `why`, or without a `why` gives `null`; an element that came in the meantime goes to the caller, after all.
 *
 * Where that cannot be done (no permission for CLIENT UNBLOCK, a server that does not answer) the connection is closed, which
 * ends the wait as well; an element on its way at that very moment would be lost.
 */
export async function callOff(
  command: Command,
  dedicated: DedicatedConnection,
  unblock: Unblock | undefined,
  why: (() => RedisError) | undefined,
): Promise<void> {
  // it may have been given up before, in another way
  if (command.settled || command.context?.calledOff !== undefined) return;
  if (unblock !== undefined && command.context !== null) {
    command.context.calledOff = why ?? null;
    await persist(command, dedicated, unblock);
  }
  if (command.settled) return;
  if (why !== undefined) command.fail(why);
  // one that changes nothing would go out again, and wait anew
  else if (command.context !== null) command.context.retry = false;
  dedicated.connection.drop(`${command.spec.name} was given up while it waited.`);
}

async function persist(command: Command, dedicated: DedicatedConnection, unblock: Unblock): Promise<void> {
  const settled = whenSettled(command);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // looked up anew: a command that changes nothing may have gone out again by another connection
    const { clientId } = dedicated.connection;
    if (clientId === undefined) return;
    const asked = unblock(clientId);
    // the wait may end by itself before the server has read this
    dedicated.noteUnblock(asked);
    try {
      await asked;
    } catch {
      return;
    }
    await Promise.race([settled, sleep(PAUSE)]);
    if (command.settled) return;
  }
}

/** Not by the command's promise: a second handler would hide its caller from the stack of the error. */
function whenSettled({ context }: Command): Promise<void> {
  const before = context?.onSettled;
  return new Promise((resolve) => {
    if (context === null) return;
    context.onSettled = () => {
      before?.();
      resolve();
    };
  });
}

/**
 * Calls a blocking command off once its caller's signal fires or the time that was set for the call is over. Returns the
 * function that ends this; to be called when the command is settled.
 *
 * @param left what is left of that time, ms.
 */
export function heedCaller(
  command: Command,
  dedicated: DedicatedConnection,
  unblock: Unblock | undefined,
  { signal, timeout = 0 }: CallOptions,
  left = timeout,
): () => void {
  const { name } = command.spec;
  const giveUp = (why: () => RedisError): void => void callOff(command, dedicated, unblock, why);
  const forgetSignal =
    signal === undefined ? undefined : onceAborted(signal, () => giveUp(() => aborted(name, signal)));
  const timer =
    timeout === 0 || timeout === Infinity
      ? undefined
      : setTimeout(() => giveUp(() => late(name, timeout)), timerDelay(Math.max(0, left)));
  return () => {
    forgetSignal?.();
    clearTimeout(timer);
  };
}

export function aborted(name: string, signal: AbortSignal | undefined): RedisAbortError {
  return new RedisAbortError(`${name} was aborted by its signal.`, { command: name, cause: signal?.reason });
}

function late(name: string, timeout: number): RedisTimeoutError {
  const message = `${name} timed out: nothing came within the ${timeout} ms that were set for this call, and its wait was ended.`;
  return new RedisTimeoutError('blocking', message, { command: name });
}
