import type { ConnectionWatch } from '../observation/connection-watch.js';
import {
  RedisConnectionError,
  RedisDisconnectedError,
  type DisconnectReason,
  type RedisError,
} from '../errors.js';
import type { Peer } from '../observation/observer.js';
import type { Reply } from '../protocol/reply.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { Backoff } from './backoff.js';
import { clock, type Ticking } from './coarse-clock.js';
import type { CommandSource } from './command-source.js';
import type { CommandContext } from './command-context.js';
import type { PendingCommand } from './pending-command.js';
import { failLost, failUnsent, GivenUpToMove, refuse } from './command-errors.js';
import { Closing } from './closing.js';
import { CommandRetry } from './command-retry.js';
import { isFatalConnectError } from './connect-error.js';
import { ConnectWaiters, type WhyUnconnected } from './connect-waiters.js';
import type { Connection, ConnectionOwner } from './connection.js';
import { ConnectionAttempt } from './connection-attempt.js';
import type { ConnectionHooks, ConnectionStatus } from './connection-hooks.js';
import { Move } from './move.js';
import { formatAddress, type Address } from './open-socket.js';
import { outsideCallers } from './outside-callers.js';
import type { Destination, Route, RoutedConnection } from './route.js';
import { WaitingCommands } from './waiting-commands.js';

const DEFAULT_CLOSE_TIMEOUT = 5_000;

/** Why what is issued now fails at once. */
interface Refusal {
  readonly code: 'QUEUE_FULL' | 'DISCONNECTED' | 'CLOSED';
  readonly why: string;
  readonly cause?: RedisError | undefined;
}

/**
 * One connection that is made at first use and made again when it is lost, and the queue of commands before it.
 *
 *     waiting (not sent) ──▶ connection: unwritten ──▶ in flight ──▶ settled
 *          ▲                                              │ lost
 *          └───────────── idempotent ones ◀───────────────┘ others fail
 *
 * `pump()` moves commands on whenever there is room; everything else only changes the state and calls it.
 */
export class ReconnectingConnection implements ConnectionOwner, RoutedConnection, Ticking {
  status: ConnectionStatus = 'idle';
  /** Why the last attempt failed; the cause of what times out meanwhile. */
  private lastError: RedisError | undefined;
  private connection: Connection | null = null;
  /** While the connection is being made; null once it is ready. */
  private attempt: ConnectionAttempt | null = null;
  /** The address of the next attempt is being looked for; an object of its own for each time. */
  private search: object | null = null;
  /** The live connection is to be given up for one to another place. */
  private moving: Move | null = null;
  private readonly waiting = new WaitingCommands();
  private readonly waiters = new ConnectWaiters();
  private readonly retry: CommandRetry;
  private readonly backoff: Backoff;
  /** It was ready once: from then on it is kept up until closed. */
  private established = false;
  private ticking = false;
  private keepsProcess = true;
  private closing: Closing | undefined;

  private readonly options: ResolvedOptions;
  private readonly route: Route;

  constructor(
    { options, route }: Destination,
    private readonly hooks: ConnectionHooks,
    private readonly watch: ConnectionWatch,
  ) {
    this.options = options;
    this.route = route;
    this.retry = new CommandRetry(this, options, this.waiting, route.isPatient);
    this.backoff = new Backoff(options.reconnect);
  }

  get address(): string {
    return this.connection === null ? this.route.name : formatAddress(this.connection.address);
  }

  get target(): Address | undefined {
    return this.connection?.address;
  }

  /** What the live connection speaks; undefined where there is none. */
  get protocol(): 2 | 3 | undefined {
    return this.status === 'ready' ? this.connection?.protocol : undefined;
  }

  /** The server's number for the live connection. */
  get clientId(): number | undefined {
    return this.connection?.clientId;
  }

  get waitingId(): number | undefined {
    return this.status === 'ready' && this.waitingCommand !== undefined ? this.clientId : undefined;
  }

