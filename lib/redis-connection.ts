import { Logger } from '@nestjs/common';
import {
  RedisClient,
  RedisConnectionError,
  RedisError,
  RedisPool,
  type CommandObserver,
  type ConnectionInfo,
} from './core/index.js';
import { describeError } from './describe-error.js';
import { OverriddenPool } from './overridden-pool.js';
import {
  differingOptions,
  holdsFunction,
  resolveModuleOptions,
  type ResolvedModuleOptions,
} from './redis-options.js';
import type { RedisModuleOptions } from './interfaces/index.js';
import { ToldProblems } from './told-problems.js';
import { DebugLog } from './telemetry/debug-log.js';
import type { MessageSpans } from './telemetry/message-spans.js';

/** A client always gets this long to close, ms, even when the handlers used up the whole `shutdownTimeout`. */
const LEAST_CLOSE_TIMEOUT = 100;

/** Looks at a client or pool from now on. What it returns is called when that has closed. */
export type Instrument = (part: RedisClient | RedisPool) => () => void;

/**
 * One named connection of an application: its client, its pool, when they open and when they close. Creating one, or
 * asking it for its client or pool, opens nothing.
 */
export class RedisConnection {
  readonly options: ResolvedModuleOptions;
  /** Spans of messages, published and handled; set at boot, with `telemetry.traces`. */
  messageTracing: MessageSpans | undefined;
  /** Handlers that should hear of messages or get entries and do not, with their names: not begun yet, refused, or ended. */
  readonly deaf = new Map<object, string>();
  private readonly logger = new Logger('RedisModule');
  private ownClient: RedisClient | undefined;
  private ownPool: RedisPool | undefined;
  private injected:
    { client: RedisConnection['injectedClient']; pool: RedisConnection['injectedPool'] } | undefined;
  private observers: CommandObserver[] = [];
  private readonly debugLog: DebugLog | undefined;
  private instruments: Instrument[] = [];
  /** Ends what the instruments have begun. */
  private stops: (() => void)[] = [];
  /** ms of `shutdownTimeout` that are left. */
  private shutdownBudget: number;
  private keepsProcess = false;
  private readonly problems = new ToldProblems();

  /** @throws {TypeError} for options of the module or the client that are wrong. */
  constructor(
    readonly name: string,
    private readonly given: RedisModuleOptions,
  ) {
    this.options = resolveModuleOptions(name, given);
    this.shutdownBudget = this.options.shutdownTimeout;
    const { debug } = this.options;
    if (debug === false) return;
    const { cluster, sentinel } = given;
    this.debugLog = new DebugLog(name, debug, cluster !== undefined || sentinel !== undefined);
    this.observe(this.debugLog);
  }

  /** The connection's client, made at first use: where a test overrides the token, there is none. */
  get client(): RedisClient {
    return (this.ownClient ??= this.createClient());
  }

  /** The connection's pool, made at first use. */
  get pool(): RedisPool {
    return (this.ownPool ??= this.createPool());
  }

  /**
   * The pool for those who inject it: beside a client that a test put in place of ours, one that opens nothing and says so. A test
   * that replaces the client never means to reach a server.
   */
  poolBeside(client: RedisConnection['injectedClient']): RedisPool {
    if (client !== this.ownClient) this.ownPool ??= new OverriddenPool(this.name);
    return this.pool;
  }

  /** What the client's token resolves to: {@link client}, or a test's stand-in, which may be null and have any shape. */
  get injectedClient(): RedisClient | Partial<RedisClient> | null | undefined {
    return this.injected === undefined ? this.client : this.injected.client;
  }

  /** What the pool's token resolves to: {@link pool}, or a test's stand-in. */
  get injectedPool(): RedisPool | Partial<RedisPool> | null | undefined {
    return this.injected === undefined ? this.pool : this.injected.pool;
  }

  /** Learns what the tokens resolve to. */
  attach(client: RedisConnection['injectedClient'], pool: RedisConnection['injectedPool']): void {
    this.injected = { client, pool };
  }

  /**
   * The same connection registered once more: fine where the options are the same.
   *
   * @throws {Error} naming the options that differ, never their values.
   */
  assertSame(other: RedisModuleOptions): void {
    const differing = differingOptions(this.given, other);
    if (differing.length === 0) return;
    const functions = differing.some((option) => holdsFunction(other[option]));
    throw new Error(
      `Two modules register the Redis connection "${this.name}" with different options (${differing.join(', ')}). ` +
        (functions
          ? 'Functions are the same only if they are one: define each once, outside of both. '
          : '') +
        'Import RedisModule once per connection, give one of them another `name`, or give both the same options.',
    );
  }

  /** Shows the commands of client and pool to an observer. */
  observe(observer: CommandObserver): void {
    this.observers.push(observer);
    this.ownClient?.observe(observer);
    this.ownPool?.observe(observer);
  }

  /** Has client and pool looked at: those there are, and those that are made later. */
  instrument(instrument: Instrument): void {
    this.instruments.push(instrument);
    for (const part of [this.ownClient, this.ownPool])
      if (part !== undefined) this.stops.push(instrument(part));
  }

