import { RedisServerError } from '../errors.js';

/**
 * The server does not know a script by its SHA-1, and has run nothing. In its own words: a script may answer with an error of the
 * same code, after it has done its work.
 */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof RedisServerError && error.message.startsWith('NOSCRIPT No matching script');
}
