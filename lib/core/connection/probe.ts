import { deadlineAfter } from './coarse-clock.js';
import type { Command } from './command.js';
import { CommandContext } from './command-context.js';
import type { ReconnectingConnection } from './reconnecting-connection.js';

/**
 * Asks the other end of a live connection for a sign of life: now or not at all. It waits in no queue, and is never sent a
 * second time, for who asks wants to know how things stand and not how they may stand later.
 *
 * @param timeout ms; 0 waits for as long as the connection lives.
 * @param ping of no other use.
 * @returns the time to the answer, ms.
 */
export async function probe(
  connection: ReconnectingConnection,
  timeout: number,
  ping: Command,
): Promise<number> {
  const started = performance.now();
  (ping.context ??= new CommandContext()).retry = false;
  ping.deadline = deadlineAfter(timeout);
  connection.submitNow(ping);
  await ping.promise;
  return performance.now() - started;
}
