/** What of an error goes into a log. */
export interface ErrorDescription {
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * Puts an error into words, whatever it is. Anything can be thrown, and what users throw is put into words where nothing
 * catches any more: an object without a prototype, or a getter that throws itself, must not end the process there.
 */
export function describeError(error: unknown): ErrorDescription {
  return {
    message: attempt(() => messageOf(error)) ?? 'an error that has no text',
    stack: attempt(() => stackOf(error)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? String(error.message) : String(error);
}

function stackOf(error: unknown): string | undefined {
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
