import { Injectable } from '@nestjs/common';
import type { RedisModuleOptions } from './interfaces/index.js';
import { RedisConnection } from './redis-connection.js';
import { unknownConnection } from './unknown-connection.js';

/** The connections of one application, by name. */
@Injectable()
export class RedisConnections implements Iterable<RedisConnection> {
  private readonly connections = new Map<string, RedisConnection>();
  private booted = false;

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
   * @throws the first failure. By then nothing is open any longer, so that the process can exit.
   */
  async open(): Promise<void> {
    try {
      await Promise.all([...this].map((connection) => connection.open()));
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** The application has booted: from now on open connections keep the process alive. */
  keepProcess(): void {
    this.booted = true;
    for (const connection of this) connection.keepProcess();
  }

  async close(): Promise<void> {
    await Promise.all([...this].map((connection) => connection.close()));
  }

  destroy(): void {
    for (const connection of this) connection.destroy();
  }
}
