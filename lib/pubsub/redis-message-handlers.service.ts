import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import {
  RedisError,
  RedisServerError,
  type RedisClient,
  type RedisMessage,
  type Subscription,
} from '../core/index.js';
import { describeError } from '../describe-error.js';
import type { RedisHandlerErrorContext, RedisHandlerStats } from '../interfaces/index.js';
import type { RedisConnection } from '../redis-connection.js';
import { RedisConnections } from '../redis-connections.service.js';
import { HandlerMeter } from '../telemetry/handler-meter.js';
import { loadOpenTelemetry } from '../telemetry/load-opentelemetry.js';
import { findHandlers } from '../handlers/find-handlers.js';
import { MESSAGE_HANDLERS } from '../handlers/handler-kinds.js';
import { HandlerInvoker } from '../handlers/handler-invoker.js';
import { allOf } from '../handlers/all-of.js';
import { HandlerLog } from '../handlers/handler-log.js';
import { HandlerResults } from '../handlers/handler-results.js';
import { quoteName } from '../handlers/quote-name.js';
import { openEnvelope } from '../publisher/envelope.js';
import { decodeMessage } from './decode-message.js';
import { HandlerCounters } from './handler-counters.js';
import type { MessageHandler } from './message-handler.js';
import { MessagePump } from './message-pump.js';
import { outsideBoot } from '../handlers/outside-boot.js';
import { OverflowReporter } from './overflow-reporter.js';
import { RedisMessageContext } from './redis-message-context.js';
import { subscribeRefused } from './subscribe-refused.js';

/** Pause before another attempt to subscribe, ms: from the first to the longest, doubling. */
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;

/** What is at work for a handler. */
interface Listening {
  readonly handler: MessageHandler;
  readonly overflow: OverflowReporter;
}

