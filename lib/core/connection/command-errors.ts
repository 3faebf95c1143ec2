import {
  RedisConnectionError,
  RedisDisconnectedError,
  RedisTimeoutError,
  type RedisError,
} from '../errors.js';
import type { Command } from './command.js';

/** Ends the wait for a command whose time is over. */
export function expire(command: Command, what: string, cause?: unknown): void {
  const { name } = command.spec;
  command.fail(
    () => new RedisTimeoutError('command', `${name} timed out: ${what}`, { command: name, cause }),
  );
}

/** Fails a command that is not even queued. */
export function refuse(
  command: Command,
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
export function failLost(command: Command, cause: RedisError, address: string): void {
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
