import { inspect } from 'node:util';
import type { CommandArgument } from './commands/arguments.js';
import { blockingTimeout } from './commands/blocking-timeout.js';
import { checkArguments } from './commands/check-arguments.js';
import { CommandFlag, type CommandSpec } from './commands/command-spec.js';
import { CLIENT_UNBLOCK, KEYS, PING } from './commands/commands.generated.js';
import { prefixKeys, stripPrefix } from './commands/key-positions.js';
import { resolveCall } from './commands/resolve-call.js';
import { CommandView, type ViewedClient } from './command-view.js';
import { applyCallOptions } from './apply-call-options.js';
import { checkCallOptions } from './call-options.js';
import { CommandObservers } from './command-observers.js';
import { checkMilliseconds } from './check-milliseconds.js';
import { BlockingConnections } from './connection/blocking-connections.js';
import { clock, deadlineAfter, ticksFor } from './connection/coarse-clock.js';
import { Command } from './connection/command.js';
import type { ConnectionEvents, ConnectionStatus } from './connection/connection-hooks.js';
import { ReconnectingConnection } from './connection/reconnecting-connection.js';
import { RedisAbortError, RedisDisconnectedError } from './errors.js';
import { CommandGuard } from './guard/command-guard.js';
import type { CommandObserver } from './observer.js';
import type { CallOptions, RedisClientOptions } from './options.js';
import { checkSubscribeOptions } from './pubsub/check-subscribe-options.js';
import type { SubscribeOptions } from './pubsub/message.js';
import { Subscriber } from './pubsub/subscriber.js';
import type { Subscription } from './pubsub/subscription.js';
import { CommandPipeline, type Pipeline } from './pipeline/pipeline.js';
import { PipelineRun } from './pipeline/pipeline-run.js';
import { runPipeline } from './pipeline/run-pipeline.js';
import { resolveClientOptions, type ResolvedOptions } from './resolve-options.js';
import { ScanningCommands } from './scan/scanning-commands.js';
import { TypedEvents } from './typed-events.js';

/** Commands that need more than a place in the queue. */
const SPECIAL =
  CommandFlag.BLOCKING | CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION | CommandFlag.DANGEROUS;

/**
 * A Redis or Valkey client: one connection, shared by all its callers, opened at first use and kept up from then on.
 * Commands issued in one tick leave in one write. Has a method for every command (`get`, `hgetall`, `configGet` …).
 */
export class RedisClient extends ScanningCommands<string> {
  /** The settings in force, defaults filled in. Secrets are not shown by `inspect` or JSON. */
  readonly options: ResolvedOptions;
  private readonly events = new TypedEvents<ConnectionEvents>();
  private readonly connection: ReconnectingConnection;
  private readonly blocking: BlockingConnections;
  private readonly commandTicks: number;
  private readonly observers: CommandObservers;
  private readonly guard: CommandGuard;
  private subscriber: Subscriber | undefined;
  private keepsProcess = true;
  private bufferCommands: CommandView<Buffer> | undefined;
  private readonly viewed: ViewedClient;

  /**
   * Checks the options; opens nothing.
   *
   * @param options settings, or a URI.
   * @throws {TypeError} for an unknown option or a value of the wrong kind.
   */
  constructor(options?: RedisClientOptions | string) {
    super();
    this.options = resolveClientOptions(options);
    const { commandTimeout } = this.options;
    this.commandTicks = commandTimeout === 0 || commandTimeout === Infinity ? 0 : ticksFor(commandTimeout);
    this.observers = new CommandObservers(this.options);
    this.guard = new CommandGuard(this.options.guard);
    const { events } = this;
    this.connection = new ReconnectingConnection(this.options, {
      emit: (event, ...payload) => events.emit(event, ...payload),
    });
    this.blocking = new BlockingConnections(this.options);
    const pipelines = { connection: this.connection, options: this.options, observers: this.observers };
    this.viewed = {
      keyPrefix: this.options.keyPrefix,
      guard: this.guard,
      issue: (spec, args, buffers, call) => this.issue(spec, args, buffers, call),
      run: (pipeline, call) => runPipeline(pipelines, pipeline, call),
    };
  }

