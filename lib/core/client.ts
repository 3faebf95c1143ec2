import { unlessAborted } from './abort-signals.js';
import { ClientCommands } from './client-commands.js';
import { DISCARD, EXEC, UNWATCH } from './commands/commands.generated.js';
import { CommandView } from './command-view.js';
import { checkMilliseconds } from './check-milliseconds.js';
import type { ConnectionObserver, ConnectionStats } from './observation/connection-observer.js';
import type { ConnectionEvents, ConnectionStatus } from './connection/connection-hooks.js';
import { ClientEngine, type DedicatedOptions } from './engine/client-engine.js';
import { createEngine } from './engine/create-engine.js';
import { RedisAbortError, RedisDisconnectedError } from './errors.js';
import { checkFeedOptions } from './feed/check-feed-options.js';
import type { FeedOptions, FeedWords } from './feed/feed-options.js';
import { MONITOR_WORDS, type Monitor } from './monitor/monitor.js';
import type { MonitorOptions } from './monitor/monitored-command.js';
import type { CommandObserver } from './observation/observer.js';
import type { CallOptions, RedisClientOptions } from './options.js';
import type { SubscribeOptions } from './pubsub/message.js';
import { Subscriber } from './pubsub/subscriber.js';
import type { SubscriberStatus } from './pubsub/subscriber-status.js';
import { SUBSCRIPTION_WORDS, type Subscription } from './pubsub/subscription.js';
import { resolveClientOptions, type ResolvedOptions } from './resolve-options.js';
import { StreamConsumer } from './streams/stream-consumer.js';
import type { NodesFinding } from './observation/node-finding.js';
import type { StreamConsumerOptions } from './streams/stream-consumer-options.js';

/**
 * A Redis or Valkey client: one connection, shared by all its callers, opened at first use and kept up from then on.
 * Commands issued in one tick leave in one write. Has a method for every command (`get`, `hgetall`, `configGet` …).
 */
export class RedisClient extends ClientCommands<string> {
  private bufferCommands: CommandView<Buffer> | undefined;
  private replicaClient: RedisClient | undefined;
  private readonly nodeClients = new WeakMap<ClientEngine, RedisClient>();

  /**
   * Checks the options; opens nothing.
   *
   * @param options settings, or a URI.
   * @throws {TypeError} for an unknown option or a value of the wrong kind.
   */
  constructor(options?: RedisClientOptions | string);
  /** @internal */
  constructor(engine: ClientEngine);
  constructor(given?: RedisClientOptions | string | ClientEngine) {
    const engine = given instanceof ClientEngine ? given : createEngine(resolveClientOptions(given));
    super(engine, false, undefined);
  }

  /** The settings in force, defaults filled in. Secrets are not shown by `inspect` or JSON. */
  get options(): ResolvedOptions {
    return this.engine.options;
  }

  /** True for a client that has its connection to itself: of a pool, or in `dedicated()`. */
  get isDedicated(): boolean {
    return this.engine.isDedicated;
  }

  /** `idle` before the first use, then `connecting`, `ready`, `reconnecting` while lost, `closing`, `closed`. */
  get status(): ConnectionStatus {
    return this.engine.status;
  }

  /** `host:port`, or the Unix socket's path. */
  get address(): string {
    return this.engine.address;
  }

  /** Commands sent and not yet answered, blocking ones included. */
  get inFlight(): number {
    return this.engine.inFlight;
  }

  /** Commands that wait to be sent. */
  get queued(): number {
    return this.engine.queued;
  }

  /** The same methods with Buffers for text: `client.buffers.get(key)`. */
  get buffers(): CommandView<Buffer> {
    return (this.bufferCommands ??= new CommandView<Buffer>(this.engine, true, undefined));
  }