/** The `@OnRedisMessage()` handlers of one application: finds them, subscribes, dispatches, stops. */
@Injectable()
export class RedisMessageHandlers {
  private readonly log = new HandlerLog();
  private readonly results = new HandlerResults();
  private readonly handlers: MessageHandler[] = [];
  private readonly measured: MessageHandler[] = [];
  private readonly seen = new WeakSet<object>();
  private discovered = false;
  /** How many of {@link handlers} were started; undefined before the application has. */
  private started: number | undefined;
  /** Of lazily loaded modules, refused: for the next time that one is loaded. */
  private readonly refused = new Set<MessageHandler>();
  private readonly pumps = new Map<MessagePump, Listening>();
  private readonly ended = new Map<RedisConnection, Promise<void>[]>();
  private readonly shutdown = new AbortController();
  private meter: HandlerMeter | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {
    // every message in work may listen to it: Node takes more than ten for a leak, and warns of it
    setMaxListeners(Infinity, this.shutdown.signal);
  }

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
      MESSAGE_HANDLERS,
      this.discovery,
      this.scanner,
      this.seen,
    )) {
      for (const options of entries) {
        const connection = this.connections.get(
          options.connection,
          `@OnRedisMessage() on ${className}.${methodName}`,
        );
        const invoker = connection.options.globalEnhancers ? withGlobals : plain;
        this.handlers.push({
          host: wrapper.host,
          className,
          methodName,
          options,
          connection,
          invoke: invoker.bind(wrapper, methodName, options.schema),
          counters: new HandlerCounters(),
        });
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
    if (!this.discovered || this.shutdown.signal.aborted) return;
    this.discover();
    if (this.started !== undefined) await this.start(loaded);
  }

  /**
   * Subscribes every handler that was not yet. Those of a connection that is opened eagerly are waited for; the others subscribe when
   * they can.
   *
   * @param loaded modules of which those are tried again that were refused before.
   */
  async start(loaded?: ReadonlySet<unknown>): Promise<void> {
    const fresh = this.handlers.slice(this.started);
    this.started = this.handlers.length;
    const again = [...this.refused].filter(({ host }) => loaded?.has(host));
    for (const handler of again) this.refused.delete(handler);
    this.measured.push(...fresh.filter(({ connection }) => connection.options.metrics));
    if (this.measured.length > 0)
      this.meter ??= new HandlerMeter(await loadOpenTelemetry('telemetry.metrics'), this.measured);
    await allOf(
      [...fresh, ...again].map(async (handler) => {
        try {
          await this.startHandler(handler);
        } catch (cause) {
          this.refused.add(handler);
          throw subscribeRefused(nameOf(handler), handler.options.channels, cause, loaded !== undefined);
        }
      }),
      loaded !== undefined,
    );
  }

  /** The counters of every handler. */
  stats(): RedisHandlerStats[] {
    return this.handlers.map(({ className, methodName, connection, options, counters }) => ({
      className,
      methodName,
      connection: connection.name,
      channels: options.channels,
      ...counters.counts(),
    }));
  }

  /** Ends the subscriptions, then waits for what was received to be handled, within each connection's `shutdownTimeout`. */
  async stop(): Promise<void> {
    if (this.shutdown.signal.aborted) return;
    this.shutdown.abort();
    for (const pump of this.pumps.keys()) pump.stop();
    await Promise.all([...this.ended].map(([connection, ended]) => this.drain(connection, ended)));
    this.results.leave();
    this.log.stop();
    this.meter?.stop();
  }

  private async drain(connection: RedisConnection, ended: Promise<void>[]): Promise<void> {
    if (await connection.spendShutdownTime(Promise.all(ended).then(() => undefined))) return;
    for (const [pump, { handler, overflow }] of this.pumps) {
      if (handler.connection !== connection) continue;
      pump.abandon();
      overflow.stop();
      this.log.warn(
        `${nameOf(handler)} left ${pump.pending} message(s) behind: they were not done within ${connection.options.shutdownTimeout} ms (shutdownTimeout).`,
      );
    }
  }

  private async startHandler(handler: MessageHandler): Promise<void> {
    if (typeof handler.connection.injectedClient?.[handler.options.method] !== 'function') {
      this.log.debug(
        `${nameOf(handler)} hears nothing: what stands in for the client of "${handler.connection.name}" has no ${handler.options.method}().`,
      );
      return;
    }
    handler.connection.deaf.set(handler, nameOf(handler));
    if (handler.connection.options.connect === 'eager') this.listen(handler, await this.subscribe(handler));
    else void this.subscribeInBackground(handler);
  }

  private subscribe({ options, connection }: MessageHandler): Promise<Subscription<Buffer>> {
    const { channels, method, bufferSize, overflow } = options;
    // a stand-in without the method has been left out by startHandler()
    const client = connection.injectedClient as RedisClient;
    return client[method](channels, { buffers: true, bufferSize, overflow });
  }

  private async subscribeInBackground(handler: MessageHandler): Promise<void> {
    const { signal } = this.shutdown;
    for (let pause = FIRST_RETRY; !signal.aborted; pause = Math.min(pause * 2, LONGEST_RETRY)) {
      try {
        this.listen(handler, await this.subscribe(handler));
        return;
      } catch (error) {
        if (signal.aborted) return;
        const final = isFinal(error);
        this.log.warn(
          `${nameOf(handler)} could not subscribe to ${handler.options.channels.join(', ')}: ${describeError(error).message}${final ? '' : ` Next attempt in ${pause} ms.`}`,
        );
        if (final) return;
        await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private listen(handler: MessageHandler, subscription: Subscription<Buffer>): void {
    const { connection } = handler;
    const { bufferSize, overflow: policy } = handler.options;
    const overflow = new OverflowReporter(subscription, (dropped) =>
      this.log.warn(
        `${nameOf(handler)} is too slow for its channels: ${dropped} message(s) were dropped (bufferSize ${bufferSize}, overflow '${policy}').`,
      ),
    );
    const pump = new MessagePump(subscription, handler.options, (message) => {
      overflow.check();
      return this.dispatch(handler, message);
    });
    handler.counters.watch({ subscription, pump });
    this.pumps.set(pump, { handler, overflow });
    connection.deaf.delete(handler);
    const ended = outsideBoot(() => pump.run())
      .catch((error: unknown) => this.log.failure(`${nameOf(handler)} hears no further messages`, error))
      .finally(() => {
        this.pumps.delete(pump);
        overflow.stop();
        if (!this.shutdown.signal.aborted) connection.deaf.set(handler, nameOf(handler));
      });
    this.ended.set(connection, [...(this.ended.get(connection) ?? []), ended]);
    // subscribed at last, and the application is going down already
    if (this.shutdown.signal.aborted) pump.stop();
  }

  private async dispatch(handler: MessageHandler, message: RedisMessage<Buffer>): Promise<void> {
    const { connection, options, invoke, counters } = handler;
    const opens = options.envelope ?? connection.options.envelope;
    const envelope = opens ? openEnvelope(message.data) : undefined;
    const context = new RedisMessageContext(message, connection.name, this.shutdown.signal, envelope);
    const { messageTracing } = connection;
    const started = performance.now();
    counters.begin();
    let failure: { error: unknown } | undefined;
    try {
      const run = async (): Promise<void> =>
        invoke(await decodeMessage(options.codec, message.data, envelope), context);
      await (messageTracing === undefined ? run() : messageTracing.run(context, nameOf(handler), run));
    } catch (error) {
      failure = { error };
    }
    if (connection.options.metrics)
      this.meter?.record(handler, message, performance.now() - started, failure);
    if (failure !== undefined) await this.report(handler, failure.error, context);
    counters.end(failure !== undefined);
  }

  /** Never throws: nothing that a message does may end the process. */
  private async report(handler: MessageHandler, error: unknown, message: RedisMessageContext): Promise<void> {
    const { className, methodName, connection } = handler;
    const { type, channel, pattern, id, data } = message;
    this.log.failure(`${nameOf(handler)} failed on a message of channel ${quoteName(channel)}`, error);
    const context: RedisHandlerErrorContext = {
      className,
      methodName,
      connection: connection.name,
      type,
      channel,
      pattern,
      id,
      data,
    };
    try {
      await connection.options.onHandlerError?.(error, context);
    } catch (failure) {
      this.log.failure(`onHandlerError of Redis "${connection.name}" threw`, failure);
    }
  }
}

/** Errors that another attempt does not mend: the server's refusals, and a client that was closed. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof RedisServerError ||
    error instanceof TypeError ||
    (error instanceof RedisError && error.code === 'CLOSED')
  );
}

function nameOf({ className, methodName }: MessageHandler): string {
  return `${className}.${methodName}`;
}
