import type { RedisError } from '../../../../../lib/core/index.js';

/** The error that ends it; that there is one is part of what is expected. */
export async function failureOf(work: Promise<unknown>): Promise<RedisError> {
  return work.then(
    (value) => Promise.reject(new Error(`it did not fail, but gave ${String(value)}`)),
    (error: RedisError) => error,
  );
}
