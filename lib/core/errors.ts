/**
 * The client's errors. Every one has a stable `code`, keeps its `cause`, and is recognised by `instanceof` also when
 * it comes from another copy of this package (two versions in one `node_modules` tree, a Jest module registry …).
 */

const BRAND = Symbol.for('nestjs-redwire.error');

interface Branded {
  readonly [BRAND]?: readonly string[];
}

/** Options common to all errors of this package. */
export interface RedisErrorOptions {
  /** What led to this error. */
  cause?: unknown;
  /** The command that failed, without its arguments: `GET`, `CONFIG SET`. */
  command?: string | undefined;
}

/** Root of every error that this package throws, other than the `TypeError` of a wrong argument or option. */
export class RedisError extends Error {
  /** Stable, for programs: `'WRONGTYPE'`, `'CONNECTION_LOST'`, `'TIMEOUT'` … */
  readonly code: string;
  /** The command that failed, without its arguments; undefined where no single command is concerned. */
  readonly command: string | undefined;

  constructor(code: string, message: string, options: RedisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.command = options.command;
  }

  /**
   * Two copies of the package have two classes of one name: membership goes by the names that an error's class
   * chain carries under a registered symbol, not by identity.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const name = brands.get(this);
    // a user's own subclass has no registered name: its prototype tells
    if (name === undefined) return Object.prototype.isPrototypeOf.call(this.prototype, value);
    return (value as Branded)[BRAND]?.includes(name) ?? false;
  }
}

const brands = new WeakMap<object, string>();

/** Registers an error class by name; for every class of this package that extends {@link RedisError}. */
export function brand(
  errorClass: { readonly prototype: RedisError; readonly name: string },
  name: string,
): void {
  const parent = Object.getPrototypeOf(errorClass.prototype) as Branded;
  const names = [...(parent[BRAND] ?? []), name];
  brands.set(errorClass, name);
  Object.defineProperty(errorClass.prototype, BRAND, { value: names });
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** Our side or the wire: nothing that the server said about a command. */
export class RedisClientError extends RedisError {}

/** Why a connection ended; also the payload of the client's `disconnect` event. */
export type DisconnectReason = 'connection_lost' | 'timeout' | 'server_closed' | 'protocol_error' | 'closed';

/** Could not connect (`CONNECT_FAILED`), or a connection ended with the command on its way (`CONNECTION_LOST`). */
export class RedisConnectionError extends RedisClientError {
  readonly reason: DisconnectReason | 'connect_failed';

  constructor(
    reason: DisconnectReason | 'connect_failed',
    message: string,
    options: RedisErrorOptions & { code?: string | undefined } = {},
  ) {
    super(
      options.code ?? (reason === 'connect_failed' ? 'CONNECT_FAILED' : 'CONNECTION_LOST'),
      message,
      options,
    );
    this.reason = reason;
  }
}

/** Which clock ran out. */
export type TimeoutKind = 'connect' | 'command' | 'socket' | 'blocking' | 'pool';

/** A deadline passed (`TIMEOUT`). A command that had been sent may still have taken effect on the server. */
export class RedisTimeoutError extends RedisClientError {
  readonly kind: TimeoutKind;

  constructor(kind: TimeoutKind, message: string, options: RedisErrorOptions = {}) {
    super('TIMEOUT', message, options);
    this.kind = kind;
  }
}

/**
 * The server's bytes were malformed or not what the protocol allows there, and the connection was dropped; or a reply was
 * not of the shape that its command answers with, which ends that command only (`PROTOCOL`).
 */
export class RedisProtocolError extends RedisClientError {
  constructor(message: string, options: RedisErrorOptions = {}) {
    super('PROTOCOL', message, options);
  }
}

/** Issued while disconnected and the queue is full (`QUEUE_FULL`), reconnecting is off (`DISCONNECTED`), or after close (`CLOSED`). */
export class RedisDisconnectedError extends RedisClientError {
  constructor(
    code: 'QUEUE_FULL' | 'DISCONNECTED' | 'CLOSED',
    message: string,
    options: RedisErrorOptions = {},
  ) {
    super(code, message, options);
  }
}

/** The caller's `AbortSignal` fired (`ABORTED`); its reason is the `cause`. */
export class RedisAbortError extends RedisClientError {
  constructor(message: string, options: RedisErrorOptions = {}) {
    super('ABORTED', message, options);
  }
}

/**
 * The server refused a command. `code` is the first word of its answer (`WRONGTYPE`, `NOSCRIPT`, `READONLY`, `ERR` …).
 * The message is the server's own, then the command's name; never its arguments.
 */
export class RedisServerError extends RedisError {
  constructor(message: string, options: RedisErrorOptions = {}) {
    const space = message.indexOf(' ');
    const word = space === -1 ? message : message.slice(0, space);
    // a code goes into metrics and spans: scripts can make up words of any length
    super(/^[A-Z][A-Z0-9_]{0,63}$/.test(word) ? word : 'ERR', message, options);
  }
}

brand(RedisError, 'RedisError');
brand(RedisClientError, 'RedisClientError');
brand(RedisConnectionError, 'RedisConnectionError');
brand(RedisTimeoutError, 'RedisTimeoutError');
brand(RedisProtocolError, 'RedisProtocolError');
brand(RedisDisconnectedError, 'RedisDisconnectedError');
brand(RedisAbortError, 'RedisAbortError');
brand(RedisServerError, 'RedisServerError');