  /**
   * Opens the connection as its policy says. A client that a test put in place of ours is left alone, and so is the pool
   * beside it.
   *
   * @param late for a module that is loaded into an application that has booted.
   * @throws {RedisConnectionError} where the policy is `eager` and the deadline passed, or trying again is no use.
   */
  async open(late = false): Promise<void> {
    const { connect } = this.options;
    if (connect === 'lazy' || this.injectedClient !== this.ownClient) return;
    if (connect === 'eager') await this.openBefore(this.options.connectDeadline, late);
    else void this.openInBackground();
  }

  /**
   * Spends part of `shutdownTimeout` on `work`: resolves when it is done or the time is over. True where it got done. The time
   * of several works at once counts once.
   */
  async spendShutdownTime(work: Promise<void>): Promise<boolean> {
    const started = performance.now();
    const budget = this.shutdownBudget;
    const done = await settlesWithin(work, budget);
    const left = Math.max(0, budget - (performance.now() - started));
    this.shutdownBudget = Math.min(this.shutdownBudget, left);
    return done;
  }

  /** Lets issued commands finish, then closes, in what is left of `shutdownTimeout`. Never rejects. */
  async close(): Promise<void> {
    const timeout = Math.max(this.shutdownBudget, LEAST_CLOSE_TIMEOUT);
    const results = await Promise.allSettled([
      this.ownPool?.close({ timeout }),
      this.ownClient?.close({ timeout }),
    ]);
    for (const result of results) {
      if (result.status === 'rejected')
        this.logger.warn(
          `Redis "${this.name}" did not close cleanly: ${describeError(result.reason).message}`,
        );
    }
    this.stopInstruments();
  }

  /**
   * From now on the open connection keeps the process alive. Not before the application has booted: where the boot of
   * another module fails, Nest gives nobody a handle to close us by, and an open socket would hold the process for ever.
   */
  keepProcess(): void {
    this.keepsProcess = true;
    this.ownClient?.ref();
    this.ownPool?.ref();
  }

  /** Ends everything now. */
  destroy(): void {
    this.ownPool?.destroy();
    this.ownClient?.destroy();
    this.stopInstruments();
  }

  private stopInstruments(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  private createClient(): RedisClient {
    const client = this.check(() => new RedisClient(this.options.client));
    if (!this.keepsProcess) client.unref();
    client.on('ready', () => {
      this.problems.clear();
      this.logger.log(`Redis "${this.name}" is ready at ${client.address}`);
    });
    client.on('disconnect', ({ reason, error }) => {
      if (reason !== 'closed')
        this.warn(
          `Redis "${this.name}" at ${client.address} was lost (${reason}): ${describeError(error).message}`,
        );
    });
    if (this.options.client.cluster !== undefined)
      client.observeConnections({ opened: (info) => this.onNodeReady(info) });
    this.debugLog?.watch(client);
    client.on('error', (error) => this.warn(`Redis "${this.name}": ${error.message}`));
    for (const observer of this.observers) client.observe(observer);
    for (const instrument of this.instruments) this.stops.push(instrument(client));
    return client;
  }

  private createPool(): RedisPool {
    const pool = this.check(() => new RedisPool({ ...this.options.client, ...this.options.pool }));
    if (!this.keepsProcess) pool.unref();
    for (const observer of this.observers) pool.observe(observer);
    for (const instrument of this.instruments) this.stops.push(instrument(pool));
    return pool;
  }

  private check<T>(create: () => T): T {
    try {
      return create();
    } catch (error) {
      if (error instanceof TypeError)
        throw new TypeError(`Redis connection "${this.name}": ${error.message}`, { cause: error });
      throw error;
    }
  }

  private async openBefore(deadline: number, late: boolean): Promise<void> {
    const end = performance.now() + deadline;
    try {
      await this.client.connect({ deadline });
      if (this.opensPool) await this.pool.connect({ deadline: Math.max(1, end - performance.now()) });
    } catch (cause) {
      const longer = performance.now() < end ? '' : ' give it longer (`connectDeadline`),';
      throw new RedisConnectionError(
        'connect_failed',
        `Redis connection "${this.name}": ${describeError(cause).message} ${late ? 'Its module is not loaded' : 'The application does not start'} without it (connect: 'eager'). ` +
          `Mend the connection,${longer} or start without it with connect: 'background' or 'lazy'.`,
        { cause, code: cause instanceof RedisError ? cause.code : undefined },
      );
    }
  }

  private async openInBackground(): Promise<void> {
    try {
      await this.client.connect({ deadline: Infinity });
      // the client stands, so the pool's connections soon do, or something is wrong
      if (this.opensPool) await this.pool.connect({ deadline: this.options.connectDeadline });
    } catch (error) {
      // closed while it was still trying: that is what was asked for
      if (error instanceof RedisError && error.code === 'CLOSED') return;
      this.logger.error(
        `Redis "${this.name}" could not be opened in the background: ${describeError(error).message} The next command tries again.`,
      );
    }
  }

  /** A pool with settings, and ours: a test's stand-in is left alone. */
  private get opensPool(): boolean {
    return this.options.pool !== undefined && this.injectedPool === this.pool;
  }

  /** One node of a cluster may fail and come back while the others go on. */
  private onNodeReady({ role, host, port }: ConnectionInfo): void {
    if (role !== 'shared') return;
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (this.problems.forget(address)) this.logger.log(`Redis "${this.name}" is ready at ${address} again`);
  }

  private warn(problem: string): void {
    if (this.problems.isNew(problem)) this.logger.warn(problem);
  }
}

async function settlesWithin(work: Promise<void>, timeout: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(timeout, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([work.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}
