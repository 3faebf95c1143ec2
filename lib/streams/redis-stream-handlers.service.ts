import { Injectable } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { StreamConsumerEntry } from '../core/index.js';
import { findHandlers } from '../handlers/find-handlers.js';
import { STREAM_HANDLERS } from '../handlers/handler-kinds.js';
import { HandlerInvoker } from '../handlers/handler-invoker.js';
import { allOf } from '../handlers/all-of.js';
import { HandlerLog } from '../handlers/handler-log.js';
import { HandlerResults } from '../handlers/handler-results.js';
import type { RedisStreamHandlerStats } from '../interfaces/index.js';
import type { RedisConnection } from '../redis-connection.js';
import { RedisConnections } from '../redis-connections.service.js';
import { payloadOf } from './entry-payload.js';
import { RedisStreamContext, type RedisStreamOrigin } from './redis-stream-context.js';
import type { StreamHandler } from './stream-handler.js';
import { StreamRunner } from './stream-runner.js';

/** The `@OnRedisStream()` handlers of one application: finds them, starts their consumers, dispatches, stops. */
@Injectable()
export class RedisStreamHandlers {
  private readonly log = new HandlerLog();
  private readonly results = new HandlerResults();
  private readonly runners: StreamRunner[] = [];
  private readonly seen = new WeakSet<object>();
  private readonly names = new Map<string, string>();
  private discovered = false;
  /** How many of {@link runners} were started; undefined before the application has. */
  private started: number | undefined;
  /** Of lazily loaded modules, refused: for the next time that one is loaded. */
  private readonly refused = new Set<StreamRunner>();
  /** Entries whose handlers failed at shutdown: they were given back. */
  private readonly leftOff = new Map<StreamHandler, number>();
  private isStopping = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {}

  /**
   * Finds the handlers that were not found before, and prepares them.
   *
   * @throws {Error} for one that asks for a connection that does not exist, or that cannot work.
   */
  discover(): void {
    this.discovered = true;
    const plain = new HandlerInvoker(this.modules, new ApplicationConfig(), this.results);
    const withGlobals = new HandlerInvoker(this.modules, this.config, this.results);
    for (const { wrapper, className, methodName, entries } of findHandlers(
      STREAM_HANDLERS,
      this.discovery,
      this.scanner,
      this.seen,
    )) {
      for (const options of entries) {
        const place = `@OnRedisStream() on ${className}.${methodName}`;
        const connection = this.connections.get(options.connection, place);
        refuseSameConsumer(this.names, place, { ...options.consumer, connection: connection.name });
        const invoker = connection.options.globalEnhancers ? withGlobals : plain;
        const invoke = invoker.bind(wrapper, methodName, options.schema);
        const handler: StreamHandler = {
          host: wrapper.host,
          className,
          methodName,
          options,
          connection,
          invoke,
        };
        this.runners.push(this.runnerOf(handler));
      }
    }
  }

  /** The application has booted without us: what is found from now on is started at once. */
  expectLate(): void {
    this.discovered = true;
    this.started = 0;
  }

  /**
   * Takes up the handlers of modules that were loaded lazily, as far as the application has come by now.
   *
   * @param loaded the modules whose handlers are tried again where they could not start before.
   * @throws {Error} as {@link discover} and {@link start} do.
   */
  async adopt(loaded: ReadonlySet<unknown>): Promise<void> {
    if (!this.discovered || this.isStopping) return;
    this.discover();
    if (this.started !== undefined) await this.start(loaded);
  }

  /**
   * Starts every handler that was not yet. Those of a connection that is opened eagerly are waited for; the others start when they can.
   *
   * @param loaded modules of which those are tried again that were refused before.
   * @throws {Error} for what the server refuses.
   */
  async start(loaded?: ReadonlySet<unknown>): Promise<void> {
    const fresh = this.runners.slice(this.started);
    this.started = this.runners.length;
    const again = [...this.refused].filter(({ handler }) => loaded?.has(handler.host));
    for (const runner of again) this.refused.delete(runner);
    await allOf(
      [...fresh, ...again].map(async (runner) => {
        try {
          await this.startRunner(runner, loaded !== undefined);
        } catch (error) {
          // one that was stopped is not started again
          const next = this.runnerOf(runner.handler);
          this.runners[this.runners.indexOf(runner)] = next;
          this.refused.add(next);
          throw error;
        }
      }),
      loaded !== undefined,
    );
  }

  /** The counters of every handler. */
  stats(): RedisStreamHandlerStats[] {
    return this.runners.map(({ handler, stats }) => ({
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
    for (const runner of this.runners) {
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
    for (const runner of this.runners) this.tellWhatIsLeft(runner);
    this.log.stop();
  }

  private runnerOf(handler: StreamHandler): StreamRunner {
    return new StreamRunner(handler, this.log, (entry, origin, signal) =>
      this.dispatch(handler, entry, origin, signal),
    );
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

  private async startRunner(runner: StreamRunner, late: boolean): Promise<void> {
    const { connection } = runner.handler;
    if (typeof connection.injectedClient?.streamConsumer !== 'function') {
      this.log.debug(
        `${runner.name} gets no entries: what stands in for the client of "${connection.name}" has no streamConsumer().`,
      );
      return;
    }
    const { connect, connectDeadline } = connection.options;
    if (connect === 'eager') await runner.startBefore(connectDeadline, late);
    else runner.startInBackground();
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
    try {
      const run = async (): Promise<void> => invoke(await payloadOf(entry.fields, options), context);
      await (messageTracing === undefined ? run() : messageTracing.run(context, nameOf(handler), run));
    } catch (error) {
      if (signal.aborted) this.leftOff.set(handler, (this.leftOff.get(handler) ?? 0) + 1);
      if (!isOfSignal(error, signal)) await this.report(handler, error, context);
      throw error;
    }
  }

  /** Never throws: whether an entry was handled does not hang on what is told of it. */
  private async report(handler: StreamHandler, error: unknown, context: RedisStreamContext): Promise<void> {
    const { className, methodName, connection } = handler;
    const { type, stream, group, id, deliveries, isLastDelivery, fields } = context;
    this.log.failure(
      `${nameOf(handler)} failed on an entry of stream "${stream}"`,
      error,
      ` (entry ${id}, delivery ${deliveries})`,
    );
    try {
      await connection.options.onHandlerError?.(error, {
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
      });
    } catch (failure) {
      this.log.failure(`onHandlerError of Redis "${connection.name}" threw`, failure);
    }
  }
}

/** Two consumers of one name take one another's entries for their own. */
function refuseSameConsumer(
  names: Map<string, string>,
  place: string,
  {
    connection,
    stream,
    group,
    consumer,
  }: Record<'connection' | 'stream' | 'group', string> & { consumer?: string | undefined },
): void {
  if (consumer === undefined) return;
  const key = JSON.stringify([connection, stream, group, consumer]);
  const other = names.get(key);
  if (other !== undefined)
    throw new Error(
      `${place}: the consumer "${consumer}" in group "${group}" of stream "${stream}" is ${other.replace('@OnRedisStream() on ', '')}'s already. Give each handler a name of its own, or leave 'consumer' out.`,
    );
  names.set(key, place);
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

function nameOf({ className, methodName }: StreamHandler): string {
  return `${className}.${methodName}`;
}
