import { deadlineAfter } from '../connection/coarse-clock.js';
import type { Command } from '../connection/command.js';
import { CommandContext } from '../connection/command-context.js';
import { failUnconnected } from '../connection/command-errors.js';
import { isElsewhere } from '../connection/elsewhere.js';
import type { DedicatedConnection } from '../pool/dedicated-connection.js';
import { RedisAbortError, RedisDisconnectedError, type RedisError } from '../errors.js';
import type { CallOptions } from '../options.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { aborted, callOff, heedCaller, type Unblock } from './call-off.js';

/**
 * Blocking commands of a shared client: each waits on a connection that it has to itself, so that a BLPOP that waits for a
 * minute holds up nobody.
 */
export class BlockingCalls {
  private readonly waiting = new Map<Command, DedicatedConnection>();
  private ended = false;

  /** @param unblock asks the server over another connection. */
  constructor(
    private readonly pool: ConnectionPool,
    private readonly options: ResolvedOptions,
    private readonly unblock: Unblock,
  ) {}

  /** Those on the server. */
  get size(): number {
    return this.waiting.size;
  }

  /** @param wait how long the command may wait on the server, ms. */
  submit(command: Command, wait: number, call: CallOptions | undefined): void {
    const context = (command.context ??= new CommandContext());
    context.blocking = true;
    if (context.calledAt === 0) context.calledAt = performance.now();
    context.timeout = call?.timeout;
    context.retry = call?.retry;
    context.idempotent = call?.idempotent;
    this.send(command, wait, call).catch((error: RedisError) => {
      const { name } = command.spec;
      if (isElsewhere(error) && context.reissue !== undefined) context.reissue();
      // between two servers, where it has taken nothing
      else if (this.ended && (context.attempts > 0 || context.redirects > 0)) command.reply(null);
      else if (error instanceof RedisAbortError) command.fail(() => aborted(name, call?.signal));
      else failUnconnected(command, error);
    });
  }

  /** Those that wait are answered `null`, as after their own timeout: nothing popped meanwhile is lost. */
  async endAll(): Promise<void> {
    this.ended = true;
    await Promise.all(
      [...this.waiting].map(([command, dedicated]) => callOff(command, dedicated, this.unblock, undefined)),
    );
  }

  private async send(command: Command, wait: number, call: CallOptions | undefined): Promise<void> {
    const { name } = command.spec;
    const { commandTimeout, blockingTimeoutBuffer } = this.options;
    const limit = call?.timeout ?? commandTimeout;
    const now = performance.now();
    // a timeout of the call's own is for all attempts; for a connection each has the time of a command
    const end = (call?.timeout === undefined ? now : command.context!.calledAt) + limit;
    const timeout = limit === 0 ? 0 : Math.max(1, Math.round(end - now));
    const acquired = this.pool.acquire({ signal: call?.signal, timeout, purpose: name });
    const { observation } = command;
    if (observation !== null && this.pool.stats().waiting > 0)
      observation.note({ type: 'waiting', error: undefined });
    const dedicated = await acquired;
    // both may have happened since it was handed over
    const refusal = this.ended
      ? closed()
      : call?.signal?.aborted === true
        ? aborted(name, call.signal)
        : undefined;
    if (refusal !== undefined) {
      this.pool.release(dedicated);
      throw refusal;
    }
    this.waiting.set(command, dedicated);
    // a timeout of the call's own goes before that of the command; it began with the call
    const forget =
      call === undefined
        ? undefined
        : heedCaller(command, dedicated, this.unblock, call, end - performance.now());
    const { context } = command;
    context!.onSettled = () => {
      forget?.();
      this.waiting.delete(command);
      // the server may not have done with it: see Unblock
      if (context!.unblocked) dedicated.connection.destroy();
      this.pool.release(dedicated);
    };
    // its own timeout begins on the server
    context!.longest = wait + blockingTimeoutBuffer;
    command.deadline = deadlineAfter(context!.longest);
    observation?.noteSent(dedicated.connection);
    dedicated.connection.submit(command);
  }
}

function closed(): RedisDisconnectedError {
  return new RedisDisconnectedError('CLOSED', 'The client was closed.');
}
