import type { RedisError } from '../../errors.js';
import type { Listened, Listener } from '../../pubsub/channel-book.js';
import { keySlot } from '../slots/key-slot.js';
import type { ShardDesk } from './shard-desk.js';

interface Waiter {
  resolve(): void;
  reject(error: RedisError): void;
}

/** A shard channel, and where it is listened to. */
export class ShardChannel implements Listened {
  listeners: readonly Listener[] = [];
  readonly slot: number;
  /** Where the server has confirmed it. Messages count from there alone. */
  home: ShardDesk | undefined;
  /** Where it is asked for, or will be as soon as there is a connection. */
  asked: ShardDesk | undefined;
  /** Since when nothing of it is heard, ms of `performance.now()`: from the beginning until the first confirmation. */
  deafSince = performance.now();
  askedAt = 0;
  /** It was confirmed once. */
  wasHeard = false;
  /** MOVED in a row. */
  redirects = 0;
  /** A command that it shared was refused: it is asked for by itself, to learn whether it was the reason. */
  isAlone = false;
  /** Why it is not confirmed yet. */
  lastError: RedisError | undefined;
  private waiters: Waiter[] = [];

  constructor(readonly name: string) {
    this.slot = keySlot(name);
  }

  /** Resolves when it is heard; rejects when it will not be. */
  whenHeard(): Promise<void> {
    if (this.home !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
    });
  }

  /** Notes its confirmation. Gives for how long nothing was heard, ms; undefined at the first time. */
  heardAt(desk: ShardDesk): number | undefined {
    const gap = this.wasHeard ? Math.round(performance.now() - this.lastHeard) : undefined;
    this.home = desk;
    this.asked = undefined;
    this.redirects = 0;
    this.isAlone = false;
    this.wasHeard = true;
    this.lastError = undefined;
    for (const { resolve } of this.waiters.splice(0)) resolve();
    return gap;
  }

  /** Until when what was published came, as far as is known, ms of `performance.now()`. */
  private get lastHeard(): number {
    if (this.home === undefined) return this.deafSince;
    // the map has it elsewhere, and its home was asked for a sign of life then: one that is stalled gave none
    return Math.min(this.askedAt, this.home.lastSign);
  }

  /** It is not heard any more where it was. */
  unheard(): void {
    this.home = undefined;
    this.deafSince = performance.now();
  }

  fail(error: RedisError): void {
    for (const { reject } of this.waiters.splice(0)) reject(error);
  }
}
