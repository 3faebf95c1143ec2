import { Injectable } from '@nestjs/common';
import type { StreamConsumerEntry } from '../core/index.js';
import { nameOf } from '../handlers/bound-handler.js';
import { STREAM_HANDLERS } from '../handlers/handler-kinds.js';
import { HandlersService } from '../handlers/handlers.service.js';
import type { RedisStreamHandlerStats } from '../interfaces/index.js';
import type { RedisConnection } from '../redis-connection.js';
import type { Backlog, MessageSource } from '../telemetry/handler-meter.js';
import { payloadOf } from './entry-payload.js';
import { RedisStreamContext, type RedisStreamOrigin } from './redis-stream-context.js';
import type { StreamHandler } from './stream-handler.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';
import { StreamRunner } from './stream-runner.js';

/** The `@OnRedisStream()` handlers of one application: starts their consumers, dispatches, stops. */
@Injectable()
export class RedisStreamHandlers extends HandlersService<StreamHandlerOptions> {
  protected readonly kind = STREAM_HANDLERS;
  protected readonly silence = 'gets no entries';
  protected isStopping = false;
  private readonly runners = new Map<StreamHandler, StreamRunner>();
  /** Handlers by what their consumers are called. */
  private readonly names = new Map<string, string>();
  /** Entries whose handlers failed at shutdown: they were given back. */
  private readonly leftOff = new Map<StreamHandler, number>();

  /** The counters of every handler. */
  stats(): RedisStreamHandlerStats[] {
    return [...this.runners.values()].map(({ handler, stats }) => ({
      className: handler.className,
      methodName: handler.methodName,
      connection: handler.connection.name,
      stream: handler.options.consumer.stream,
      group: handler.options.consumer.group,
      ...stats,
    }));
  }

  /**
   * Reads nothing more, then waits for running handlers, within each connection's `shutdownTimeout`. What is not begun or not
   * done then is left to other consumers of the group.
   *
   * @param timeout ms instead of that.
   */
  async stop(timeout?: number): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    const byConnection = new Map<RedisConnection, StreamRunner[]>();
    for (const runner of this.runners.values()) {
      const { connection } = runner.handler;
      byConnection.set(connection, [...(byConnection.get(connection) ?? []), runner]);
    }
    await Promise.all(
      [...byConnection].map(([connection, runners]) => {
        const limit = timeout ?? connection.options.shutdownTimeout;
        const ended = Promise.all(runners.map((runner) => runner.stop(limit)));
        return connection.spendShutdownTime(ended.then(() => undefined));
      }),
    );
    this.results.leave();
    for (const runner of this.runners.values()) this.tellWhatIsLeft(runner);
    this.log.stop();
    this.meter?.stop();
  }

  private tellWhatIsLeft({ handler, name, stats }: StreamRunner): void {
    const { shutdownTimeout } = handler.connection.options;
    const givenBack = this.leftOff.get(handler) ?? 0;
    if (stats.inFlight > 0)
      this.log.warn(
        `${name} left ${stats.inFlight} entries pending: they were not done within ${shutdownTimeout} ms (shutdownTimeout). They come again after claimIdle.`,
      );
    if (givenBack > 0)
      this.log.warn(
        `${name} left off ${givenBack} entries at shutdown: other consumers may have them at once.`,
      );
  }

  /** @throws {Error} for a consumer's name that another handler has. */
  protected prepare(handler: StreamHandler, place: string): StreamHandler {
    refuseSameConsumer(this.names, place, handler);
    this.runners.set(handler, this.runnerOf(handler));
    return handler;
  }

  protected methodOf(): 'streamConsumer' {
    return 'streamConsumer';
  }

  protected startNow(handler: StreamHandler, late: boolean): Promise<void> {
    return this.runners.get(handler)!.startBefore(handler.connection.options.connectDeadline, late);
  }

  protected onRefusal(handler: StreamHandler, cause: unknown): unknown {
    // one that was stopped is not started again
    this.runners.set(handler, this.runnerOf(handler));
    return cause;
  }

  protected startInBackground(handler: StreamHandler): void {
    this.runners.get(handler)!.startInBackground();
  }

  protected sourceOf({ options }: StreamHandler): MessageSource {
    const { stream, group } = options.consumer;
    return { stream, group };
  }

  protected backlogOf(handler: StreamHandler): Backlog {
    return this.runners.get(handler)!.stats;
  }

  private runnerOf(handler: StreamHandler): StreamRunner {
    return new StreamRunner(handler, this.log, (entry, origin, signal) =>
      this.dispatch(handler, entry, origin, signal),
    );
  }

  /** @throws what the handler failed with: the entry is not acknowledged then. */
  private async dispatch(
    handler: StreamHandler,
    entry: StreamConsumerEntry<Buffer>,
    origin: RedisStreamOrigin,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, options, invoke } = handler;
    const context = new RedisStreamContext(entry, origin, signal);
    const { messageTracing } = connection;
    const started = performance.now();
    try {
      const run = async (): Promise<void> => invoke(await payloadOf(entry.fields, options), context);
      await (messageTracing === undefined ? run() : messageTracing.run(context, nameOf(handler), run));
    } catch (error) {
      this.record(handler, this.sourceOf(handler), started, { error });
      if (signal.aborted) this.leftOff.set(handler, (this.leftOff.get(handler) ?? 0) + 1);
      if (!isOfSignal(error, signal)) await this.tell(handler, error, context);
      throw error;
    }
    this.record(handler, this.sourceOf(handler), started);
  }

  private tell(handler: StreamHandler, error: unknown, context: RedisStreamContext): Promise<void> {
    const { className, methodName, connection } = handler;
    const { type, stream, group, id, deliveries, isLastDelivery, fields } = context;
    return this.report(
      handler,
      `${nameOf(handler)} failed on an entry of stream "${stream}"`,
      error,
      {
        className,
        methodName,
        connection: connection.name,
        type,
        stream,
        group,
        id,
        deliveries,
        isLastDelivery,
        fields,
      },
      ` (entry ${id}, delivery ${deliveries})`,
    );
  }
}

/** Two consumers of one name take one another's entries for their own. */
function refuseSameConsumer(names: Map<string, string>, place: string, handler: StreamHandler): void {
  const { connection, options } = handler;
  const { stream, group, consumer } = options.consumer;
  if (consumer === undefined) return;
  const key = JSON.stringify([connection.name, stream, group, consumer]);
  const other = names.get(key);
  if (other !== undefined)
    throw new Error(
      `${place}: the consumer "${consumer}" in group "${group}" of stream "${stream}" is ${other}'s already. Give each handler a name of its own, or leave 'consumer' out.`,
    );
  names.set(key, nameOf(handler));
}

/** True for what a handler leaves off with because its signal has fired: it is no failure to tell of. */
function isOfSignal(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (error === signal.reason) return true;
  try {
    return (error as Error | undefined)?.name === 'AbortError';
  } catch {
    return false;
  }
}
