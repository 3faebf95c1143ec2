import { RedisConnectionError, RedisDisconnectedError, RedisError, RedisServerError } from '../errors.js';

/** What an error means for a consumer: it ends with the client, it gives up, it makes its group anew, or it tries again later. */
export type Verdict = 'closed' | 'fatal' | 'no-group' | 'passing';

/**
 * @param served it has worked before: what refuses it now (credentials that are being changed, a proxy without a server) may pass.
 */
export function judgeError(error: unknown, served: boolean): Verdict {
  // no error of a command: a fault of ours, which trying again does not mend
  if (!(error instanceof RedisError)) return 'fatal';
  const { code } = error;
  if (error instanceof RedisDisconnectedError) {
    if (code === 'CLOSED') return 'closed';
    // `reconnect: false`: nobody will connect again
    return code === 'DISCONNECTED' ? 'fatal' : 'passing';
  }
  if (error instanceof RedisServerError) {
    // a read that waited while the stream was deleted hears UNBLOCKED before 7.2; the next one hears this
    if (code === 'NOGROUP') return 'no-group';
    if (code === 'NOPERM' || code === 'WRONGTYPE') return 'fatal';
    if (code === 'ERR') return !served || /unknown (sub)?command/i.test(error.message) ? 'fatal' : 'passing';
    return 'passing';
  }
  if (error instanceof RedisConnectionError && !served && /^(WRONGPASS|NOAUTH|NOPERM)$/.test(code))
    return 'fatal';
  return 'passing';
}
