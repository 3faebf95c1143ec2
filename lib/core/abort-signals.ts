import { RedisAbortError } from './errors.js';

/** What is to be done when a signal fires: one listener a signal, however many commands it is for. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `action` when the signal fires, soon where it has fired already. Returns the function that takes it back. */
export function onceAborted(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) return soon(action);
  const actions = waiting.get(signal) ?? listen(signal);
  actions.add(action);
  return () => actions.delete(action);
}

/** Not at once: whoever asks has not made ready for it yet. */
function soon(action: () => void): () => void {
  let wanted = true;
  queueMicrotask(() => {
    if (wanted) action();
  });
  return () => {
    wanted = false;
  };
}

// Node warns of a leak at the eleventh listener of a signal; a request with a dozen commands is none
function listen(signal: AbortSignal): Set<() => void> {
  const actions = new Set<() => void>();
  waiting.set(signal, actions);
  signal.addEventListener(
    'abort',
    () => {
      for (const action of actions) action();
      actions.clear();
    },
    { once: true },
  );
  return actions;
}

/**
 * Waits no longer than until the signal fires.
 *
 * @param what is aborted then: `'The subscription'`.
 */
export async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<Result> {
  if (signal === undefined) return await work;
  let forget: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    forget = onceAborted(signal, () => {
      reject(new RedisAbortError(`${what} was aborted by its signal.`, { cause: signal.reason }));
    });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    forget?.();
  }
}