  /** `idle` before the first use, then `connecting`, `ready`, `reconnecting` while lost, `closing`, `closed`. */
  get status(): ConnectionStatus {
    return this.connection.status;
  }

  /** `host:port`, or the Unix socket's path. */
  get address(): string {
    return this.connection.address;
  }

  /** Commands sent and not yet answered, blocking ones included. */
  get inFlight(): number {
    return this.connection.inFlight + this.blocking.inFlight;
  }

  /** Commands that wait to be sent. */
  get queued(): number {
    return this.connection.queued;
  }

  /** The same methods with Buffers for text: `client.buffers.get(key)`. */
  get buffers(): CommandView<Buffer> {
    return (this.bufferCommands ??= new CommandView<Buffer>(this.viewed, true, undefined));
  }

  /**
   * Connects now instead of at the first command. Concurrent calls share one attempt.
   *
   * @param options.deadline ms: without it the first failed attempt rejects; with it further attempts are made until it
   *   has passed (Infinity: until closed). Errors that no attempt mends (password, certificate) reject at once.
   * @throws {RedisConnectionError} | {RedisTimeoutError} saying why, and what to do; {RedisDisconnectedError} `CLOSED` after close().
   */
  async connect(options: { deadline?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('connect()', 'deadline', options.deadline);
    return this.connection.connect(options.deadline);
  }

  /**
   * Lets the commands issued so far finish, then closes. Always settles; what is not done by then fails.
   * While the connection is lost nothing is waited for. Blocking commands that wait on the server are unblocked and give
   * `null`, as after their own timeout.
   *
   * @param options.timeout ms, default 5_000.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('close()', 'timeout', options.timeout);
    await Promise.all([
      // first, for it still needs the shared connection
      this.blocking.close(options.timeout, (clientId) => this.unblock(clientId)),
      this.connection.close(options.timeout),
      this.subscriber?.close(options.timeout),
    ]);
  }

  /** From now on open connections keep the process alive, as they do to begin with. */
  ref(): void {
    this.setRef(true);
  }

  /** From now on idle connections do not keep the process alive; commands under way still do. */
  unref(): void {
    this.setRef(false);
  }

  /** Closes now: what is under way fails with `RedisConnectionError`, what waits with `RedisDisconnectedError`. */
  destroy(): void {
    this.connection.destroy();
    this.blocking.destroy();
    this.subscriber?.destroy();
  }

  /** `await using client = new RedisClient()`: closes at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `connect`, `ready`, `disconnect`, `reconnecting`, `error`. An `error` without a listener harms nothing. */
  on<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.events.on(event, listener);
    return this;
  }

