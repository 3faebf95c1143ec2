import { RedisConnectionError, RedisDisconnectedError, RedisTimeoutError } from '../core/index.js';
import { describeError } from '../describe-error.js';
import type { ConnectionHealth, HealthStatus } from './connection-health.js';

/** What one look at a connection gave. */
export interface Finding {
  readonly status: HealthStatus;
  readonly details?: Partial<ConnectionHealth>;
  readonly message?: string | undefined;
}

/** What a finding of that kind is worth, where its option says so. */
export function statusOf(option: 'down' | 'degraded' | 'ignore'): HealthStatus {
  return option === 'ignore' ? 'up' : option;
}

/** Why a PING was not answered, for people. */
export function wordsOf(error: unknown, who: string, timeout: number): string {
  // that error's own text is about commands that may have changed something
  if (error instanceof RedisTimeoutError) return `${who} did not answer PING within ${timeout} ms`;
  // nor is PING such a command, whose connection has ended
  if (error instanceof RedisConnectionError && error.cause !== undefined)
    return `${who} did not answer PING: ${causeOf(error)}`;
  const { message } = describeError(error);
  // that there is no connection is no reason; why it was lost, or could not be made, is
  const cause = error instanceof RedisDisconnectedError ? causeOf(error) : undefined;
  if (cause !== undefined) return `${message} ${cause}`;
  return message.startsWith('NOPERM') ? `${message} Health needs PING: allow it with "+ping"` : message;
}

export function causeOf({ cause }: { cause?: unknown }): string | undefined {
  return cause === undefined ? undefined : describeError(cause).message;
}

export function inHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
