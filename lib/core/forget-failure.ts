const nothing = (): void => {};

/**
 * Takes what a hook of the user's gave back. Where that is an async function nobody waits for what it began, and Node would end the
 * process for its failure.
 */
export function forgetFailure(given: unknown): void {
  if (typeof (given as { then?: unknown } | null | undefined)?.then === 'function')
    (given as PromiseLike<unknown>).then(nothing, nothing);
}
