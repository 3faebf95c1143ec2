import { AsyncResource } from 'node:async_hooks';

/** Made as the module is loaded, which is before anybody calls. */
const outside = new AsyncResource('RedisConnection');

/**
 * Calls `work` outside of its caller's async context. What outlives the caller begins there: a connection that is opened at first
 * use would else hold the stores of whoever happened to come first for as long as it stands, and what it calls later (listeners,
 * `credentials`, retry rules) would find itself in that request, and in its trace.
 */
export function outsideCallers<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}
