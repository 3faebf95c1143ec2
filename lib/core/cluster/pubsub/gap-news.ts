import type { Listener } from '../../pubsub/channel-book.js';

/** Tells subscriptions of their gaps: once for what comes back together, however many channels that are. */
export class GapNews {
  private readonly gaps = new Map<Listener, number>();

  /** @param gap ms */
  add(listeners: readonly Listener[], gap: number): void {
    if (this.gaps.size === 0) queueMicrotask(() => this.tell());
    for (const listener of listeners) this.gaps.set(listener, Math.max(gap, this.gaps.get(listener) ?? 0));
  }

  private tell(): void {
    const gaps = [...this.gaps];
    this.gaps.clear();
    for (const [listener, gap] of gaps) if (!listener.closed) listener.notifyResubscribed(gap);
  }
}
