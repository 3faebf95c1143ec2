// @ts-check

/** What the user typed makes no sense; exit code 2. */
export class UsageError extends Error {}

/** @param {unknown} error */
export function messageOf(error) {
  const message = /** @type {{ message?: unknown } | null | undefined} */ (error)?.message;
  return typeof message === 'string' ? message : String(error);
}
