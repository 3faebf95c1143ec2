import {
  RedisConnectionError,
  RedisDisconnectedError,
  RedisTimeoutError,
  type RedisError,
} from '../errors.js';
import type { PendingCommand } from './pending-command.js';

/** The error of a command whose time is over. */
export function timedOut({ spec }: PendingCommand, what: string, cause?: unknown): RedisTimeoutError {
  return new RedisTimeoutError('command', `${spec.name} timed out: ${what}`, { command: spec.name, cause });
}

/** Fails a command that is not even queued. */
export function refuse(
  command: PendingCommand,
  code: 'QUEUE_FULL' | 'DISCONNECTED' | 'CLOSED',
  why: string,
  cause?: RedisError,
): void {
  const { name } = command.spec;
  command.fail(
    () => new RedisDisconnectedError(code, `${name} was not sent: ${why}`, { command: name, cause }),
  );
}

/** Fails a command that was on its way when its connection ended. */
export function failLost(command: PendingCommand, cause: RedisError, address: string): void {
  const { name } = command.spec;
  const reason =
    cause instanceof RedisConnectionError
      ? cause.reason
      : cause instanceof RedisTimeoutError
        ? 'timeout'
        : 'protocol_error';
  command.fail(
    () =>
      new RedisConnectionError(
        reason,
        `${name}: the connection to Redis at ${address} ended before the reply. The command may have taken effect.`,
        { command: name, cause },
      ),
  );
}
