import type { StreamConsumerEntry } from './stream-entry.js';

interface Held<T extends string | Buffer> {
  readonly entry: StreamConsumerEntry<T>;
  /** When the server last knew that it is held here, by `performance.now()`. */
  touched: number;
}

/**
 * The entries that are this consumer's now:
 *
 *     waiting ──take()──▶ running ──finish()──▶ being acknowledged ──forget()──▶ gone
 */
export class HeldEntries<T extends string | Buffer> {
  private readonly all = new Map<string, Held<T>>();
  private queue: StreamConsumerEntry<T>[] = [];
  private readonly busy = new Set<string>();
  private waiters: (() => void)[] = [];

  /** Entries in hand, those that are being acknowledged included. */
  get size(): number {
    return this.all.size;
  }

  get waiting(): number {
    return this.queue.length;
  }

  get running(): number {
    return this.busy.size;
  }

  has(id: string): boolean {
    return this.all.has(id);
  }

  /** Adds entries behind those that wait; those that are held already stay as they are. */
  add(entries: readonly StreamConsumerEntry<T>[]): void {
    const now = performance.now();
    for (const entry of entries) {
      if (this.all.has(entry.id)) continue;
      this.all.set(entry.id, { entry, touched: now });
      this.queue.push(entry);
    }
    this.tell();
  }

  /** The first that waits, for a handler. */
  take(): StreamConsumerEntry<T> | undefined {
    const entry = this.queue.shift();
    if (entry !== undefined) this.busy.add(entry.id);
    return entry;
  }

  /** All that wait, which are held no longer. */
  takeBack(): StreamConsumerEntry<T>[] {
    const entries = this.queue;
    this.queue = [];
    for (const { id } of entries) this.all.delete(id);
    return entries;
  }

  /** Its handler is done; what it is held for is the acknowledgement. */
  finish(id: string): void {
    this.busy.delete(id);
    this.tell();
  }

  forget(id: string): void {
    this.busy.delete(id);
    this.all.delete(id);
    this.tell();
  }

  /** Those that the server has not heard of since then. */
  untouchedSince(time: number): string[] {
    const ids: string[] = [];
    for (const [id, { touched }] of this.all) if (touched <= time) ids.push(id);
    return ids;
  }

  touched(ids: readonly string[], time: number): void {
    for (const id of ids) {
      const held = this.all.get(id);
      if (held !== undefined) held.touched = time;
    }
  }

  /** Resolves when next anything changes here. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Wakes those who wait for a change. */
  tell(): void {
    if (this.waiters.length === 0) return;
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake();
  }
}
