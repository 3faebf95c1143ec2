import type { PendingCommand } from './pending-command.js';

/** A first-in, first-out ring of commands: no allocation per command, and it grows by doubling. */
export class CommandQueue {
  private slots: (PendingCommand | undefined)[];
  private mask: number;
  private head = 0;
  private count = 0;

  constructor(capacity = 64) {
    this.slots = Array.from<PendingCommand | undefined>({ length: capacity }).fill(undefined);
    this.mask = capacity - 1;
  }

  get length(): number {
    return this.count;
  }

  push(command: PendingCommand): void {
    if (this.count > this.mask) this.grow();
    this.slots[(this.head + this.count++) & this.mask] = command;
  }

  /** Puts a command in front of all others: it was sent once and comes first again. */
  unshift(command: PendingCommand): void {
    if (this.count > this.mask) this.grow();
    this.head = (this.head - 1) & this.mask;
    this.slots[this.head] = command;
    this.count++;
  }

  shift(): PendingCommand | undefined {
    const command = this.slots[this.head];
    if (command === undefined) return undefined;
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & this.mask;
    this.count--;
    return command;
  }

  /** The oldest, or undefined. */
  peek(): PendingCommand | undefined {
    return this.slots[this.head];
  }

  at(index: number): PendingCommand {
    return this.slots[(this.head + index) & this.mask]!;
  }

  /** Puts another in the place of one. */
  replace(index: number, command: PendingCommand): void {
    this.slots[(this.head + index) & this.mask] = command;
  }

  /** Empties the queue and gives what it held, oldest first. */
  drain(): PendingCommand[] {
    const all: PendingCommand[] = [];
    for (let command = this.shift(); command !== undefined; command = this.shift()) all.push(command);
    if (this.mask > 4095) {
      this.slots = Array.from<PendingCommand | undefined>({ length: 64 }).fill(undefined);
      this.mask = 63;
      this.head = 0;
    }
    return all;
  }

  private grow(): void {
    const { slots, head, count } = this;
    const next = Array.from<PendingCommand | undefined>({ length: slots.length * 2 }).fill(undefined);
    for (let index = 0; index < count; index++) next[index] = slots[(head + index) & this.mask];
    this.slots = next;
    this.mask = next.length - 1;
    this.head = 0;
  }
}
