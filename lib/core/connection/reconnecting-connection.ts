import {
  RedisConnectionError,
  RedisDisconnectedError,
  RedisTimeoutError,
  type DisconnectReason,
  type RedisError,
} from '../errors.js';
import type { Reply } from '../protocol/reply.js';
import type { RedisCredentials } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { retryDelay } from '../retry.js';
import { reconnectDelay } from './backoff.js';
import { clock, deadlineAfter, ticksFor, type Ticking } from './coarse-clock.js';
import type { Command } from './command.js';
import { CommandContext } from './command-context.js';
import { CommandQueue } from './command-queue.js';
import { explainConnectError, isFatalConnectError } from './connect-error.js';
import { Connection, expire, type ConnectionOwner } from './connection.js';
import { handshake } from './handshake.js';
import { formatAddress } from './open-socket.js';

export type ConnectionStatus = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed';

/** What happens to a client's connection, by event. */
export interface ConnectionEvents {
  /** The socket stands, TLS included. */
  connect: [];
  /** The handshake is done: commands go out. */
  ready: [];
  /** A connection that was ready has ended. */
  disconnect: [event: { reason: DisconnectReason; error: RedisError }];
  /** Another attempt follows in `delay` ms. */
  reconnecting: [event: { attempt: number; delay: number }];
  /** An attempt to connect failed. */
  error: [error: RedisError];
}

/** What the owner of a {@link ReconnectingConnection} hears and supplies. */
export interface ConnectionHooks {
  emit<Event extends keyof ConnectionEvents>(event: Event, ...payload: ConnectionEvents[Event]): void;
  /** State to set up on each fresh connection after the handshake (subscriptions), before it counts as ready. */
  restore?(connection: Connection, protocol: 2 | 3): Promise<void>;
  onPush?(connection: Connection, items: Reply[]): void;
  isPush?(reply: Reply): boolean;
  wantsPushBuffers?(): boolean;
}

interface ConnectWaiter {
  resolve: () => void;
  reject: (error: RedisError) => void;
  /** Tick; 0 gives up with the first failed attempt. */
  deadline: number;
  timeout: number;
}

const DEFAULT_CLOSE_TIMEOUT = 5_000;

/**
 * One connection that is made at first use and made again when it is lost, and the queue of commands before it.
 *
 *     waiting (not sent) ──▶ connection: unwritten ──▶ in flight ──▶ settled
 *          ▲                                              │ lost
 *          └───────────── idempotent ones ◀───────────────┘ others fail
 *
 * `pump()` moves commands on whenever there is room; everything else only changes the state and calls it.
 */
