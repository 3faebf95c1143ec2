import type { RedisError } from '../errors.js';
import { clock, ticksFor } from './coarse-clock.js';
import type { PendingCommand } from './pending-command.js';
import { failUnsent, historyOf, refuse, timedOut } from './command-errors.js';
import { CommandQueue } from './command-queue.js';

/** A refused command that a retry rule holds back. */
interface Delayed {
  readonly command: PendingCommand;
  /** Tick. */
  readonly until: number;
  /** Why it is to be sent again. */
  readonly error: RedisError;
}

/** Commands that are not on a connection: in order of their calls, and apart those that a retry rule holds back. */
export class WaitingCommands {
  private readonly queue = new CommandQueue();
  private delayed: Delayed[] = [];

  /** In the queue, the held back not counted. */
  get length(): number {
    return this.queue.length;
  }

  get size(): number {
    return this.queue.length + this.delayed.length;
  }

  push(command: PendingCommand): void {
    this.queue.push(command);
  }

  shift(): PendingCommand | undefined {
    return this.queue.shift();
  }

  /** Puts commands in front of all others, keeping their order: they were issued before. */
  giveBack(commands: readonly PendingCommand[]): void {
    for (const command of commands.toReversed()) this.queue.unshift(command);
  }

  /**
   * @param delay ms
   * @param error why it is to be sent again.
   */
  delay(command: PendingCommand, delay: number, error: RedisError): void {
    this.delayed.push({ command, until: clock.now + ticksFor(delay), error });
  }

  /** The held back whose time has come. */
  takeDue(now: number): PendingCommand[] {
    if (this.delayed.length === 0) return [];
    const due: PendingCommand[] = [];
    const later: Delayed[] = [];
    for (const entry of this.delayed) {
      if (entry.until < now) due.push(entry.command);
      else later.push(entry);
    }
    if (due.length > 0) this.delayed = later;
    return due;
  }

  /** Ends the wait for what is over its deadline, and forgets what was aborted. `why` is asked only where something is over. */
  expire(now: number, why: () => { reason: string; cause: RedisError | undefined }): void {
    let over = 0;
    const look = (command: PendingCommand, refusal?: RedisError): void => {
      if (!command.settled && command.deadline !== 0 && now > command.deadline) {
        const { reason, cause } = refusal === undefined ? why() : { reason: refusal.message, cause: refusal };
        const history = historyOf(command);
        const what = history === '' ? 'it was never sent' : `it ${history}, and waited to be sent again`;
        command.fail(() => timedOut(command, `${what}: ${reason}`, cause));
      }
      if (command.settled) over++;
    };
    for (let index = 0; index < this.queue.length; index++) look(this.queue.at(index));
    for (const { command, error } of this.delayed) look(command, error);
    if (over === 0) return;
    this.delayed = this.delayed.filter(({ command }) => !command.settled);
    for (const command of this.queue.drain()) if (!command.settled) this.queue.push(command);
  }

  /** Fails everything: no connection will come. */
  failAll(cause: RedisError): void {
    for (const command of this.takeAll()) failUnsent(command, cause);
  }

  refuseAll(why: string): void {
    for (const command of this.takeAll()) refuse(command, 'CLOSED', why);
  }

  private takeAll(): PendingCommand[] {
    const delayed = this.delayed.map(({ command }) => command);
    this.delayed = [];
    return [...this.queue.drain(), ...delayed];
  }
}
