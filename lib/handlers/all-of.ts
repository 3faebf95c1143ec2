/**
 * Waits for all of them.
 *
 * @param late for a module that is loaded lazily: also those that are to come are waited for after one has failed, for
 *   whoever loads it again at once has to find the application at rest. A boot that failed is known at once.
 * @throws what the first one that failed failed with.
 */
export async function allOf(works: readonly Promise<void>[], late: boolean): Promise<void> {
  if (late) await Promise.allSettled(works);
  await Promise.all(works);
}
