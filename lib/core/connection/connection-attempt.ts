import { CLIENT_SETINFO } from '../commands/commands.generated.js';
import { RedisConnectionError, RedisServerError, RedisTimeoutError, type RedisError } from '../errors.js';
import type { RedisCredentials } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { deadlineAfter } from './coarse-clock.js';
import { explainConnectError } from './connect-error.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { ConnectionHooks } from './connection-hooks.js';
import { handshake } from './handshake.js';
import { formatAddress, type Address } from './open-socket.js';
import type { PendingCommand } from './pending-command.js';
import type { Route } from './route.js';
import { serverError } from './server-error.js';

/** A connection while it is being made: socket, TLS, credentials, handshake, and why it came to nothing. */
export class ConnectionAttempt {
  readonly connection: Connection;
  /** Tick after which it has taken too long; 0 is never. */
  private readonly deadline: number;
  /** What the server said against the connection. */
  private refusal: RedisError | undefined;

  /**
   * Opens the socket.
   *
   * @param owner hears of the connection, during the attempt and afterwards.
   * @throws {RedisConnectionError} where not even that is possible, and never will be.
   */
  constructor(
    owner: ConnectionOwner,
    private readonly options: ResolvedOptions,
    address: Address,
  ) {
    this.deadline = deadlineAfter(options.connectTimeout);
    try {
      this.connection = new Connection(owner, address, options);
    } catch (cause) {
      // certificates and keys are read only here, and what is wrong with them stays wrong
      const message = `Could not open a connection to Redis at ${formatAddress(address)}: ${(cause as Error).message}. Check the \`tls\` options.`;
      throw new RedisConnectionError('connect_failed', message, { cause });
    }
  }

  /**
   * Makes the connection ready, once its socket stands.
   *
   * @throws {RedisError} why it is not ready.
   */
  async prepare(route: Route, hooks: Pick<ConnectionHooks, 'restore'>): Promise<void> {
    const { connection } = this;
    try {
      const credentials = await this.askCredentials();
      const { protocol, clientId } = await handshake(connection, this.options, credentials);
      connection.clientId = clientId;
      connection.protocol = protocol;
      await route.prepare?.(connection);
      await hooks.restore?.(connection, protocol);
    } catch (cause) {
      throw explainConnectError(cause, connection.name);
    }
  }

  /** A server that refuses a connection may say why and close at once: what it said tells more than the close. */
  noteRefusal({ spec }: PendingCommand, message: string): void {
    const error = serverError(message, spec.name);
    if (spec === CLIENT_SETINFO || error.code === 'NOPROTO' || /unknown command/i.test(error.message)) return;
    this.refusal ??= error;
  }

  /** Somebody must look at the clock for it. */
  get hasDeadline(): boolean {
    return this.deadline !== 0;
  }

  isOverdue(now: number): boolean {
    return this.deadline !== 0 && now > this.deadline;
  }

  /** Why it came to nothing when the connection ended by itself, in words for the one who set it up. */
  explainEnd(error: RedisError): RedisError {
    const { name } = this.connection;
    const refusal = this.refusal ?? (error.cause instanceof RedisServerError ? error.cause : undefined);
    if (refusal !== undefined) return explainConnectError(refusal, name);
    if (!(error instanceof RedisConnectionError)) return explainConnectError(error, name);
    if (error.cause !== undefined) return explainConnectError(error.cause, name);
    const advice = 'does the server expect TLS (`rediss://`), or does a proxy stand between?';
    return new RedisConnectionError('connect_failed', `${error.message} It was not ready yet: ${advice}`);
  }

  /** The same when it has taken too long. */
  explainTimeout(): RedisError {
    const message = `Redis at ${this.connection.name} was not ready within ${this.options.connectTimeout} ms (\`connectTimeout\`). ${this.waitsFor}`;
    return new RedisTimeoutError('connect', message);
  }

  /** What is missing so far, as a sentence. */
  get waitsFor(): string {
    if (this.connection.writable) return 'It took the connection and did not answer: is it stalled?';
    if (this.options.tls !== undefined) return 'TLS was not set up: does the server speak TLS on that port?';
    return 'No connection was set up: does a firewall drop the packets?';
  }

  private async askCredentials(): Promise<RedisCredentials> {
    let credentials: unknown;
    try {
      credentials = await this.options.credentials();
    } catch (cause) {
      const message = 'Redis option `credentials` threw: see the cause.';
      throw new RedisConnectionError('connect_failed', message, { cause, code: 'CREDENTIALS' });
    }
    if (isCredentials(credentials)) return credentials;
    const message =
      'Redis option `credentials` must give (a promise of) { username?, password? }, both text, and no user name without a password; it did not.';
    throw new RedisConnectionError('connect_failed', message, { code: 'CREDENTIALS' });
  }
}

/** A user name alone would be left out of the handshake, and the connection be another user's. */
function isCredentials(value: unknown): value is RedisCredentials {
  if (typeof value !== 'object' || value === null) return false;
  const { username, password } = value as Record<string, unknown>;
  if (username !== undefined && password === undefined) return false;
  return [username, password].every((part) => part === undefined || typeof part === 'string');
}
