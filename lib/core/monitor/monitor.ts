import { inspect } from 'node:util';
import type { FeedWords } from '../feed/feed-options.js';
import { Feed } from '../feed/feed.js';
import type { MonitoredCommand, MonitorOptions } from './monitored-command.js';

/** What befalls a monitor. */
export interface MonitorEvents<Data extends string | Buffer = string> {
  /**
   * A command, at once as it comes: instead of `for await`, which gets none while there is such a listener. A listener
   * that throws does so as an uncaught exception.
   */
  command: [command: MonitoredCommand<Data>];
  /** After a reconnect: what the server got during `gap` ms was not seen. */
  resumed: [event: { gap: number }];
}

export const MONITOR_WORDS: FeedWords = { feed: 'monitor', item: 'command' };

/**
 * The commands that a server gets, by `for await`. They wait in a bounded buffer while the consumer is busy. Leaving the
 * loop ends the monitor; so does `close()`.
 */
export class Monitor<Data extends string | Buffer = string> extends Feed<
  MonitoredCommand<Data>,
  MonitorEvents<Data>
> {
  /** Made by `client.monitor()`. */
  constructor(
    options: MonitorOptions,
    private readonly release: () => void,
  ) {
    super(MONITOR_WORDS, options);
  }

  /** Ends it and its connection. What waits can still be read. */
  async close(): Promise<void> {
    this.end();
    this.release();
  }

  /** Where it stands, for logs as JSON: no command is in it. */
  toJSON(): { closed: boolean; pending: number; dropped: number } {
    const { closed, pending, dropped } = this;
    return { closed, pending, dropped };
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    return `Monitor ${inspect(this.toJSON())}`;
  }

  protected override stop(): Promise<void> {
    return this.close();
  }

  /** @internal */
  notifyResumed(gap: number): void {
    this.events.emit('resumed', { gap });
  }
}
