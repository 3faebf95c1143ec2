import { RedisServerError } from '../../errors.js';
import type { Redirect } from './redirect.js';

const redirects = new WeakMap<object, Redirect>();

/** What the user of a connection to one node gets whose slot is elsewhere: what he does on it cannot be done on another one. */
export function redirectError(redirect: Redirect, command: string, from: string): RedisServerError {
  const { isAsk, slot, host, port } = redirect;
  const where = isAsk ? 'is on its way to another node' : 'is on another node by now';
  const error = new RedisServerError(
    `${isAsk ? 'ASK' : 'MOVED'} ${slot} ${host}:${port}: the slot of its keys ${where}, and ${command} was not executed. ` +
      `This connection stays with ${from}: begin anew on another one, by dedicated(work, { key }) or the pool's acquire({ key }).`,
    { command },
  );
  redirects.set(error, redirect);
  return error;
}

/** Where an error leads, or what a transaction failed by; undefined for any other. */
export function redirectOf(error: unknown): Redirect | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const own = redirects.get(error);
  if (own !== undefined || !(error instanceof RedisServerError)) return own;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null ? redirects.get(cause) : undefined;
}
