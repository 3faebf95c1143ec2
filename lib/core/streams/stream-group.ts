import type { CommandView } from '../command-view.js';
import type { CommandArgument } from '../commands/arguments.js';
import type { StreamEntry } from '../commands/reply-types.js';
import type { ConnectionEvents, ConnectionStatus } from '../connection/connection-hooks.js';
import { RedisServerError } from '../errors.js';
import type { CallOptions } from '../options.js';
import type { ResolvedStreamConsumer } from './stream-consumer-options.js';
import type { StreamConsumerEntry } from './stream-entry.js';

/** The client behind a consumer. */
export interface StreamClient {
  readonly status: ConnectionStatus;
  with(options: CallOptions): CommandView<string>;
  on(event: 'disconnect', listener: (...payload: ConnectionEvents['disconnect']) => void): unknown;
  off(event: 'disconnect', listener: (...payload: ConnectionEvents['disconnect']) => void): unknown;
}

/** Entries of one look at the list of what is pending. */
export interface PendingPage<T extends string | Buffer> {
  readonly entries: StreamConsumerEntry<T>[];
  /** Pending entries that are no longer in the stream. */
  readonly deleted: string[];
  /** Where to go on; undefined once the list was seen whole. */
  readonly next: string | undefined;
}

/** Ids before and behind those of all entries. */
const FIRST_ID = '0-0';
const LAST_ID = '18446744073709551615-18446744073709551615';

/** What a consumer asks of the server: every command about its stream and group stands here. */
export class StreamGroup<T extends string | Buffer> {
  private readonly plain: CommandView<string>;
  private readonly typed: CommandView<T>;
  /** For what does no harm when it is sent twice. */
  private readonly repeatable: CommandView<string>;
  private creating: Promise<void> | undefined;
  /** The newest entry that was read: where a group that begins with `'$'` goes on after it was lost. */
  private newest: string | undefined;

  constructor(
    client: StreamClient,
    private readonly options: ResolvedStreamConsumer,
  ) {
    this.plain = client.with({});
    this.typed = (options.buffers ? this.plain.buffers : this.plain) as unknown as CommandView<T>;
    this.repeatable = client.with({ idempotent: true });
  }

  /** Makes the group, and the stream, unless they are there. Concurrent calls are one. */
  create(): Promise<void> {
    return (this.creating ??= this.createNow().finally(() => {
      this.creating = undefined;
    }));
  }

