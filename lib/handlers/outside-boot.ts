import { AsyncResource } from 'node:async_hooks';

/** Made as the module is loaded, which is before anything of an application runs. */
const outside = new AsyncResource('RedisMessageHandlers');

/**
 * Calls `work` outside of the async context that the application boots in. What begins there goes on for as long as the
 * application lives: a span that is active at boot, or a store of an `AsyncLocalStorage`, would be every message's.
 */
export function outsideBoot<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}