  once<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.events.once(event, listener);
    return this;
  }

  off<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.events.off(event, listener);
    return this;
  }

  /** The same methods with settings for the calls made through them: `client.with({ timeout: 100 }).get(key)`. */
  with(options: CallOptions): CommandView<string> {
    checkCallOptions(options);
    return new CommandView<string>(this.viewed, false, options);
  }

  /**
   * Commands that leave together: `await client.pipeline().set('a', 1).incr('a').exec()` gives `['OK', 2]`. Saves the round
   * trips of commands that do not need one another's results.
   */
  pipeline(): Pipeline {
    const pipeline: unknown = new CommandPipeline(
      new PipelineRun(false, this.options.keyPrefix),
      (run) => this.viewed.run(run, undefined),
      this.guard,
    );
    return pipeline as Pipeline;
  }

  /**
   * Any command, by its words: `call('GET', 'key')`, `call('CONFIG', 'GET', 'maxmemory')`. A known one answers as its
   * method does; one that this version does not know gives the reply as decoded, and gets no key prefix.
   */
  async call(name: string, ...args: CommandArgument[]): Promise<unknown> {
    return this.execute(...resolveCall(name, args));
  }

  /**
   * PINGs on the live connection: nothing is queued, no connection is opened.
   *
   * @param timeout ms; 0 waits for as long as the connection lives.
   * @returns the time to the answer, ms.
   * @throws {RedisDisconnectedError} at once where there is no connection; {RedisTimeoutError} when the answer is late.
   */
  async probe(timeout: number): Promise<number> {
    checkMilliseconds('probe()', 'timeout', timeout);
    const started = performance.now();
    const command = new Command(PING, [], false);
    command.deadline = deadlineAfter(timeout);
    this.connection.submitNow(command);
    await command.promise;
    return performance.now() - started;
  }

  /**
   * Listens to channels, on a connection of their own that all subscriptions of this client share.
   *
   * @returns the subscription, once the server has confirmed every channel.
   * @throws {RedisServerError} `NOPERM` where the user may not listen there; {RedisTimeoutError} without confirmation within
   *   `commandTimeout`; {RedisDisconnectedError} `CLOSED` after close(); {TypeError} for names or options that are none.
   */
  subscribe(
    channels: string | readonly string[],
    options: SubscribeOptions & { buffers: true },
  ): Promise<Subscription<Buffer>>;
  subscribe(channels: string | readonly string[], options?: SubscribeOptions): Promise<Subscription>;
  subscribe(...channels: string[]): Promise<Subscription>;
  subscribe(...given: SubscribeArguments): Promise<Subscription<string> | Subscription<Buffer>> {
    return this.listen('subscribe', 'message', given);
  }

  /** Listens to every channel whose name matches one of the glob patterns. Else as {@link subscribe}. */
  psubscribe(
    patterns: string | readonly string[],
    options: SubscribeOptions & { buffers: true },
  ): Promise<Subscription<Buffer>>;
  psubscribe(patterns: string | readonly string[], options?: SubscribeOptions): Promise<Subscription>;
  psubscribe(...patterns: string[]): Promise<Subscription>;
  psubscribe(...given: SubscribeArguments): Promise<Subscription<string> | Subscription<Buffer>> {
    return this.listen('psubscribe', 'pmessage', given);
  }

  /** Listens to sharded channels (SPUBLISH). Else as {@link subscribe}. */
  ssubscribe(
    channels: string | readonly string[],
    options: SubscribeOptions & { buffers: true },
  ): Promise<Subscription<Buffer>>;
  ssubscribe(channels: string | readonly string[], options?: SubscribeOptions): Promise<Subscription>;
  ssubscribe(...channels: string[]): Promise<Subscription>;
  ssubscribe(...given: SubscribeArguments): Promise<Subscription<string> | Subscription<Buffer>> {
    return this.listen('ssubscribe', 'smessage', given);
  }

  /** Subscriptions that are not ended. */
  get subscriptions(): number {
    return this.subscriber?.size ?? 0;
  }

  /** Shows every command to an observer from now on. Returns the function that ends it. */
  observe<State>(observer: CommandObserver<State>): () => void {
    return this.observers.add(observer as CommandObserver);
  }

  /** What a logger that writes JSON may show: no settings, no arguments of commands that wait. */
  toJSON(): { address: string; status: ConnectionStatus; inFlight: number; queued: number } {
    const { address, status, inFlight, queued } = this;
    return { address, status, inFlight, queued };
  }

  [inspect.custom](): string {
    return `RedisClient { ${this.address}, ${this.status}, ${this.inFlight} in flight, ${this.queued} queued }`;
  }

  private createSubscriber(): Subscriber {
    const subscriber = new Subscriber(this.options, { onError: (error) => this.events.emit('error', error) });
    subscriber.setRef(this.keepsProcess);
    return subscriber;
  }

  private setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.connection.setRef(keepsProcess);
    this.subscriber?.setRef(keepsProcess);
  }

  private async unblock(clientId: number): Promise<void> {
    const command = new Command(CLIENT_UNBLOCK, [clientId], false);
    command.deadline = deadlineAfter(this.options.commandTimeout);
    this.connection.submit(command);
    await command.promise;
  }

  protected override get keyPrefix(): string {
    return this.options.keyPrefix;
  }

  /** The road of every command: check, queue, promise. Synchronous up to here, so that a tick's commands go out together. */
  protected override execute(spec: CommandSpec, args: CommandArgument[]): Promise<unknown> {
    return this.issue(spec, args, false, undefined);
  }

  private issue(
    spec: CommandSpec,
    given: CommandArgument[],
    buffers: boolean,
    call: CallOptions | undefined,
  ): Promise<unknown> {
    const wrong = checkArguments(spec, given);
    if (wrong !== undefined) return Promise.reject(wrong);
    const args = this.options.keyPrefix === '' ? given : prefixKeys(spec, given, this.options.keyPrefix);
    const command = new Command(spec, args, buffers || (spec.flags & CommandFlag.BYTES) !== 0);
    if (this.commandTicks !== 0) command.deadline = clock.now + this.commandTicks;
    if (call !== undefined) applyCallOptions(command, call);
    if (this.observers.active) this.observers.show(command);
    if ((spec.flags & SPECIAL) !== 0) this.issueSpecial(command, call?.timeout);
    else if (!command.settled) this.connection.submit(command);
    return spec === KEYS && args !== given ? this.withoutPrefix(command.promise) : command.promise;
  }

  /** KEYS answers with whole keys; its caller knows them without the prefix. */
  private async withoutPrefix(keys: Promise<unknown>): Promise<unknown> {
    return stripPrefix((await keys) as (string | Buffer)[], this.options.keyPrefix);
  }

  /** `timeout`: what the caller set for this call, ms; it goes before a blocking command's own. */
  private issueSpecial(command: Command, timeout: number | undefined): void {
    const { spec } = command;
    if ((spec.flags & (CommandFlag.STATEFUL | CommandFlag.SUBSCRIPTION)) !== 0) {
      const advice =
        (spec.flags & CommandFlag.SUBSCRIPTION) !== 0
          ? 'Use subscribe(), psubscribe() or ssubscribe().'
          : 'Set what it sets by an option of the client (`database`, `username`, `protocol` …).';
      command.failWith(
        new TypeError(
          `${spec.name} changes the state of a connection that all callers of this client share; it was not sent. ${advice}`,
        ),
      );
      return;
    }
    if (command.settled) return;
    const denied = (spec.flags & CommandFlag.DANGEROUS) === 0 ? undefined : this.guard.denies(spec);
    if (denied !== undefined) {
      command.fail(denied);
      return;
    }
    const { commandTimeout, blockingTimeoutBuffer } = this.options;
    const wait = (spec.flags & CommandFlag.BLOCKING) === 0 ? undefined : blockingTimeout(spec, command.args);
    const limit = wait === undefined || timeout !== undefined ? undefined : wait + blockingTimeoutBuffer;
    if (wait !== undefined && (spec.flags & CommandFlag.PINNED) === 0) {
      const connectTimeout = timeout ?? commandTimeout;
      this.blocking.submit(command, limit, connectTimeout === 0 ? Infinity : connectTimeout);
      return;
    }
    // WAIT asks about the writes of the connection it comes by; without an end of its own it has that of any command
    if (limit !== undefined && limit !== Infinity) command.deadline = deadlineAfter(limit);
    this.connection.submit(command);
  }

  private async listen(
    method: string,
    kind: 'message' | 'pmessage' | 'smessage',
    given: SubscribeArguments,
  ): Promise<Subscription<string> | Subscription<Buffer>> {
    const last = given.at(-1);
    const options =
      typeof last === 'object' && last !== null && !Array.isArray(last) ? (last as SubscribeOptions) : {};
    checkSubscribeOptions(method, options);
    const names = given.filter((item) => item !== undefined && item !== options).flat() as string[];
    if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
      throw new TypeError(`${method}(): name at least one channel, each a string that is not empty.`);
    }
    if (this.status === 'closing' || this.status === 'closed') {
      throw new RedisDisconnectedError('CLOSED', `${method}(): the client is closed; make a new one.`);
    }
    if (options.signal?.aborted === true) {
      throw new RedisAbortError(`${method}() was aborted by its signal.`, { cause: options.signal.reason });
    }
    this.subscriber ??= this.createSubscriber();
    return options.buffers === true
      ? this.subscriber.subscribe<Buffer>(kind, names, options)
      : this.subscriber.subscribe<string>(kind, names, options);
  }
}

type SubscribeArguments = (string | readonly string[] | SubscribeOptions | undefined)[];
