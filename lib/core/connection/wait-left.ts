import { blockingTimeout, withBlockingTimeout } from '../commands/blocking-timeout.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { deadlineAfter, msUntil } from './coarse-clock.js';
import type { PendingCommand } from './pending-command.js';

type WaitOptions = Pick<ResolvedOptions, 'blockingTimeoutBuffer' | 'commandTimeout'>;

/** What is left of the time that a blocking command on a server may wait there, ms; Infinity where that has no end. */
export function waitLeft(
  { deadline, spec, args }: PendingCommand,
  { blockingTimeoutBuffer }: WaitOptions,
): number {
  const given = blockingTimeout(spec, args) ?? Infinity;
  if (deadline === 0 || given === Infinity) return Infinity;
  return Math.min(given, Math.max(1, msUntil(deadline) - blockingTimeoutBuffer));
}

/** Its wait begins anew elsewhere, and is as much shorter as it has waited already. */
export function waitOnlyFor(command: PendingCommand, left: number, options: WaitOptions): void {
  const { context, spec } = command;
  if (context === null || left === Infinity) return;
  command.args = withBlockingTimeout(spec, command.args, left);
  context.longest = left + options.blockingTimeoutBuffer;
  // another server may have to be found first
  const search = options.commandTimeout === 0 ? Infinity : options.commandTimeout;
  command.deadline = deadlineAfter(context.longest + search);
}