  private async createNow(): Promise<void> {
    const { stream, group, start } = this.options;
    // begun at the end once more, it would pass over what was added while there was no group
    const from = start === '$' ? (this.newest ?? start) : start;
    try {
      await this.repeatable.xgroupCreate(stream, group, from, 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof RedisServerError && error.code === 'BUSYGROUP')) throw error;
    }
  }

  /**
   * Asks about an entry that never is for all that entries need once they are read, so that what a user may not do is known
   * before: one who may read and not acknowledge would handle the same entries again and again. Changes nothing.
   */
  async checkRights(): Promise<void> {
    const { stream, group, consumer, claimIdle, deadLetter } = this.options;
    await Promise.all([
      this.ack([FIRST_ID]),
      this.plain.xpending(stream, group, FIRST_ID, FIRST_ID, 1),
      this.touch([FIRST_ID]),
      this.plain.xautoclaim(stream, group, consumer, claimIdle, LAST_ID, 'COUNT', 1, 'JUSTID'),
      typeof deadLetter === 'string' ? this.original(FIRST_ID) : undefined,
    ]);
  }

  /** Waits for entries that nobody was given yet, for `block` ms. */
  async readNew(count: number, signal: AbortSignal): Promise<StreamConsumerEntry<T>[]> {
    const { stream, group, consumer, block } = this.options;
    const read = ['GROUP', group, consumer, 'COUNT', count, 'BLOCK', block, 'STREAMS', stream, '>'];
    const reply = await this.typed.with({ signal }).xreadgroup(...read);
    const entries = reply?.[0]?.entries ?? [];
    this.newest = entries.at(-1)?.id ?? this.newest;
    return entries.map(({ id, fields }) => ({ id, fields, deliveries: 1 }));
  }

  /** Delivers once more what is pending under this consumer's own name, from after an id on. */
  async readOwn(after: string, count: number): Promise<PendingPage<T>> {
    const { stream, group, consumer } = this.options;
    const read = ['GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, after];
    const all = (await this.typed.xreadgroup(...read))?.[0]?.entries ?? [];
    // every entry of a stream has fields; one without was deleted
    const isThere = ({ fields }: StreamEntry<T>): boolean => Object.keys(fields).length > 0;
    const deleted = all.filter((entry) => !isThere(entry)).map(({ id }) => id);
    if (deleted.length > 0) await this.ack(deleted);
    return { entries: await this.counted(all.filter(isThere)), deleted, next: all.at(-1)?.id };
  }

  /** Takes over entries that nobody has touched for `claimIdle`, `count` at the most. */
  async claim(from: string, count: number): Promise<PendingPage<T>> {
    const { stream, group, consumer, claimIdle } = this.options;
    // XAUTOCLAIM looks at a few entries a call: in a long list of busy ones the server is asked for the first idle one
    const [first] = await this.plain.xpending(stream, group, 'IDLE', claimIdle, from, '+', 1);
    if (first === undefined) return { entries: [], deleted: [], next: undefined };
    const page = await this.typed.xautoclaim(stream, group, consumer, claimIdle, first.id, 'COUNT', count);
    const { cursor, entries, deletedIds } = page;
    return {
      entries: await this.counted(entries as StreamEntry<T>[]),
      deleted: deletedIds,
      next: cursor === '0-0' ? undefined : cursor,
    };
  }

  /** Neither XREADGROUP nor XAUTOCLAIM tell how often an entry was delivered. What is another's by now is left out. */
  private async counted(entries: StreamEntry<T>[]): Promise<StreamConsumerEntry<T>[]> {
    const { stream, group, consumer } = this.options;
    const states = await Promise.all(entries.map(({ id }) => this.plain.xpending(stream, group, id, id, 1)));
    return entries.flatMap(({ id, fields }, index) => {
      const state = states[index]![0];
      return state?.consumer === consumer ? [{ id, fields, deliveries: state.deliveries }] : [];
    });
  }

  /** Begins the idle time of entries anew: JUSTID counts no delivery. */
  async touch(ids: readonly string[]): Promise<void> {
    const { stream, group, consumer } = this.options;
    await this.repeatable.xclaim(stream, group, consumer, 0, ids, 'JUSTID');
  }

  /** Gives entries back as if they had not been delivered this time: the next consumer that looks may take them. */
  async release(entries: readonly { id: string; deliveries: number }[]): Promise<void> {
    const { stream, group, consumer, claimIdle } = this.options;
    const byDeliveries = new Map<number, string[]>();
    for (const { id, deliveries } of entries) {
      const ids = byDeliveries.get(deliveries);
      if (ids === undefined) byDeliveries.set(deliveries, [id]);
      else ids.push(id);
    }
    await Promise.all(
      [...byDeliveries].map(([deliveries, ids]) => {
        const state = ['IDLE', claimIdle, 'RETRYCOUNT', deliveries - 1, 'JUSTID'];
        return this.repeatable.xclaim(stream, group, consumer, 0, ids, ...state);
      }),
    );
  }

  /** What is pending under this consumer's name after an id. */
  async pendingAfter(id: string, count: number): Promise<{ id: string; deliveries: number }[]> {
    const { stream, group, consumer } = this.options;
    return this.plain.xpending(stream, group, `(${id}`, '+', count, consumer);
  }

  /** Counts those that were pending. */
  ack(ids: readonly string[]): Promise<number> {
    return this.repeatable.xack(this.options.stream, this.options.group, ids);
  }

  /** An entry's fields as bytes, whatever this consumer reads; undefined where it is no longer in the stream. */
  async original(id: string): Promise<Record<string, Buffer> | undefined> {
    return (await this.plain.buffers.xrange(this.options.stream, id, id))[0]?.fields;
  }

  add(stream: string, fields: ReadonlyMap<string, CommandArgument>): Promise<string> {
    return this.plain.xadd(stream, '*', fields);
  }
}