  /**
   * A client for reads from the master's replicas: `client.replicas.get(key)`. It reads from one of them, chosen at random, and
   * from another one when that is lost; from the master where there is no replica. Replicas lag behind. Writes are refused
   * before they are sent. Opens its connections at first use, and closes with this client.
   *
   * @throws {TypeError} without `sentinel`: then nothing is known of replicas.
   */
  get replicas(): RedisClient {
    const engine = this.engine.replicas;
    if (this.replicaClient?.engine !== engine) this.replicaClient = new RedisClient(engine);
    return this.replicaClient;
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
    return this.engine.connect(options.deadline);
  }

  /**
   * Lets the commands issued so far finish, then closes. Always settles; what is not done by then fails.
   * While the connection is lost nothing is waited for. Blocking commands that wait on the server are unblocked and give
   * `null`, as after their own timeout; transactions and `dedicated()` that wait for a connection are served. A lent client's
   * connection ends in the same way, and whoever lent it makes another one.
   *
   * @param options.timeout ms, default 5_000.
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    checkMilliseconds('close()', 'timeout', options.timeout);
    await this.engine.close(options.timeout);
  }

  /** From now on open connections keep the process alive, as they do to begin with. */
  ref(): void {
    this.engine.setRef(true);
  }

  /** From now on idle connections do not keep the process alive; commands under way still do. */
  unref(): void {
    this.engine.setRef(false);
  }

  /** Closes now: what is under way fails with `RedisConnectionError`, what waits with `RedisDisconnectedError`. */
  destroy(): void {
    this.engine.destroy();
  }

