import { RedisClientError, type RedisError } from '../errors.js';

const ELSEWHERE = 'ELSEWHERE';

/** Thrown at those who wait for a connection to a node that is not the one any more: they look for the one that is. */
export function elsewhere(): RedisError {
  return new RedisClientError(ELSEWHERE, 'What was waited for is on another node by now.');
}

export function isElsewhere(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === ELSEWHERE;
}
