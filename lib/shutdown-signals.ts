/** What asks a process to end. A listener of the application's may mean anything else by any other. */
const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Calls `stop` when the process is asked to end while `work` is under way. Only beside listeners that are there, such as those of
 * `enableShutdownHooks()`: one of our own would keep the process from ending by itself.
 *
 * @returns what `work` gives.
 */
export async function untilShutdownSignal(
  work: () => Promise<void>,
  stop: (signal: NodeJS.Signals) => void,
): Promise<void> {
  const heard = SHUTDOWN_SIGNALS.filter((signal) => process.listenerCount(signal) > 0);
  for (const signal of heard) process.on(signal, stop);
  try {
    await work();
  } finally {
    for (const signal of heard) process.off(signal, stop);
  }
}