  /** `await using client = new RedisClient()`: closes at the end of the block. One that was lent is given back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.dispose();
  }

  /** `connect`, `ready`, `disconnect`, `reconnecting`, `error`. An `error` without a listener harms nothing. */
  on<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.engine.assertUsable('on()');
    this.engine.events.on(event, listener);
    return this;
  }

  /** As {@link on}, for the next time alone. */
  once<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.engine.assertUsable('once()');
    this.engine.events.once(event, listener);
    return this;
  }

  /** Ends what {@link on} or {@link once} began. */
  off<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...payload: ConnectionEvents[Name]) => void,
  ): this {
    this.engine.events.off(event, listener);
    return this;
  }

  /** The same methods with settings for the calls made through them: `client.with({ timeout: 100 }).get(key)`. */
  with(options: CallOptions): CommandView<string> {
    return new CommandView<string>(this.engine, false, this.settingsWith(options));
  }

  /**
   * Lends a connection for the time of `work`: for state that belongs to a connection (`watch()` and `multi()` by hand), and for
   * work that must not wait behind that of others. It is lent by the client's own pool, `maxDedicated` at the most.
   *
   * @param work gets a client that may be used until it is done, and only there.
   * @param options.timeout how long to wait for a free connection, ms; 0 waits for ever. Default `commandTimeout`.
   * @param options.signal ends that wait.
   * @returns what `work` gave.
   * @throws {RedisTimeoutError} kind `'pool'` where all stay lent for so long; {RedisAbortError}; what `work` throws.
   */
  async dedicated<Result>(
    work: (session: RedisSession) => Promise<Result> | Result,
    options: DedicatedOptions = {},
  ): Promise<Result> {
    if (typeof work !== 'function')
      throw new TypeError(
        'dedicated(): give a function, as in client.dedicated((session) => session.watch(key)).',
      );
    checkMilliseconds('dedicated()', 'timeout', options.timeout);
    return this.engine.dedicated((engine) => work(new RedisClient(engine) as RedisSession), options);
  }

  /**
   * Executes what was queued since `multi()`.
   *
   * @returns a result or an error for each command, or null where a watched key has changed.
   * @throws {RedisServerError} `EXECABORT` naming the command that the server refused.
   */
  exec(this: RedisSession): Promise<unknown[] | null> {
    return this.execute(EXEC, []) as Promise<unknown[] | null>;
  }

  /** Drops what was queued since `multi()`, and forgets watched keys. */
  discard(this: RedisSession): Promise<'OK'> {
    return this.execute(DISCARD, []) as Promise<'OK'>;
  }

  /** Forgets watched keys. */
  unwatch(this: RedisSession): Promise<'OK'> {
    return this.execute(UNWATCH, []) as Promise<'OK'>;
  }

  /**
   * PINGs on the live connection, once: nothing is queued, no connection is opened, and what fails is not tried again. While
   * a PING is on its way further probes wait for its answer, each for its own time. Of a cluster all masters are asked, the
   * slowest answer counts, and it fails where none answers: {@link probeNodes} tells of each.
   *
   * @param timeout ms; 0 waits for as long as the connection lives.
   * @returns the time from the PING to its answer, ms.
   * @throws {RedisDisconnectedError} at once where there is no connection; {RedisTimeoutError} when the answer is late;
   *   {RedisServerError} what the server says instead (`LOADING`, `BUSY`, `NOPERM`); {RedisConnectionError} where the connection ends.
   */
  async probe(timeout: number): Promise<number> {
    checkMilliseconds('probe()', 'timeout', timeout);
    return this.engine.probe(timeout);
  }

  /**
   * The servers behind this client, as far as is known at the moment: the nodes of a cluster; else the one that there is, which
   * counts as a master. The `client` of a cluster's node sends everything to that node and follows no redirect: a key that is
   * elsewhere is an error (`MOVED`). It has connections of its own, opened at first use; to close it closes these alone, and
   * they are closed with this client. Where there is one server, it is this client itself.
   *
   * @param role only those of this role.
   * @throws {RedisDisconnectedError} in a cluster, before anything is known of it (`await client.connect()` first) and after close().
   */
  nodes(role?: 'master' | 'replica'): RedisNode[] {
    if (role !== undefined && role !== 'master' && role !== 'replica')
      throw new TypeError("nodes(): the role is 'master' or 'replica', or left out for both.");
    return this.engine.nodes(role).map(({ engine, ...node }) => ({ ...node, client: this.clientOf(engine) }));
  }

  /**
   * As {@link probe}, of each server behind this client: one entry, or of a cluster one for each master, and where reads go to
   * replicas one for each that was read from. What does not answer is told by its error.
   *
   * @param timeout ms, for all of them at once; 0 waits for as long as the connections live.
   * @returns never rejects for what is wrong with a server.
   */
  async probeNodes(timeout: number): Promise<NodesFinding> {
    checkMilliseconds('probeNodes()', 'timeout', timeout);
    return this.engine.probeNodes(timeout);
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

  /**
   * Shows every command that the server gets, of all its clients and databases, on a connection of its own:
   * `for await (const { command, args } of await client.monitor())`. For looking at what goes wrong, not for every day: it
   * shows everybody's values, and a server that is watched does about half the work.
   *
   * @returns the monitor, once the server has confirmed it.
   * @throws {RedisServerError} `NOPERM` where the user may not; else as {@link subscribe}.
   */
  monitor(options: MonitorOptions & { buffers: true }): Promise<Monitor<Buffer>>;
  monitor(options?: MonitorOptions): Promise<Monitor>;
  async monitor(options: MonitorOptions = {}): Promise<Monitor<string> | Monitor<Buffer>> {
    this.checkFeed('monitor', MONITOR_WORDS, options);
    const monitors = this.engine.ensureMonitors();
    return options.buffers === true ? monitors.open<Buffer>(options) : monitors.open<string>(options);
  }

  /** Subscriptions that are not ended. */
  get subscriptions(): number {
    return this.engine.subscriptions;
  }

  /** How the connection stands on which the subscriptions listen; undefined where there are none. */
  get subscriberStatus(): SubscriberStatus | undefined {
    return this.engine.subscriberStatus;
  }

  /** As {@link probe}, on the connection on which the subscriptions listen. */
  async probeSubscriber(timeout: number): Promise<number> {
    checkMilliseconds('probeSubscriber()', 'timeout', timeout);
    return this.engine.probeSubscriber(timeout);
  }

  /**
   * A consumer of a stream, as one of a group: `await consumer.run(async (entry) => …)`, or `for await (const entry of consumer)`.
   * Sends nothing before that.
   *
   * @throws {TypeError} for an unknown option or a value of the wrong kind.
   */
  streamConsumer(options: StreamConsumerOptions & { buffers: true }): StreamConsumer<Buffer>;
  streamConsumer(options: StreamConsumerOptions): StreamConsumer;
  streamConsumer(options: StreamConsumerOptions): StreamConsumer<string> | StreamConsumer<Buffer> {
    if (this.isDedicated) {
      throw new TypeError(
        'streamConsumer(): a connection of its own has no place for one, for reads that wait would hold up its acknowledgements. Make it on the shared client.',
      );
    }
    return new StreamConsumer<string>(this, options);
  }

  /** Shows every command to an observer from now on. Returns the function that ends it. */
  observe<State>(observer: CommandObserver<State>): () => void {
    return this.engine.observers.add(observer as CommandObserver);
  }

  /**
   * Tells an observer what befalls the connections from now on: the shared one, those that are lent, those of subscriptions
   * and monitors. Returns the function that ends it.
   */
  observeConnections(observer: ConnectionObserver): () => void {
    return this.engine.connectionObservers.add(observer);
  }

  /**
   * The connections at this moment: how many are open, and how busy those are that it lends beside the shared one
   * (`maxDedicated`): for transactions, blocking commands, `dedicated()`. Of a client that was lent, those of its lender.
   */
  connectionStats(): ConnectionStats {
    return this.engine.connectionStats();
  }

  private clientOf(engine: ClientEngine): RedisClient {
    if (engine === this.engine) return this;
    let client = this.nodeClients.get(engine);
    if (client === undefined) this.nodeClients.set(engine, (client = new RedisClient(engine)));
    return client;
  }

  private checkFeed(method: string, words: FeedWords, options: FeedOptions): void {
    checkFeedOptions(method, words, options);
    if (this.status === 'closing' || this.status === 'closed') {
      throw new RedisDisconnectedError('CLOSED', `${method}(): the client is closed; make a new one.`);
    }
    if (options.signal?.aborted === true) {
      throw new RedisAbortError(`${method}() was aborted by its signal.`, { cause: options.signal.reason });
    }
  }

  private async listen(
    method: string,
    kind: 'message' | 'pmessage' | 'smessage',
    given: SubscribeArguments,
  ): Promise<Subscription<string> | Subscription<Buffer>> {
    const last = given.at(-1);
    const options =
      typeof last === 'object' && last !== null && !Array.isArray(last) ? (last as SubscribeOptions) : {};
    this.checkFeed(method, SUBSCRIPTION_WORDS, options);
    const names = given.filter((item) => item !== undefined && item !== options).flat() as string[];
    if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
      throw new TypeError(`${method}(): name at least one channel, each a string that is not empty.`);
    }
    const found = this.engine.ensureSubscriber();
    // without a turn of the microtasks where there is nothing to wait for: close() may follow in this tick
    const subscriber =
      found instanceof Subscriber ? found : await unlessAborted(found, options.signal, `${method}()`);
    if (found !== subscriber) this.checkFeed(method, SUBSCRIPTION_WORDS, options);
    return options.buffers === true
      ? subscriber.subscribe<Buffer>(kind, names, options)
      : subscriber.subscribe<string>(kind, names, options);
  }
}

/**
 * A client that has its connection to itself for a while: lent by `client.dedicated()` or by a pool. What belongs to a connection
 * can be done by hand: `watch()`, `multi()`, `exec()`, `discard()`, `unwatch()`, and by `call()` SELECT and the like.
 */
export interface RedisSession extends RedisClient {
  readonly isDedicated: true;
}

/** One of the servers behind a client. */
export interface RedisNode {
  /** As it can be reached from here. */
  readonly host: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
  /** Has the client that was asked a connection to it that commands can take now? */
  readonly isReady: boolean;
  /** Talks to this server alone. */
  readonly client: RedisClient;
}

type SubscribeArguments = (string | readonly string[] | SubscribeOptions | undefined)[];

/** What does the work behind a client; for those who lend it. Whatever else is given has none. */
export function engineOf(client: RedisClient): ClientEngine | undefined {
  return (client as RedisClient | undefined)?.['engine'];
}
