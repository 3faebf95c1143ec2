/**
 * Does work of telemetry, whose processors, exporters and propagators are the application's own and may throw: a message is
 * not lost for that.
 */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
