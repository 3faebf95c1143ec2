import { RedisError } from '../errors.js';

/**
 * The results, of which none is an error.
 *
 * @throws {AggregateError} of all that are.
 */
export function withoutFailures(results: unknown[]): unknown[] {
  const errors = results.filter((result): result is RedisError => result instanceof RedisError);
  if (errors.length === 0) return results;
  const count = `${errors.length} of ${results.length} commands of the transaction failed; the others have taken effect`;
  throw new AggregateError(errors, `${count}. The first: ${errors[0]!.message}`);
}
