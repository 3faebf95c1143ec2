import { RedisError } from '../../errors.js';
import { remakeError } from '../../late-error.js';

/**
 * One error for a call of which several shares went to servers: that of `chosen`, with its class and code, saying how many
 * failed and what became of the others. What is no error of this package comes as it is.
 *
 * @param effect does the command change anything?
 * @param where the addresses of those that failed, where these are nodes
 */
export function failedShare(
  chosen: unknown,
  failed: number,
  total: number,
  shares: 'nodes' | 'parts',
  effect: boolean,
  where: readonly string[] = [],
): unknown {
  if (total === 1 || !(chosen instanceof RedisError)) return chosen;
  const rest = total - failed;
  const fate =
    rest === 1
      ? `, the other ${effect ? 'has taken effect' : 'was answered'}`
      : `, the other ${rest} ${effect ? 'have taken effect' : 'were answered'}`;
  const names = where.length === 0 ? '' : ` (${where.join(', ')})`;
  const message = `${chosen.message}; ${failed} of ${total} ${shares} failed${names}${rest === 0 ? '' : fate}`;
  return remakeError(chosen, { message });
}
