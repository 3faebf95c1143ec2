import { SSUBSCRIBE } from '../../commands/commands.generated.js';
import { RedisTimeoutError } from '../../errors.js';
import { timerDelay } from '../../timer-delay.js';
import type { ShardChannel } from './shard-channel.js';

/**
 * Waits until the server has confirmed every channel.
 *
 * @param timeout ms; 0 and Infinity wait for ever.
 * @throws {RedisError} why one of them will not be heard; {RedisTimeoutError} when it takes longer.
 */
export async function waitUntilHeard(channels: readonly ShardChannel[], timeout: number): Promise<void> {
  const heard = Promise.all(channels.map((channel) => channel.whenHeard()));
  if (timeout === 0 || timeout === Infinity) {
    await heard;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(channels, timeout)), timerDelay(timeout));
  });
  try {
    await Promise.race([heard, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(channels: readonly ShardChannel[], timeout: number): RedisTimeoutError {
  const cause = channels.find(({ home }) => home === undefined)?.lastError;
  const reason = cause === undefined ? 'the node did not answer.' : cause.message;
  const message = `SSUBSCRIBE timed out: it was not confirmed within ${timeout} ms (\`commandTimeout\`): ${reason}`;
  return new RedisTimeoutError('command', message, { command: SSUBSCRIBE.name, cause });
}
