import type { RedisModuleOptions } from './interfaces/index.js';
import { RedisConnection } from './redis-connection.js';
import { untilShutdownSignal } from './shutdown-signals.js';
import { startTelemetry } from './telemetry/start-telemetry.js';
import { unknownConnection } from './unknown-connection.js';

/** The connections of one application, by name. */
export class RedisConnections implements Iterable<RedisConnection> {
  private readonly connections = new Map<string, RedisConnection>();
  private readonly openings = new Map<RedisConnection, Promise<void>>();
  private opened: boolean;
  private booted: boolean;
  private closed = false;

  /** @param late made when the application had booted already: nobody will call {@link open} and {@link keepProcess}. */
  constructor(late = false) {
    this.opened = late;
    this.booted = late;
  }

  /**
   * Takes up a connection; the one that is there already, where it is registered again with the same options.
   *
   * @throws {TypeError} for wrong options. @throws {Error} for options other than those of the first registration.
   */
  register(name: string, options: RedisModuleOptions): RedisConnection {
    const existing = this.connections.get(name);
    if (existing !== undefined) {
      existing.assertSame(options);
      return existing;
    }
    const connection = new RedisConnection(name, options);
    this.connections.set(name, connection);
    if (this.booted) connection.keepProcess();
    return connection;
  }

  /** @throws {Error} naming the connections that exist, where this one does not. */
  get(name: string, asker: string): RedisConnection {
    const connection = this.connections.get(name);
    if (connection === undefined) throw unknownConnection(name, [...this.connections.keys()], asker);
    return connection;
  }

  [Symbol.iterator](): Iterator<RedisConnection> {
    return this.connections.values();
  }

  /**
   * Opens every connection as its policy says, all at once.
   *
   * @throws the first failure. By then nothing is open any longer, so that the process can exit. The same where the process is
   *   asked to end meanwhile: Nest's shutdown waits for the boot, which may wait for a server that never comes.
   */
  async open(): Promise<void> {
    this.opened = true;
    let signal: NodeJS.Signals | undefined;
    try {
      await startTelemetry(this);
      await untilShutdownSignal(
        () => this.openAll(),
        (received) => {
          signal = received;
          this.destroy();
        },
      );
    } catch (error) {
      this.destroy();
      if (signal === undefined) throw error;
      throw new Error(`The boot was given up: ${signal} came while it waited for Redis.`, { cause: error });
    }
  }

  private async openAll(): Promise<void> {
    for (const connection of this) this.openings.set(connection, connection.open());
    await Promise.all(this.openings.values());
  }

  /**
   * Opens a connection that was registered after the others were opened, by a module that is loaded lazily: Nest runs no hooks
   * there. Before that moment it does nothing.
   *
   * @throws what the connection's opening throws; it is forgotten then, so that the module can be loaded again. {Error} where the
   *   application has closed: nobody would close it.
   */
  async openLate(connection: RedisConnection): Promise<void> {
    if (!this.opened) return;
    let opening = this.openings.get(connection);
    if (opening === undefined) {
      opening = this.openOne(connection);
      this.openings.set(connection, opening);
    }
    try {
      await opening;
    } catch (error) {
      connection.destroy();
      this.connections.delete(connection.name);
      throw error;
    }
  }

  private async openOne(connection: RedisConnection): Promise<void> {
    await startTelemetry([connection]);
    if (this.closed)
      throw new Error(
        `The Redis connection "${connection.name}" is not opened: its module was loaded after the application had closed.`,
      );
    await connection.open(true);
  }

  /** The application has booted: from now on open connections keep the process alive. */
  keepProcess(): void {
    this.booted = true;
    for (const connection of this) connection.keepProcess();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this].map((connection) => connection.close()));
  }

  destroy(): void {
    for (const connection of this) connection.destroy();
  }
}
