import { refuse } from '../../connection/command-errors.js';
import { ConnectWaiters, type WhyUnconnected } from '../../connection/connect-waiters.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import { WaitingCommands } from '../../connection/waiting-commands.js';
import { RedisDisconnectedError, type RedisError } from '../../errors.js';

/** Those who wait until it is known which node has which slot: commands, and callers. Also commands that pause between two nodes. */
export class WaitingForMap {
  private readonly commands = new WaitingCommands();
  private readonly callers = new ConnectWaiters();

  /**
   * @param name of the cluster, for messages.
   * @param queueSize commands that may wait; one more fails at once.
   */
  constructor(
    private readonly name: string,
    private readonly queueSize: number,
  ) {}

  /** Commands, the pausing ones too. */
  get size(): number {
    return this.commands.size;
  }

  get isFull(): boolean {
    return this.commands.held >= this.queueSize;
  }

  /** Does anybody wait? */
  get isWanted(): boolean {
    return this.commands.size > 0 || this.callers.size > 0;
  }

  /** @param cause why nothing is known yet, where that is known. */
  hold(command: PendingCommand, cause: RedisError | undefined): void {
    if (!this.isFull) {
      this.commands.push(command);
      return;
    }
    const why = `the slots of ${this.name} are not known yet, and ${this.queueSize} commands wait already (\`queueSize\`).`;
    refuse(command, 'QUEUE_FULL', why, cause);
  }

  /**
   * @param delay ms
   * @param error why it is to be sent again.
   */
  pause(command: PendingCommand, delay: number, error: RedisError): void {
    this.commands.delay(command, delay, error);
  }

  /** @param timeout ms; Infinity waits for ever, undefined for one round of asking. */
  wait(timeout: number | undefined): Promise<void> {
    return this.callers.add(timeout);
  }

  /** Ends the wait of those whose time is over. Gives the commands whose pause is. */
  expire(now: number, lastError: RedisError | undefined): PendingCommand[] {
    const why: WhyUnconnected = {
      reason: lastError?.message ?? `no node of ${this.name} has answered yet.`,
      cause: lastError,
    };
    this.commands.expire(now, () => why);
    this.callers.expire(now, this.name, () => why);
    return this.commands.takeDue(now);
  }

  /** It is known. Gives the commands that have waited for that. */
  end(): PendingCommand[] {
    const commands = this.commands.takeQueued();
    this.callers.resolveAll();
    return commands;
  }

  /** A round of asking has failed: those who wanted no more than one give up. */
  noteFailure(error: RedisError): void {
    this.callers.rejectImpatient(error);
  }

  /** No round will ever do better. */
  fail(error: RedisError): void {
    this.callers.rejectAll(error);
    this.commands.failAll(error);
  }

  close(): void {
    this.commands.refuseAll('the client was closed first.');
    this.callers.rejectAll(new RedisDisconnectedError('CLOSED', 'The client was closed.'));
  }
}