export class ReconnectingConnection implements ConnectionOwner, Ticking {
  status: ConnectionStatus = 'idle';
  /** Why the last attempt failed; the cause of what times out meanwhile. */
  private lastError: RedisError | undefined;
  private connection: Connection | null = null;
  /** The connection's handshake is done. */
  private prepared = false;
  private readonly waiting = new CommandQueue();
  /** Refused commands that a retry rule holds back until a tick. */
  private delayed: { command: Command; until: number }[] = [];
  private waiters: ConnectWaiter[] = [];
  /** Failed attempts in a row. */
  private attempt = 0;
  /** It was ready once: from then on it is kept up until closed. */
  private established = false;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private connectDeadline = 0;
  private ticking = false;
  private closeDeadline = 0;
  private closed: Promise<void> | undefined;
  private resolveClosed: (() => void) | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly hooks: ConnectionHooks,
  ) {}

  get address(): string {
    return formatAddress(this.connection?.address ?? this.options);
  }

  get inFlight(): number {
    return this.connection?.inFlight ?? 0;
  }

  get queued(): number {
    return this.waiting.length + this.delayed.length;
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes a command: sent now where that is possible, else held until it is. */
  submit(command: Command): void {
    if (!this.ticking) this.startTicking();
    const { connection } = this;
    if (this.status === 'ready' && connection!.hasRoom && this.waiting.length === 0)
      connection!.send(command);
    else this.hold(command);
  }

  /** Sends a command on the live connection or not at all. */
  submitNow(command: Command): void {
    if (!this.ticking) this.startTicking();
    if (this.status === 'ready') this.connection!.send(command);
    else
      this.refuse(
        command,
        'DISCONNECTED',
        this.status === 'closed'
          ? 'the client is closed'
          : `there is no connection to Redis at ${this.address}`,
      );
  }

  private hold(command: Command): void {
    switch (this.status) {
      case 'closing':
      case 'closed':
        this.refuse(command, 'CLOSED', 'the client is closed.');
        return;
      case 'idle':
        if (this.established && this.options.reconnect === false) {
          this.refuse(
            command,
            'DISCONNECTED',
            `the connection to Redis at ${this.address} was lost and \`reconnect\` is false. Call connect() to open a new one.`,
          );
          return;
        }
        break;
      case 'ready':
        this.waiting.push(command);
        return;
    }
    if (this.waiting.length >= this.options.queueSize) {
      this.refuse(
        command,
        'QUEUE_FULL',
        `not connected to Redis at ${this.address}, and ${this.options.queueSize} commands wait already (\`queueSize\`).`,
      );
      return;
    }
    this.waiting.push(command);
    if (this.status === 'idle') this.startAttempt();
  }

  private refuse(command: Command, code: 'QUEUE_FULL' | 'DISCONNECTED' | 'CLOSED', why: string): void {
    const { name } = command.spec;
    const cause = code === 'CLOSED' ? undefined : this.lastError;
    command.fail(
      () => new RedisDisconnectedError(code, `${name} was not sent: ${why}`, { command: name, cause }),
    );
  }

  private pump(): void {
    const { connection, waiting } = this;
    if (connection === null || !this.prepared) return;
    while (waiting.length > 0 && connection.hasRoom) {
      const command = waiting.shift()!;
      if (!command.settled) connection.send(command);
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
    return new Promise((resolve, reject) => {
      this.waiters.push({
        resolve,
        reject,
        deadline:
          deadline === undefined ? 0 : deadline === Infinity ? Infinity : clock.now + ticksFor(deadline),
        timeout: deadline ?? 0,
      });
      if (!this.ticking) this.startTicking();
      if (this.status === 'idle') this.startAttempt();
      else if (this.reconnectTimer !== undefined) {
        clearTimeout(this.reconnectTimer);
        this.startAttempt();
      }
    });
  }

  private startAttempt(): void {
    this.reconnectTimer = undefined;
    if (this.status !== 'closing') this.status = this.established ? 'reconnecting' : 'connecting';
    if (!this.ticking) this.startTicking();
    this.connectDeadline = deadlineAfter(this.options.connectTimeout);
    this.prepared = false;
    this.connection = new Connection(this, this.options, this.options);
  }

  onConnect(connection: Connection): void {
    this.hooks.emit('connect');
    this.prepare(connection).then(
      () => this.onReady(connection),
      (error: unknown) => {
        // a connection that ended by itself has reported already
        if (this.connection === connection) this.abandonAttempt(connection, error);
      },
    );
  }

  private async prepare(connection: Connection): Promise<void> {
    const credentials = await this.askCredentials();
    const protocol = await handshake(connection, this.options, credentials);
    await this.hooks.restore?.(connection, protocol);
  }

  private async askCredentials(): Promise<RedisCredentials> {
    let cause: unknown;
    try {
      const credentials = await this.options.credentials();
      if (typeof credentials === 'object' && credentials !== null) return credentials;
    } catch (error) {
      cause = error;
    }
    const message =
      'Redis option `credentials` must give (a promise of) { username?, password? }; it did not.';
    throw new RedisConnectionError('connect_failed', message, { cause, code: 'CREDENTIALS' });
  }

  private onReady(connection: Connection): void {
    if (this.connection !== connection) return;
    this.prepared = true;
    this.attempt = 0;
    this.connectDeadline = 0;
    this.established = true;
    this.lastError = undefined;
    if (this.status !== 'closing') this.status = 'ready';
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
    this.pump();
    this.hooks.emit('ready');
  }

  private abandonAttempt(connection: Connection, cause: unknown): void {
    this.connection = null;
    connection.destroy('closed', 'The connection was given up during its handshake.');
    this.onAttemptFailed(explainConnectError(cause, connection.name));
  }

  private onAttemptFailed(error: RedisError): void {
    this.connectDeadline = 0;
    this.lastError = error;
    this.attempt++;
    if (this.status === 'closing') {
      this.finishClose();
      return;
    }
    const { reconnect } = this.options;
    const fatal = isFatalConnectError(error);
    const exhausted = reconnect === false || this.attempt >= reconnect.maxAttempts;
    const givenUp = this.waiters.filter(({ deadline }) => fatal || exhausted || deadline === 0);
    this.waiters = this.waiters.filter((waiter) => !givenUp.includes(waiter));
    for (const waiter of givenUp) waiter.reject(error);
    if (fatal || exhausted) this.failWaiting(error);
    this.hooks.emit('error', error);
    // a listener may have closed the client
    if (this.status !== 'connecting' && this.status !== 'reconnecting') return;
    if (exhausted) this.rest();
    else this.scheduleAttempt();
  }

  private scheduleAttempt(): void {
    const { reconnect } = this.options;
    if (reconnect === false || !this.isWanted()) {
      this.rest();
      return;
    }
    const attempt = Math.max(this.attempt, 1);
    const delay = reconnectDelay(attempt, reconnect);
    this.reconnectTimer = setTimeout(() => {
      if (this.isWanted()) this.startAttempt();
      else this.rest();
    }, delay);
    this.hooks.emit('reconnecting', { attempt, delay });
  }

  /** Somebody waits for a connection, or one stood and is kept up. */
  private isWanted(): boolean {
    return this.established || this.waiting.length > 0 || this.delayed.length > 0 || this.waiters.length > 0;
  }

  private rest(): void {
    clearTimeout(this.reconnectTimer);
    this.reconnectTimer = undefined;
    this.attempt = 0;
    this.status = 'idle';
  }

  // ── the connection's reports ─────────────────────────────────────────────────────────────────────────────────────

  onRoom(connection: Connection): void {
    if (connection === this.connection && (this.waiting.length > 0 || this.status === 'closing')) this.pump();
  }

  onPush(connection: Connection, items: Reply[]): void {
    this.hooks.onPush?.(connection, items);
  }

  isPush(reply: Reply): boolean {
    return this.hooks.isPush?.(reply) ?? false;
  }

  wantsPushBuffers(): boolean {
    return this.hooks.wantsPushBuffers?.() ?? false;
  }

  onCommandError(command: Command, error: RedisError): boolean {
    const delay = this.delayBeforeRetry(command, error);
    if (delay === false) return false;
    this.delayed.push({ command, until: clock.now + ticksFor(delay) });
    return true;
  }

  onClosed(
    connection: Connection,
    reason: DisconnectReason,
    error: RedisError,
    sent: Command[],
    unsent: Command[],
  ): void {
    if (connection !== this.connection) {
      for (const command of sent) failLost(command, error, connection.name);
      for (const command of unsent) this.refuse(command, 'CLOSED', 'the client was closed first.');
      return;
    }
    this.connection = null;
    if (!this.prepared) {
      for (const command of [...sent, ...unsent]) failLost(command, error, connection.name);
      this.onAttemptFailed(this.explain(error, connection));
      return;
    }
    this.giveBack(connection, error, sent, unsent);
    if (this.status === 'closing') {
      this.finishClose();
      return;
    }
    this.lastError = error;
    this.status = 'reconnecting';
    if (this.options.reconnect === false) {
      this.rest();
      this.failWaiting(error);
    }
    this.hooks.emit('disconnect', { reason, error });
    if (this.status === 'reconnecting') this.scheduleAttempt();
  }

  /** Why an attempt came to nothing, in words for the one who set it up. */
  private explain(error: RedisError, connection: Connection): RedisError {
    if (!(error instanceof RedisConnectionError)) return explainConnectError(error, connection.name);
    if (error.cause !== undefined) return explainConnectError(error.cause, connection.name);
    const advice = 'does the server expect TLS (`rediss://`), or does a proxy stand between?';
    return new RedisConnectionError('connect_failed', `${error.message} It was not ready yet: ${advice}`);
  }

  /** Sorts what a lost connection held: what never left waits again, in its place; of the rest, what may be sent twice. */
  private giveBack(connection: Connection, error: RedisError, sent: Command[], unsent: Command[]): void {
    const again: Command[] = [];
    for (const command of sent) {
      if (command.settled) continue;
      if (this.status !== 'closing' && this.delayBeforeRetry(command, error) !== false) again.push(command);
      else failLost(command, error, connection.name);
    }
    for (const command of unsent) if (!command.settled) again.push(command);
    for (const command of again.toReversed()) this.waiting.unshift(command);
  }

  private delayBeforeRetry(command: Command, error: RedisError): number | false {
    const context = (command.context ??= new CommandContext());
    const rule = context.retry ?? this.options.retry;
    const subject = { name: command.spec.name, idempotent: command.isIdempotent };
    return retryDelay(rule, ++context.attempts, error, subject);
  }

  private failWaiting(cause: RedisError): void {
    const delayed = this.delayed.splice(0).map(({ command }) => command);
    for (const command of [...this.waiting.drain(), ...delayed]) {
      const { name } = command.spec;
      command.fail(
        () =>
          new RedisConnectionError('connect_failed', `${name} was not sent: ${cause.message}`, {
            command: name,
            cause,
            code: cause.code,
          }),
      );
    }
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private startTicking(): void {
    this.ticking = true;
    clock.join(this);
  }

  onTick(now: number): boolean {
    if (this.connectDeadline !== 0 && now > this.connectDeadline) this.onConnectTimeout();
    else if (this.status === 'ready' || this.status === 'closing') this.connection?.onTick(now);
    this.expireWaiting(now);
    this.releaseDelayed(now);
    this.expireWaiters(now);
    if (this.reconnectTimer !== undefined && !this.isWanted()) this.rest();
    if (this.status === 'closing') {
      if (now > this.closeDeadline) this.finishClose();
      else this.pump();
    }
    this.ticking =
      this.inFlight > 0 ||
      this.queued > 0 ||
      this.waiters.length > 0 ||
      this.connectDeadline !== 0 ||
      this.status === 'closing';
    return this.ticking;
  }

  private onConnectTimeout(): void {
    const { connection, options } = this;
    const message = `Redis at ${this.address} was not ready within ${options.connectTimeout} ms (\`connectTimeout\`). ${this.waitedFor(connection!)}`;
    this.abandonAttempt(connection!, new RedisTimeoutError('connect', message));
  }

  private waitedFor(connection: Connection): string {
    if (connection.writable) return 'It took the connection and did not answer: is it stalled?';
    if (this.options.tls !== undefined) return 'TLS was not set up: does the server speak TLS on that port?';
    return 'No connection was set up: does a firewall drop the packets?';
  }

  private expireWaiting(now: number): void {
    let expired = 0;
    for (let index = 0; index < this.waiting.length; index++) {
      const command = this.waiting.at(index);
      if (command.settled) expired++;
      else if (command.deadline !== 0 && now > command.deadline) {
        expired++;
        this.expireUnsent(command);
      }
    }
    if (expired > 0) {
      const alive = this.waiting.drain().filter(({ settled }) => !settled);
      for (const command of alive) this.waiting.push(command);
    }
  }

  private releaseDelayed(now: number): void {
    if (this.delayed.length === 0) return;
    const due = this.delayed.filter(
      ({ command, until }) => until < now || (command.deadline !== 0 && now > command.deadline),
    );
    if (due.length === 0) return;
    this.delayed = this.delayed.filter((entry) => !due.includes(entry));
    for (const { command } of due) {
      if (command.deadline !== 0 && now > command.deadline) this.expireUnsent(command);
      else if (!command.settled) this.submit(command);
    }
  }

  private expireUnsent(command: Command): void {
    const cause = this.lastError;
    const why =
      cause === undefined
        ? this.status === 'ready'
          ? 'the connection had no room for it'
          : `not yet connected to Redis at ${this.address}`
        : cause.message;
    expire(command, `it was never sent: ${why}`, cause);
  }

  private expireWaiters(now: number): void {
    for (const waiter of this.waiters.filter(({ deadline }) => deadline !== 0 && now > deadline)) {
      this.waiters = this.waiters.filter((other) => other !== waiter);
      const cause = this.lastError;
      const message = `Redis at ${this.address} could not be reached within ${waiter.timeout} ms${cause === undefined ? '.' : `: ${cause.message}`}`;
      waiter.reject(
        cause === undefined
          ? new RedisTimeoutError('connect', message)
          : new RedisConnectionError('connect_failed', message, { cause, code: cause.code }),
      );
    }
  }

  // ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets what was issued finish, then ends; whatever is left after `timeout` ms fails. Always settles. */
  close(timeout = DEFAULT_CLOSE_TIMEOUT): Promise<void> {
    if (this.closed !== undefined) return this.closed;
    const { status } = this;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.status = 'closing';
    // while a pause between attempts runs, nothing is on its way: no reason to make a shutdown wait
    if (status === 'idle' || this.reconnectTimer !== undefined || (!this.prepared && this.queued === 0))
      this.finishClose();
    else {
      this.closeDeadline = clock.now + ticksFor(timeout);
      if (!this.ticking) this.startTicking();
      this.pump();
    }
    return this.closed;
  }

  /** Ends now. */
  destroy(): void {
    this.closed ??= Promise.resolve();
    if (this.status !== 'closed') this.finishClose();
  }

  private finishCloseWhenDrained(): void {
    if (this.waiting.length === 0 && this.delayed.length === 0 && this.connection?.hasPending !== true)
      this.finishClose();
  }

  private finishClose(): void {
    const { connection } = this;
    const error = new RedisDisconnectedError('CLOSED', 'The client was closed.');
    this.status = 'closed';
    clearTimeout(this.reconnectTimer);
    this.reconnectTimer = undefined;
    this.connectDeadline = 0;
    this.connection = null;
    clock.leave(this);
    this.ticking = false;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
    for (const command of [
      ...this.waiting.drain(),
      ...this.delayed.splice(0).map(({ command }) => command),
    ]) {
      this.refuse(command, 'CLOSED', 'the client was closed first.');
    }
    connection?.destroy('closed', 'The client was closed.');
    if (this.established && connection !== null) this.hooks.emit('disconnect', { reason: 'closed', error });
    this.resolveClosed?.();
  }
}

function failLost(command: Command, cause: RedisError, address: string): void {
  const { name } = command.spec;
  const reason =
    cause instanceof RedisConnectionError
      ? cause.reason
      : cause instanceof RedisTimeoutError
        ? 'timeout'
        : 'protocol_error';
  command.fail(
    () =>
      new RedisConnectionError(
        reason,
        `${name}: the connection to Redis at ${address} ended before the reply. The command may have taken effect; it was not sent again.`,
        { command: name, cause },
      ),
  );
}
