import { AsyncResource } from 'node:async_hooks';
import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { ConnectionInfo } from './connection-observer.js';
import type { RedisError } from '../errors.js';
import type { CommandInfo, CommandObserver } from './observer.js';

/** Names of the tracing channels, for `tracingChannel(name)` of `node:diagnostics_channel`. */
export const REDIS_CHANNELS = {
  /** Every command by itself: {@link TracedCommand}. */
  command: 'nestjs-redwire:command',
  /** Every pipeline and every transaction: {@link TracedCommand}. */
  batch: 'nestjs-redwire:batch',
  /** Every attempt to connect: {@link TracedConnect}. */
  connect: 'nestjs-redwire:connect',
} as const;

/** What the channels of commands and batches publish, the same object from `start` to `asyncEnd`. Never an argument, never a reply. */
export interface TracedCommand extends CommandInfo {
  /** Why it failed, from `error` on. */
  error?: Error;
}

/** What the channel of attempts to connect publishes, the same object from `start` to `asyncEnd`. */
export interface TracedConnect extends ConnectionInfo {
  /** A connection stood before, and this one is to take its place. */
  readonly isReconnect: boolean;
  /** Why it failed, from `error` on. */
  error?: Error;
}

// @types/node has them publish `object`; that nobody can tell the type of a channel's messages is the nature of channels
type Channel = TracingChannel<unknown, { error?: Error }>;

const commands = tracingChannel(REDIS_CHANNELS.command) as unknown as Channel;
const batches = tracingChannel(REDIS_CHANNELS.batch) as unknown as Channel;
const connects = tracingChannel(REDIS_CHANNELS.connect) as unknown as Channel;

// asked for every command: the parts by themselves cost less than `commands.hasSubscribers`, which goes through them as well
const { start, end, asyncStart, asyncEnd, error } = commands;

/** Does anybody listen to commands? A subscriber may come and go at any time, unheard. */
export function areCommandsTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  );
}

/** Does anybody listen to pipelines and transactions? */
export function areBatchesTraced(): boolean {
  return batches.hasSubscribers;
}

/** Publishes commands. What a subscriber throws is for Node to report: as an uncaught exception, after our work. */
export const commandChannels: CommandObserver<(error: Error | undefined) => void> = {
  start: (info) => {
    return trace(info.batchSize === undefined ? commands : batches, copyOf(info));
  },
  end: (ended, error) => ended(error),
};

/** Of their own, for subscribers write into it. What is made on first read stays so. */
function copyOf(info: CommandInfo): TracedCommand {
  if (info.batchSize === undefined) return { ...info };
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(info)) as TracedCommand;
}

/** Publishes an attempt to connect. Returns what is to be called with its outcome; undefined where nobody listens. */
export function traceConnect(
  info: ConnectionInfo,
  isReconnect: boolean,
): ((error: RedisError | undefined) => void) | undefined {
  if (!connects.hasSubscribers) return undefined;
  const context: TracedConnect = { ...info, isReconnect };
  return trace(connects, context);
}

/**
 * As `tracePromise()` does, with no promise of its own between a command and its caller: stores that are bound to `start` hold
 * until `asyncEnd`, and what is active where the work began is active where its end is published.
 */
function trace(channel: Channel, context: { error?: Error }): (error: Error | undefined) => void {
  const scope = channel.start.runStores(context, () => new AsyncResource('RedisTrace'));
  scope.runInAsyncScope(() => channel.end.publish(context));
  return (error) =>
    scope.runInAsyncScope(() => {
      if (error !== undefined) {
        context.error = error;
        channel.error.publish(context);
      }
      channel.asyncStart.publish(context);
      channel.asyncEnd.publish(context);
    });
}
