import { CommandContext } from './connection/command-context.js';
import { deadlineAfter } from './connection/coarse-clock.js';
import type { PendingCommand } from './connection/pending-command.js';
import { RedisAbortError } from './errors.js';
import type { CallOptions } from './options.js';

/** Gives a command the settings of its call. It is settled afterwards where the signal has fired before. */
export function applyCallOptions(
  command: PendingCommand,
  { timeout, signal, retry, idempotent, crossSlot }: CallOptions,
): void {
  if (timeout !== undefined) command.deadline = deadlineAfter(timeout);
  const context = (command.context ??= new CommandContext());
  context.timeout = timeout;
  context.retry = retry;
  context.idempotent = idempotent;
  context.crossSlot = crossSlot;
  if (signal === undefined) return;
  const { name } = command.spec;
  const abort = (): void =>
    command.fail(
      () =>
        new RedisAbortError(`${name} was aborted by its signal.`, { command: name, cause: signal.reason }),
    );
  if (signal.aborted) abort();
  else context.watch(signal, abort);
}