  /** A blocking command that waits on the server, and that nobody has called off. */
  private get waitingCommand(): PendingCommand | undefined {
    const oldest = this.connection?.oldest;
    return oldest?.isBlocking === true && !oldest.settled && oldest.context!.calledOff === undefined
      ? oldest
      : undefined;
  }

  /** The other end of the live connection. */
  get peer(): Peer | undefined {
    return this.status === 'ready' ? this.connection?.peer : undefined;
  }

  /** Does an idle connection keep the process alive? Commands under way always do. */
  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    this.connection?.setRef(keepsProcess);
    this.backoff.setRef(keepsProcess);
  }

  get inFlight(): number {
    return this.connection?.inFlight ?? 0;
  }

  /** Somebody waits for the answer to what was sent. */
  get hasPending(): boolean {
    return this.connection?.hasPending === true;
  }

  get queued(): number {
    return this.waiting.size;
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes a command: sent now where that is possible, else held until it is. */
  submit(command: PendingCommand): void {
    if (!this.ticking) this.startTicking();
    const { connection } = this;
    if (this.status === 'ready' && this.waiting.length === 0 && connection!.hasRoom && this.moving === null)
      connection!.send(command);
    else this.hold(command);
  }

  /** Takes a command that had its place before, here or on another connection: it keeps one, however many wait. */
  takeOver(command: PendingCommand): void {
    if (this.whyRefused()?.code !== 'QUEUE_FULL') this.submit(command);
    else {
      if (!this.ticking) this.startTicking();
      this.waiting.push(command);
      this.startAttemptFor(undefined);
    }
  }

  /**
   * Takes the commands of a pipeline, each portion when the one before it is done for the greater part. Where they must wait
   * all of them are held, however many, or none: a pipeline longer than the queue could never be sent else.
   */
  submitAll(source: CommandSource): void {
    if (!this.ticking) this.startTicking();
    const refusal = this.whyRefused();
    if (refusal !== undefined) {
      for (const command of source.takeRest()) refuse(command, refusal.code, refusal.why, refusal.cause);
    } else {
      if (this.status === 'ready' && this.moving === null) this.sendFrom(source);
      this.waiting.add(source);
    }
    this.startAttemptFor(refusal);
    if (refusal === undefined) this.noteWaiting(source.observation);
  }

  /** Sends what may go at once, as `submit()` does. */
  private sendFrom(source: CommandSource): void {
    const { connection, waiting } = this;
    while (connection!.hasRoom && waiting.length === 0) {
      const command = source.take();
      if (command === undefined) return;
      connection!.send(command);
    }
  }

  /** Sends a command on the live connection or not at all. */
  submitNow(command: PendingCommand): void {
    if (!this.ticking) this.startTicking();
    const { status, connection } = this;
    if (
      status === 'ready' ||
      (status === 'closing' && connection?.writable === true && this.attempt === null)
    )
      connection!.send(command);
    else if (this.status === 'closed') refuse(command, 'CLOSED', 'the client is closed.');
    else
      refuse(command, 'DISCONNECTED', `there is no connection to Redis at ${this.address}.`, this.lastError);
  }

  private hold(command: PendingCommand): void {
    const refusal = this.whyRefused();
    if (refusal === undefined) this.waiting.push(command);
    else refuse(command, refusal.code, refusal.why, refusal.cause);
    this.startAttemptFor(refusal);
    if (refusal === undefined) this.noteWaiting(command.observation);
  }

  /** Those who watch learn that it takes longer for want of a connection. */
  private noteWaiting(observation: CommandContext | null): void {
    if (observation !== null && this.status !== 'ready')
      observation.note({ type: 'waiting', error: this.lastError });
  }

  /** Why nothing may be issued now, not even to wait; or undefined. */
  private whyRefused(): Refusal | undefined {
    const { status, options, lastError: cause } = this;
    if (status === 'ready') return undefined;
    if (status === 'closing' || status === 'closed') return { code: 'CLOSED', why: 'the client is closed.' };
    if (status === 'idle' && this.established && options.reconnect === false) {
      const why = `the connection to Redis at ${this.address} was lost and \`reconnect\` is false. Call connect() to open a new one.`;
      return { code: 'DISCONNECTED', why, cause };
    }
    if (this.waiting.held < options.queueSize) return undefined;
    const why = `not connected to Redis at ${this.address}, and ${options.queueSize} commands wait already (\`queueSize\`).`;
    return { code: 'QUEUE_FULL', why, cause };
  }

  /** Connects for what was issued: also where the queue had no place, for with a queue of 0 nothing would ever connect. */
  private startAttemptFor(refusal: Refusal | undefined): void {
    if (this.status === 'idle' && refusal?.code !== 'DISCONNECTED') this.startAttempt();
  }

  private pump(): void {
    const { connection, waiting } = this;
    if (connection === null || this.attempt !== null) return;
    if (this.moving !== null) {
      this.moveWhenFree(this.moving);
      return;
    }
    waiting.refill();
    while (waiting.length > 0 && connection.hasRoom) {
      const command = waiting.shift()!;
      if (command.settled) continue;
      connection.send(command);
      command.observation?.noteSent(connection);
    }
    if (this.status === 'closing') this.finishCloseWhenDrained();
  }

  // ── connecting ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Connects. Without a deadline the first failed attempt rejects; with one, further attempts are made until it passes.
   *
   * @param deadline ms; Infinity tries until closed.
   */
  connect(deadline?: number): Promise<void> {
    if (this.status === 'ready') return Promise.resolve();
    if (this.status === 'closing' || this.status === 'closed') {
      return Promise.reject(
        new RedisDisconnectedError('CLOSED', 'connect(): the client is closed; make a new one.'),
      );
    }
    const connected = this.waiters.add(deadline);
    if (!this.ticking) this.startTicking();
    if (this.status === 'idle') this.startAttempt();
    else if (this.backoff.pausing) {
      this.backoff.cancel();
      this.startAttempt();
    }
    return connected;
  }

  private startAttempt(): void {
    if (this.connection !== null || this.search !== null) return;
    if (this.status !== 'closing') this.status = this.established ? 'reconnecting' : 'connecting';
    if (!this.ticking) this.startTicking();
    const found = outsideCallers(() => this.route.find(this));
    if (found instanceof Promise) this.searchFor(found);
    else this.open(found);
  }

  private searchFor(found: Promise<Address>): void {
    const search = (this.search = {});
    this.watch.search();
    // the client may have been closed meanwhile
    const whenWanted = (proceed: () => void): void => {
      if (this.search !== search) return;
      this.search = null;
      proceed();
    };
    found.then(
      (address) => whenWanted(() => this.open(address)),
      (error: RedisError) =>
        whenWanted(() => {
          this.watch.connecting(this.established, undefined);
          this.onAttemptFailed(error);
        }),
    );
  }

  private open(address: Address): void {
    let attempt: ConnectionAttempt;
    try {
      attempt = outsideCallers(() => new ConnectionAttempt(this, this.options, address));
    } catch (error) {
      this.watch.connecting(this.established, address);
      if (this.isClosed) this.watch.failed(error as RedisError);
      else this.onAttemptFailed(error as RedisError, true);
      return;
    }
    this.attempt = attempt;
    this.connection = attempt.connection;
    this.connection.setRef(this.keepsProcess);
    this.watch.connecting(this.established, address);
  }

  onConnect(): void {
    const attempt = this.attempt!;
    this.hooks.emit('connect');
    attempt.prepare(this.route, this.hooks).then(
      () => this.onReady(attempt),
      (error: RedisError) => {
        // a connection that ended by itself has reported already
        if (this.attempt === attempt) this.abandon(attempt, error);
      },
    );
  }

  private onReady(attempt: ConnectionAttempt): void {
    if (this.attempt !== attempt) return;
    this.attempt = null;
    this.backoff.reset();
    this.established = true;
    this.lastError = undefined;
    if (this.status !== 'closing') this.status = 'ready';
    this.watch.opened();
    this.route.onReady?.(this);
    this.waiters.resolveAll();
    this.pump();
    if (this.status === 'ready') this.hooks.emit('ready');
  }

  private abandon({ connection }: ConnectionAttempt, error: RedisError): void {
    this.attempt = null;
    this.connection = null;
    connection.destroy('closed', 'The connection was given up during its handshake.');
    this.onAttemptFailed(error);
  }

  private onAttemptFailed(error: RedisError, fatal = isFatalConnectError(error)): void {
    this.lastError = error;
    const exhausted = this.backoff.failed();
    // at once: what follows may begin the next attempt
    this.watch.failed(error);
    if (this.isClosed) return;
    if (this.status === 'closing') {
      this.finishClose();
      return;
    }
    if (fatal || exhausted) {
      this.waiters.rejectAll(error);
      this.waiting.failAll(error);
    } else this.waiters.rejectImpatient(error);
    if (exhausted) this.rest();
    this.route.onFailed?.(this, error);
    this.hooks.emit('error', error);
    if (!exhausted) this.continueUnlessDecided();
  }

  private scheduleAttempt(): void {
    if (this.isWanted() && this.route.hasOther?.(this) === true) {
      this.startAttempt();
      return;
    }
    const startOrRest = (): void => (this.isWanted() ? this.startAttempt() : this.rest());
    const pause = this.isWanted() ? this.backoff.pause(startOrRest) : undefined;
    if (pause === undefined) this.rest();
    else this.hooks.emit('reconnecting', pause);
  }

  /** Somebody waits for a connection, or one stood and is kept up. */
  private isWanted(): boolean {
    return this.established || this.waiting.size > 0 || this.waiters.size > 0;
  }

  private rest(): void {
    this.backoff.reset();
    this.status = 'idle';
    if (this.established && this.lastError !== undefined) this.hooks.onGivenUp?.(this.lastError);
  }

  // ── the connection's reports ─────────────────────────────────────────────────────────────────────────────────────

  onRoom(connection: Connection): void {
    if (connection === this.connection && (this.waiting.held > 0 || this.status === 'closing')) this.pump();
  }

  onPush(connection: Connection, items: Reply[]): void {
    this.hooks.onPush?.(connection, items);
  }

  takeMessage(connection: Connection, reply: Reply): boolean {
    return this.hooks.takeMessage?.(connection, reply) ?? false;
  }

  wantsPushBuffers(): boolean {
    return this.hooks.wantsPushBuffers?.() ?? false;
  }

  onCommandError(command: PendingCommand, message: string): boolean {
    // a handshake's commands cannot wait in the queue that the handshake opens
    if (this.attempt !== null) {
      this.attempt.noteRefusal(command, message);
      return false;
    }
    if (this.route.takeRefused?.(command, message, this.connection!.address) === true) return true;
    return this.retry.refused(command, message);
  }

  onCommandTimeout(command: PendingCommand, create: () => RedisError): boolean {
    return this.attempt === null && this.retry.unanswered(command, create);
  }

  onSilence(): void {
    if (this.attempt === null) this.route.onSilence?.();
  }

  onClosed(
    connection: Connection,
    reason: DisconnectReason,
    error: RedisError,
    sent: PendingCommand[],
    unsent: PendingCommand[],
  ): void {
    if (connection !== this.connection) {
      for (const command of sent) failLost(command, error, connection.name);
      for (const command of unsent) refuse(command, 'CLOSED', 'the client was closed first.');
      return;
    }
    const { attempt } = this;
    const moves = this.moving !== null;
    this.attempt = null;
    this.connection = null;
    this.moving = null;
    if (attempt !== null) {
      for (const command of [...sent, ...unsent]) failLost(command, error, connection.name);
      this.onAttemptFailed(attempt.explainEnd(error));
      return;
    }
    // before the retry rules are asked: they are the user's code, and may issue commands
    if (this.status !== 'closing') this.status = 'reconnecting';
    if (this.hooks.holdsState?.() === true) {
      for (const command of sent) failLost(command, error, connection.name);
      for (const command of unsent) failUnsent(command, error);
      this.waiting.failAll(error);
    } else this.retry.giveBack(connection.name, error, sent, unsent);
    this.route.onLost?.(this, error);
    this.watch.closed(reason, error);
    if (this.isClosed) return;
    if (this.status === 'closing') {
      this.finishClose();
      return;
    }
    this.lastError = error;
    if (this.options.reconnect === false && !moves) {
      this.rest();
      this.waiting.failAll(error);
      this.hooks.emit('disconnect', { reason, error });
      // a retry rule called connect() before there was anything to wait for; a listener may have begun or closed since
      if (this.isIdle && this.waiters.size > 0) this.startAttempt();
      return;
    }
    this.hooks.emit('disconnect', { reason, error });
    // nobody is in trouble: there is nothing to pause for
    if (moves && this.status === 'reconnecting') this.startAttempt();
    else this.continueUnlessDecided();
  }

  /** Goes on to the next attempt, unless a listener closed the client or asked for a connection meanwhile. */
  private continueUnlessDecided(): void {
    const decided = this.connection !== null || this.search !== null || this.backoff.pausing;
    if (!decided && (this.status === 'connecting' || this.status === 'reconnecting')) this.scheduleAttempt();
  }

  // what listeners, observers and retry rules have made of the status is looked up anew
  private get isIdle(): boolean {
    return this.status === 'idle';
  }

  private get isClosed(): boolean {
    return this.status === 'closed';
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private startTicking(): void {
    this.ticking = true;
    clock.join(this);
  }

  onTick(now: number): boolean {
    const { attempt } = this;
    if (attempt?.isOverdue(now) === true) this.abandon(attempt, attempt.explainTimeout());
    else if (this.status === 'ready' || this.status === 'closing') this.connection?.onTick(now);
    this.waiting.expire(now, (where) => this.whyUnsent(where));
    for (const command of this.waiting.takeDue(now))
      if (this.route.takeAgain?.(command) !== true) this.waiting.push(command);
    if (this.moving !== null) this.moveWhenFree(this.moving);
    this.waiters.expire(now, this.address, () => this.whyUnconnected());
    if (this.backoff.pausing && !this.isWanted()) this.rest();
    if (this.status === 'closing' && this.closing?.isOverdue(now) === true) this.finishClose();
    this.pump();
    this.ticking =
      this.inFlight > 0 ||
      this.queued > 0 ||
      this.waiters.size > 0 ||
      this.attempt?.hasDeadline === true ||
      this.moving !== null ||
      this.status === 'closing';
    return this.ticking;
  }

  /** Why there is no connection yet. */
  whyUnconnected(): WhyUnconnected {
    const { lastError: cause, attempt } = this;
    return { reason: cause?.message ?? attempt?.waitsFor ?? 'no attempt has ended yet.', cause };
  }

  private whyUnsent(where: 'queue' | 'rest'): { reason: string; cause: RedisError | undefined } {
    const { lastError: cause } = this;
    if (cause !== undefined) return { reason: cause.message, cause };
    if (this.connection === null || this.attempt !== null)
      return { reason: `not yet connected to Redis at ${this.address}`, cause };
    const reason =
      where === 'queue'
        ? 'the connection had no room for it'
        : 'the commands before it in its pipeline took that long';
    return { reason, cause };
  }

  // ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Lets what was issued finish, then ends; whatever is left after `timeout` ms fails. Always settles.
   *
   * @param until something else that needs {@link submitNow} before the end; it must not reject.
   */
  close(timeout = DEFAULT_CLOSE_TIMEOUT, until?: Promise<unknown>): Promise<void> {
    if (this.closing !== undefined) return this.closing.done;
    const { status } = this;
    this.closing = new Closing(timeout, until, () => {
      if (this.status === 'closing') this.pump();
    });
    const { done } = this.closing;
    if (status === 'closed') {
      this.closing.end();
      return done;
    }
    this.status = 'closing';
    this.moving = null;
    // between two attempts nothing is on its way: no reason to make a shutdown wait
    const isTrying = this.attempt !== null || this.search !== null;
    if (status === 'idle' || (this.connection === null && !isTrying) || (isTrying && this.queued === 0))
      this.finishClose();
    else {
      if (!this.ticking) this.startTicking();
      this.pump();
    }
    return done;
  }

  /** Gives up the connection at hand, as if it had been lost: another one is made as after any loss. */
  drop(message: string): void {
    this.connection?.destroy('closed', message);
  }

  move(why: string): void {
    if (this.backoff.pausing) {
      this.backoff.cancel();
      this.startAttempt();
    } else if (this.attempt !== null) this.startElsewhere(this.attempt, why);
    if (this.status !== 'ready' || this.moving !== null) return;
    const waiting = this.waitingCommand;
    if (waiting !== undefined) waiting.context!.moves = true;
    this.moving = new Move(why, waiting !== undefined);
    if (!this.ticking) this.startTicking();
    this.moveWhenFree(this.moving);
  }

  /** An attempt that is under way goes to the wrong place. */
  private startElsewhere({ connection }: ConnectionAttempt, why: string): void {
    this.attempt = null;
    this.connection = null;
    connection.destroy('closed', why);
    this.watch.failed(new RedisConnectionError('connect_failed', why));
    if (this.status !== 'closing') this.startAttempt();
    else this.finishClose();
  }

  private moveWhenFree({ why, isOverdue }: Move): void {
    if (this.inFlight > 0 && !isOverdue) return;
    // not `closed`, which would tell those who listen that nothing follows
    this.connection?.destroy('connection_lost', why, new GivenUpToMove(why));
  }

  takeWaiting(isWanted: (command: PendingCommand) => boolean): PendingCommand[] {
    const taken = this.waiting.takeQueued();
    const left = taken.filter((command) => !isWanted(command));
    this.waiting.giveBack(left);
    return left.length === 0 ? taken : taken.filter(isWanted);
  }

  /** Takes out what a retry rule holds back, before its time. */
  takeHeldBack(): PendingCommand[] {
    return this.waiting.takeDue(Infinity);
  }

  /** Ends now. */
  destroy(): void {
    if (this.status !== 'closed') this.finishClose();
  }

  private finishCloseWhenDrained(): void {
    const isDrained = this.waiting.size === 0 && this.connection?.hasPending !== true;
    if (isDrained && this.closing?.isFree !== false) this.finishClose();
  }

  private finishClose(): void {
    const { connection, attempt } = this;
    const error = new RedisDisconnectedError('CLOSED', 'The client was closed.');
    this.status = 'closed';
    this.backoff.cancel();
    this.attempt = null;
    this.search = null;
    this.moving = null;
    this.connection = null;
    clock.leave(this);
    this.ticking = false;
    this.waiters.rejectAll(error);
    this.waiting.refuseAll('the client was closed first.');
    connection?.destroy('closed', 'The client was closed.');
    if (attempt !== null) this.watch.failed(error);
    else if (connection !== null) this.watch.closed('closed', error);
    this.route.onClosed?.(this);
    if (this.established && connection !== null) this.hooks.emit('disconnect', { reason: 'closed', error });
    this.closing?.end();
  }
}
