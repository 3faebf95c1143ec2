import { CommandFlag } from '../commands/command-spec.js';
import {
  RedisConnectionError,
  RedisDisconnectedError,
  RedisProtocolError,
  RedisTimeoutError,
  type DisconnectReason,
  type RedisError,
} from '../errors.js';
import type { PendingCommand } from './pending-command.js';

/** A server that ends a connection says nothing about it to the client. */
const SEE_LOG =
  "The server's log tells more: a restart, CLIENT KILL, or a limit such as `client-output-buffer-limit`?";

/** What became of a command's earlier attempts, as a part of a sentence about it; empty where there were none. */
export function historyOf({ context }: PendingCommand): string {
  if (context === null || context.attempts === 0) return '';
  return context.lost ? 'was sent before, may have taken effect' : 'was refused by the server before';
}

/** The error of a command whose reply could not be brought into its shape. */
export function unexpectedReply(name: string, cause: unknown): RedisProtocolError {
  const message = `${name}: the reply is not of the shape that ${name} answers with.`;
  return new RedisProtocolError(message, { cause, command: name });
}

/** The error of a command whose time is over. */
export function timedOut({ spec }: PendingCommand, what: string, cause?: unknown): RedisTimeoutError {
  return new RedisTimeoutError('command', `${spec.name} timed out: ${what}`, { command: spec.name, cause });
}

/** Fails a command that is not on a connection, and will not be. */
export function refuse(
  command: PendingCommand,
  code: 'QUEUE_FULL' | 'DISCONNECTED' | 'CLOSED',
  why: string,
  cause?: RedisError,
): void {
  const message = `${notSent(command)}: ${why}`;
  command.fail(() => new RedisDisconnectedError(code, message, { command: command.spec.name, cause }));
}

/** Fails a command that waits for a connection which could not be made. */
export function failUnsent(command: PendingCommand, cause: RedisError): void {
  const message = `${notSent(command)}: ${cause.message}`;
  const options = { command: command.spec.name, cause, code: cause.code };
  command.fail(() => new RedisConnectionError('connect_failed', message, options));
}

/** The same for a command that asked for a connection of its own: what came of that decides about the kind of error. */
export function failUnconnected(command: PendingCommand, cause: RedisError): void {
  if (cause instanceof RedisDisconnectedError) {
    refuse(command, 'CLOSED', 'the client was closed first.');
    return;
  }
  if (!(cause instanceof RedisTimeoutError)) {
    failUnsent(command, cause);
    return;
  }
  const message = `${notSent(command)}: ${cause.message}`;
  command.fail(() => new RedisTimeoutError(cause.kind, message, { command: command.spec.name, cause }));
}

/** Fails a command that was on its way when its connection ended. */
export function failLost(command: PendingCommand, cause: RedisError, address: string): void {
  const { name, flags } = command.spec;
  const attempts = command.context?.attempts ?? 0;
  const reason = reasonOf(cause);
  const effect = (flags & CommandFlag.READONLY) === 0 ? ' The command may have taken effect.' : '';
  const tries = attempts > 1 ? ` It was tried ${attempts} times.` : '';
  const message = `${name}: the connection to Redis at ${address} ended before the reply${endOf(reason, cause)}${effect}${tries}`;
  command.fail(() => new RedisConnectionError(reason, message, { command: name, cause }));
}

function notSent(command: PendingCommand): string {
  const { name } = command.spec;
  const history = historyOf(command);
  return history === '' ? `${name} was not sent` : `${name} ${history}, and was not sent again`;
}

function reasonOf(cause: RedisError): DisconnectReason | 'connect_failed' {
  if (cause instanceof RedisConnectionError) return cause.reason;
  return cause instanceof RedisTimeoutError ? 'timeout' : 'protocol_error';
}

/** Why a connection was given up whose place is elsewhere: nothing has befallen it. */
export class GivenUpToMove extends Error {}

/** How the connection ended, to follow "ended before the reply". */
function endOf(reason: DisconnectReason | 'connect_failed', { message, cause }: RedisError): string {
  switch (reason) {
    case 'server_closed':
      return `: the server closed it. ${SEE_LOG}`;
    case 'connection_lost': {
      if (cause instanceof GivenUpToMove) return `: ${message}`;
      const what = (cause as Error | undefined)?.message;
      return `${what === undefined ? '' : `: ${what}`}. ${SEE_LOG}`;
    }
    case 'closed':
      return ': the client was closed.';
    default:
      return `: ${message}`;
  }
}
