import type { RedisError } from '../errors.js';
import { clock, ticksFor } from './coarse-clock.js';
import type { CommandSource } from './command-source.js';
import type { PendingCommand } from './pending-command.js';
import { failUnsent, historyOf, refuse, timedOut } from './command-errors.js';
import { CommandQueue } from './command-queue.js';

/** Why commands are still not sent. */
interface WhyUnsent {
  reason: string;
  cause: RedisError | undefined;
}

/** A refused command that a retry rule holds back. */
interface Delayed {
  readonly command: PendingCommand;
  /** Tick. */
  readonly until: number;
  /** Why it is to be sent again. */
  readonly error: RedisError;
}

/**
 * Commands that are not on a connection: in order of their calls, and apart those that a retry rule holds back and the
 * rests of long pipelines, which line up at the end portion by portion.
 */
export class WaitingCommands {
  private readonly queue = new CommandQueue();
  private delayed: Delayed[] = [];
  private sources: CommandSource[] = [];

  /** In the queue: neither the held back counted, nor the rests of pipelines. */
  get length(): number {
    return this.queue.length;
  }

  /** All but the held back: what was issued and never sent, or comes first again. */
  get held(): number {
    let held = this.queue.length;
    for (const { left } of this.sources) held += left;
    return held;
  }

  get size(): number {
    return this.held + this.delayed.length;
  }

  push(command: PendingCommand): void {
    this.queue.push(command);
  }

  shift(): PendingCommand | undefined {
    return this.queue.shift();
  }

  /** Takes commands that were issued together: the first portion lines up, the rest later. */
  add(source: CommandSource): void {
    this.lineUp(source);
    if (source.left > 0) this.sources.push(source);
  }

  /** Lets those whose turn it is line up, behind all who came meanwhile: each source gets on, and nobody waits for all of it. */
  refill(): void {
    if (this.sources.length === 0) return;
    for (const source of this.sources) this.lineUp(source);
    this.forgetEmptySources();
  }

  private lineUp(source: CommandSource): void {
    for (let command = source.take(); command !== undefined; command = source.take())
      this.queue.push(command);
  }

  private forgetEmptySources(): void {
    this.sources = this.sources.filter(({ left }) => left > 0);
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

  /**
   * Ends the wait for what is over its deadline, and forgets what was aborted. `why` is asked only where something is
   * over: of the queue, or of the rest of a pipeline.
   */
  expire(now: number, why: (where: 'queue' | 'rest') => WhyUnsent): void {
    let over = 0;
    const look = (command: PendingCommand, refusal?: RedisError): void => {
      if (!command.settled && command.deadline !== 0 && now > command.deadline) {
        const { reason, cause } =
          refusal === undefined ? why('queue') : { reason: refusal.message, cause: refusal };
        const history = historyOf(command);
        const what = history === '' ? 'it was never sent' : `it ${history}, and waited to be sent again`;
        command.fail(() => timedOut(command, `${what}: ${reason}`, cause));
      }
      if (command.settled) over++;
    };
    for (let index = 0; index < this.queue.length; index++) look(this.queue.at(index));
    for (const { command, error } of this.delayed) look(command, error);
    if (this.sources.length > 0) this.expireSources(now, why);
    if (over === 0) return;
    this.delayed = this.delayed.filter(({ command }) => !command.settled);
    for (const command of this.queue.drain()) if (!command.settled) this.queue.push(command);
  }

  private expireSources(now: number, why: (where: 'rest') => WhyUnsent): void {
    for (const source of this.sources) {
      if (source.deadline === 0 || now <= source.deadline || source.left === 0) continue;
      const { reason, cause } = why('rest');
      for (const command of source.takeRest())
        command.fail(() => timedOut(command, `it was never sent: ${reason}`, cause));
    }
    this.forgetEmptySources();
  }

  /** Fails everything: no connection will come. */
  failAll(cause: RedisError): void {
    for (const command of this.takeAll()) failUnsent(command, cause);
  }

  refuseAll(why: string): void {
    for (const command of this.takeAll()) refuse(command, 'CLOSED', why);
  }

  /** Takes all that waits for its turn, the rests of pipelines too; the held back stay until their time has come. */
  takeQueued(): PendingCommand[] {
    const rests = this.sources.flatMap((source) => source.takeRest());
    this.sources = [];
    return [...this.queue.drain(), ...rests].filter(({ settled }) => !settled);
  }

  private takeAll(): PendingCommand[] {
    const delayed = this.delayed.map(({ command }) => command);
    this.delayed = [];
    return [...this.takeQueued(), ...delayed];
  }
}
