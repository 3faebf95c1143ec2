import type { HeldEntries } from './held-entries.js';
import { keepGoing, pause } from './keep-going.js';
import type { ResolvedStreamConsumer } from './stream-consumer-options.js';
import type { StreamConsumerEntry } from './stream-entry.js';
import type { StreamGroup } from './stream-group.js';

interface SupplyHooks<T extends string | Buffer> {
  onServed(): void;
  onEntries(entries: readonly StreamConsumerEntry<T>[]): void;
  onClaimed(entries: readonly StreamConsumerEntry<T>[]): void;
  onDropped(ids: readonly string[]): void;
  /** False ends the supply. */
  report(error: unknown): boolean | Promise<boolean>;
}

/**
 * Where entries come from. Two loops, which both wait for a free handler: one reads what is pending under the consumer's own
 * name and then what is new, the other takes over what nobody has touched for `claimIdle`. With `batch` and `concurrency`
 * no more than their sum is in memory: a read asks for `batch` when a handler is free, a claim only for what has a free handler.
 */
export class EntrySupply<T extends string | Buffer> {
  private grouped = false;
  /** What is pending under the own name after `lastId` is not seen whole. */
  private ownLeft = true;
  /** The last entry that came by reading. What is pending behind it was in a reply that a lost connection took along. */
  private lastId = '0';
  /** Entries that a claim under way may bring. */
  private reserved = 0;
  /** A read was under way when the supply ended: the server may have given it entries that nobody got. */
  private cutOff = false;

  constructor(
    private readonly group: StreamGroup<T>,
    private readonly held: HeldEntries<T>,
    private readonly options: ResolvedStreamConsumer,
    private readonly concurrency: number,
    private readonly hooks: SupplyHooks<T>,
    private readonly signal: AbortSignal,
  ) {}

  /** Supplies until the signal fires. */
  async run(): Promise<void> {
    await Promise.all([this.keepReading(), this.keepClaiming()]);
  }

  /** The group was lost, and made anew: its ids may begin from the start. */
  restart(): void {
    this.lastId = '0';
    this.ownLeft = true;
  }

  /** Gives back what the read that was cut off may have left under the own name. */
  async releaseCutOff(): Promise<void> {
    if (!this.cutOff) return;
    this.cutOff = false;
    const left = await this.group.pendingAfter(this.lastId, this.options.batch);
    // what was delivered before failed, and is not to come again so soon
    const unknown = left.filter(({ id, deliveries }) => deliveries === 1 && !this.held.has(id));
    if (unknown.length > 0) await this.group.release(unknown);
  }

  private async keepReading(): Promise<void> {
    await keepGoing(
      () => this.read(),
      (error) => {
        this.ownLeft = true;
        return this.hooks.report(error);
      },
      this.signal,
    );
  }

  private async read(): Promise<void> {
    const { group, hooks, signal, options, held } = this;
    if (!this.grouped) {
      await group.create();
      await group.checkRights();
      this.grouped = true;
    }
    await this.until(
      () =>
        held.waiting === 0 &&
        held.running + this.reserved < this.concurrency &&
        // acknowledgements that get nowhere hold it up too
        held.size < this.concurrency + options.batch,
    );
    if (signal.aborted) return;
    if (this.ownLeft) {
      await this.readOwn();
      return;
    }
    this.cutOff = true;
    const entries = await group.readNew(options.batch, signal);
    this.cutOff = false;
    hooks.onServed();
    if (entries.length === 0) return;
    this.lastId = entries.at(-1)!.id;
    hooks.onEntries(entries);
  }

  private async readOwn(): Promise<void> {
    const { entries, deleted, next } = await this.group.readOwn(this.lastId, this.options.batch);
    this.hooks.onServed();
    if (next === undefined) {
      this.ownLeft = false;
      this.held.tell();
      return;
    }
    this.lastId = next;
    if (deleted.length > 0) this.hooks.onDropped(deleted);
    this.hooks.onEntries(entries);
  }

  private async keepClaiming(): Promise<void> {
    // first what is its own
    await this.until(() => this.grouped && !this.ownLeft);
    const { claimIdle } = this.options;
    await keepGoing(
      async () => {
        await this.claim();
        // an entry waits half as long again at the most; spread, so that a group's consumers do not look at the same time
        await pause((claimIdle / 2) * (0.8 + Math.random() * 0.2), this.signal);
      },
      this.hooks.report,
      this.signal,
    );
  }

  /** Goes once through what is pending. */
  private async claim(): Promise<void> {
    for (let cursor: string | undefined = '-'; cursor !== undefined;) {
      await this.until(() => this.free > 0);
      if (this.signal.aborted) return;
      const count = Math.min(this.free, this.options.batch);
      this.reserved = count;
      try {
        const { entries, deleted, next } = await this.group.claim(cursor, count);
        cursor = next;
        if (deleted.length > 0) this.hooks.onDropped(deleted);
        // what is held was only slow to be touched
        const fresh = entries.filter(({ id }) => !this.held.has(id));
        if (fresh.length > 0) this.hooks.onClaimed(fresh);
      } finally {
        this.reserved = 0;
        this.held.tell();
      }
    }
  }

  /** Handlers that nothing waits for. */
  private get free(): number {
    return this.concurrency - this.held.running - this.held.waiting - this.reserved;
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!this.signal.aborted && !condition()) await this.held.changed();
  }
}
