import { Injectable } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RedisClient } from '../core/index.js';
import type { RedisHandlerErrorContext } from '../interfaces/index.js';
import { RedisConnections } from '../redis-connections.service.js';
import { HandlerMeter, type Backlog, type MessageSource } from '../telemetry/handler-meter.js';
import { allOf } from './all-of.js';
import { nameOf, type BoundHandler } from './bound-handler.js';
import { findHandlers } from './find-handlers.js';
import { HandlerInvoker } from './handler-invoker.js';
import type { HandlerKind } from './handler-kinds.js';
import { HandlerLog } from './handler-log.js';
import { HandlerResults } from './handler-results.js';

/** What every decorator of handlers may be given. */
interface HandlerOptions {
  /** Name of the connection. */
  readonly connection: string;
  readonly schema: StandardSchemaV1 | undefined;
}

/**
 * The handlers of one kind of an application: finds them, starts them as far as the application has come, measures them, and
 * tells of what fails. What a handler is given, and how it stops, its kind knows.
 */
@Injectable()
export abstract class HandlersService<
  Options extends HandlerOptions,
  Handler extends BoundHandler<Options> = BoundHandler<Options>,
> {
  protected abstract readonly kind: HandlerKind<Options>;
  /** What the log says of one that has nothing to listen by: `hears nothing`. */
  protected abstract readonly silence: string;
  protected readonly log = new HandlerLog();
  protected readonly results = new HandlerResults();
  protected readonly handlers: Handler[] = [];
  protected meter: HandlerMeter | undefined;
  private readonly seen = new WeakSet<object>();
  private discovered = false;
  /** How many of {@link handlers} were started; undefined before the application has. */
  private started: number | undefined;
  /** Of lazily loaded modules, refused: for the next time that one is loaded. */
  private readonly refused = new Set<Handler>();

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
    const { kind, discovery, scanner } = this;
    const plain = new HandlerInvoker(this.modules, new ApplicationConfig(), this.results);
    const withGlobals = new HandlerInvoker(this.modules, this.config, this.results);
    for (const { wrapper, className, methodName, entries } of findHandlers(
      kind,
      discovery,
      scanner,
      this.seen,
    )) {
      for (const options of entries) {
        const place = `${kind.decorator} on ${className}.${methodName}`;
        const connection = this.connections.get(options.connection, place);
        const invoker = connection.options.globalEnhancers ? withGlobals : plain;
        const invoke = invoker.bind(wrapper, methodName, options.schema);
        const { host } = wrapper;
        this.handlers.push(this.prepare({ host, className, methodName, options, connection, invoke }, place));
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
   * Starts every handler that was not yet. Those of a connection that is opened eagerly are waited for; the others start when
   * they can.
   *
   * @param loaded modules of which those are tried again that were refused before.
   * @throws {Error} for what the server refuses.
   */
  async start(loaded?: ReadonlySet<unknown>): Promise<void> {
    const fresh = this.handlers.slice(this.started);
    this.started = this.handlers.length;
    const again = [...this.refused].filter(({ host }) => loaded?.has(host));
    for (const handler of again) this.refused.delete(handler);
    for (const handler of fresh) if (handler.connection.options.metrics) await this.measure(handler);
    const late = loaded !== undefined;
    await allOf(
      [...fresh, ...again].map(async (handler) => {
        try {
          await this.startOne(handler, late);
        } catch (cause) {
          this.refused.add(handler);
          throw this.onRefusal(handler, cause, late);
        }
      }),
      late,
    );
  }

  protected abstract get isStopping(): boolean;

  /** Adds what its kind needs. @param place what errors name. */
  protected abstract prepare(handler: BoundHandler<Options>, place: string): Handler;

  /** The client's method that it cannot do without: a test's stand-in may lack it. */
  protected abstract methodOf(handler: Handler): keyof RedisClient & string;

  /**
   * Resolves once it listens. It may be called again after it has failed.
   *
   * @param late for a module that is loaded into an application that has booted.
   * @throws what the server refuses it with.
   */
  protected abstract startNow(handler: Handler, late: boolean): Promise<void>;

  /** {@link startNow} has thrown: makes it ready to be called again. @returns what the boot, or the loading of a module, fails with. */
  protected abstract onRefusal(handler: Handler, cause: unknown, late: boolean): unknown;

  /** Has it listen as soon as it can. */
  protected abstract startInBackground(handler: Handler): void;

  /** Where all that it hears comes from. */
  protected abstract sourceOf(handler: Handler): MessageSource;

  protected abstract backlogOf(handler: Handler): Backlog;

  /** @param started when its work began, by `performance.now()`. */
  protected record(
    handler: Handler,
    source: MessageSource,
    started: number,
    failure?: { readonly error: unknown },
  ): void {
    if (handler.connection.options.metrics)
      this.meter?.record(handler, source, performance.now() - started, failure);
  }

  /**
   * Tells the log and the user of what a handler failed on. Never throws: nothing that a message does may end the process.
   *
   * @param detail what differs from one failure to the next.
   */
  protected async report(
    { connection }: Handler,
    what: string,
    error: unknown,
    context: RedisHandlerErrorContext,
    detail = '',
  ): Promise<void> {
    this.log.failure(what, error, detail);
    try {
      await connection.options.onHandlerError?.(error, context);
    } catch (failure) {
      this.log.failure(`onHandlerError of Redis "${connection.name}" threw`, failure);
    }
  }

  private async measure(handler: Handler): Promise<void> {
    this.meter ??= await HandlerMeter.load('telemetry.metrics');
    this.meter.watch(handler, this.sourceOf(handler), () => this.backlogOf(handler));
  }

  private async startOne(handler: Handler, late: boolean): Promise<void> {
    const { connection } = handler;
    const method = this.methodOf(handler);
    if (typeof connection.injectedClient?.[method] !== 'function') {
      this.log.debug(
        `${nameOf(handler)} ${this.silence}: what stands in for the client of "${connection.name}" has no ${method}().`,
      );
      return;
    }
    connection.deaf.set(handler, nameOf(handler));
    if (connection.options.connect === 'eager') await this.startNow(handler, late);
    else this.startInBackground(handler);
  }
}
