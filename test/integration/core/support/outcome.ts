/** The error that a promise rejects with; fails where it resolves. */
export async function errorOf<Failure extends Error = Error>(promise: Promise<unknown>): Promise<Failure> {
  const unexpected = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error as Failure }),
  );
  if ('error' in unexpected) return unexpected.error;
  throw new Error('It resolved, though it was to fail.');
}

/** Follows a promise without waiting for it: has it settled by now? */
export function watch(promise: Promise<unknown>): { readonly settled: boolean } {
  const state = { settled: false };
  const settle = (): void => {
    state.settled = true;
  };
  promise.then(settle, settle);
  return state;
}
