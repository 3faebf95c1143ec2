import {
  RedisAbortError,
  RedisClientError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisProtocolError,
  RedisServerError,
  RedisTimeoutError,
  type RedisError,
} from './errors.js';

const resolved = Promise.resolve();
const nothing = (): void => {};

/**
 * Rejects a few microtasks later, with an error made there. Where a caller's promise is resolved with this one, V8 finds
 * the async functions that await it and puts their lines into `error.stack`.
 */
export function rejectLate(create: () => Error): Promise<never> {
  return resolved.then(nothing).then(() => {
    throw create();
  });
}

/** The same error made anew: one failure ends the wait of many callers, and each of them needs a stack of its own. */
export function remakeError(
  error: RedisError,
  { command = error.command, message = error.message }: { command?: string; message?: string } = {},
): RedisError {
  const { cause, code } = error;
  if (error instanceof RedisConnectionError)
    return new RedisConnectionError(error.reason, message, { cause, command, code });
  if (error instanceof RedisTimeoutError)
    return new RedisTimeoutError(error.kind, message, { cause, command });
  if (error instanceof RedisDisconnectedError)
    return new RedisDisconnectedError(code as 'CLOSED', message, { cause, command });
  if (error instanceof RedisProtocolError) return new RedisProtocolError(message, { cause, command });
  if (error instanceof RedisAbortError) return new RedisAbortError(message, { cause, command });
  if (error instanceof RedisClientError) return new RedisClientError(code, message, { cause, command });
  return new RedisServerError(message, { cause, command });
}
