import type { RedisError } from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import { type ChannelKind, toText } from './channel-kinds.js';
import type { RedisMessage } from './message.js';

/** A subscription as seen from here, whatever its data are. */
export interface Listener {
  readonly type: ChannelKind;
  readonly buffers: boolean;
  readonly closed: boolean;
  readonly channels: readonly string[];
  deliver(message: RedisMessage<string | Buffer>): void;
  notifyResubscribed(gap: number): void;
  end(): void;
  fail(error: RedisError): void;
}

/** A channel and those who listen to it. */
export interface Listened {
  /** Replaced, never changed: a message goes to those who listened when it came. */
  listeners: readonly Listener[];
}

/** Who listens to what, and hands messages to them. How the channels come to be heard is others' matter. */
export class ChannelBook<Channel extends Listened> {
  readonly channels: Record<ChannelKind, Map<string, Channel>> = {
    message: new Map(),
    pmessage: new Map(),
    smessage: new Map(),
  };
  readonly subscriptions = new Set<Listener>();
  private bufferCount = 0;

  /** Subscriptions that are not ended. */
  get size(): number {
    return this.subscriptions.size;
  }

  /** Does anybody want bytes? */
  get wantsBuffers(): boolean {
    return this.bufferCount > 0;
  }

  add(subscription: Listener): void {
    this.subscriptions.add(subscription);
    if (subscription.buffers) this.bufferCount++;
  }

  join(channel: Channel, subscription: Listener): void {
    channel.listeners = [...channel.listeners, subscription];
  }

  /** Takes a subscription off its channels. Gives the names of those that nobody listens to any longer. */
  forget(subscription: Listener, names: readonly string[]): Map<string, Channel> {
    const channels = this.channels[subscription.type];
    const deserted = new Map<string, Channel>();
    for (const name of names) {
      const channel = channels.get(name);
      if (channel === undefined || !channel.listeners.includes(subscription)) continue;
      channel.listeners = channel.listeners.filter((listener) => listener !== subscription);
      if (channel.listeners.length > 0) continue;
      channels.delete(name);
      deserted.set(name, channel);
    }
    if (subscription.closed && this.subscriptions.delete(subscription) && subscription.buffers)
      this.bufferCount--;
    return deserted;
  }

  endAll(): void {
    for (const subscription of this.subscriptions) subscription.end();
    this.subscriptions.clear();
  }

  deliver(kind: 'message' | 'smessage', name: string, data: Reply): void {
    const channel = this.channels[kind].get(name);
    if (channel !== undefined) this.deliverTo(channel, kind, name, data);
  }

  deliverTo({ listeners }: Channel, kind: 'message' | 'smessage', name: string, data: Reply): void {
    for (const listener of listeners) {
      if (isTooEarly(listener, data)) continue;
      listener.deliver({ type: kind, channel: name, data: contentFor(listener, data, listeners) });
    }
  }

  deliverMatch(pattern: string, channel: string, data: Reply): void {
    const listened = this.channels.pmessage.get(pattern);
    if (listened === undefined) return;
    const { listeners } = listened;
    for (const listener of listeners) {
      if (isTooEarly(listener, data)) continue;
      listener.deliver({ type: 'pmessage', channel, pattern, data: contentFor(listener, data, listeners) });
    }
  }
}

/** Each of several has bytes of its own: they are anybody's to write into, also before the next one has them. */
function contentFor(listener: Listener, data: Reply, listeners: readonly Listener[]): string | Buffer {
  if (!listener.buffers) return toText(data);
  return listeners.length === 1 ? toBuffer(data) : Buffer.from(toBuffer(data));
}

/** Read as text, it had begun to come before the first listener for bytes did; and what is no UTF-8 is no longer in it. */
function isTooEarly(listener: Listener, data: Reply): boolean {
  return listener.buffers && typeof data === 'string';
}

function toBuffer(data: Reply): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(String(data));
}
