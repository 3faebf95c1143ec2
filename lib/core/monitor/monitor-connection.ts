import { MONITOR, PING } from '../commands/commands.generated.js';
import { Command } from '../connection/command.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionWatch } from '../observation/connection-watch.js';
import { RedisServerError, type RedisError } from '../errors.js';
import { ListeningConnection, type ListeningHooks } from '../feed/listening-connection.js';
import type { Reply } from '../protocol/reply.js';
import type { Destination } from '../connection/route.js';
import { isPassing } from '../retry.js';
import { Monitor } from './monitor.js';
import type { MonitorOptions } from './monitored-command.js';
import { parseMonitorLine } from './parse-monitor-line.js';

/** A monitor and the connection that its commands come by, which lives as long as it does. */
export class MonitorConnection<Data extends string | Buffer> {
  readonly monitor: Monitor<Data>;
  private readonly connection: ListeningConnection;
  private readonly buffers: boolean;
  /** The server has confirmed it once: it is made anew on a fresh connection. */
  private active = false;
  /** Tells our own PINGs among what is shown. */
  private readonly pingText = `nestjs-redwire:${process.getBuiltinModule('node:crypto').randomUUID()}`;

  /**
   * @param onError hears of each attempt to connect that failed.
   * @param onEnd called when it has ended.
   */
  constructor(
    destination: Destination,
    given: MonitorOptions,
    watch: ConnectionWatch,
    onError: (error: RedisError) => void,
    private readonly onEnd: () => void,
  ) {
    this.buffers = given.buffers === true;
    this.monitor = new Monitor<Data>(given, () => this.destroy());
    const hooks: ListeningHooks = {
      onError,
      onGivenUp: (error) => this.fail(error),
      onResumed: (gap) => {
        if (this.active) this.monitor.notifyResumed(gap);
      },
      restore: (connection) => this.restore(connection),
      takeMessage: (_, reply) => this.takeLine(reply),
      // text would be checked for UTF-8 that the server has escaped
      wantsPushBuffers: () => true,
      ping: () => new Command(PING, [this.pingText], false),
    };
    this.connection = new ListeningConnection(destination, hooks, watch);
  }

  setRef(keepsProcess: boolean): void {
    this.connection.setRef(keepsProcess);
  }

  /** Connects; resolves when the server has confirmed that it shows its commands. */
  async start(): Promise<void> {
    await this.connection.send(new Command(MONITOR, [], false));
    this.active = true;
  }

  /** Ends now: there is nothing to drain but what others sent. */
  destroy(): void {
    this.monitor.end();
    this.onEnd();
    this.connection.destroy();
  }

  private fail(error: RedisError): void {
    this.monitor.fail(error);
    this.destroy();
  }

  private async restore(connection: Connection): Promise<void> {
    connection.subscriberMode = true;
    connection.allowLongLines();
    if (!this.active) return;
    try {
      await connection.request(new Command(MONITOR, [], false));
    } catch (error) {
      // what passes is no verdict: the connection is made once more
      if (!(error instanceof RedisServerError) || isPassing(error)) throw error;
      this.fail(error);
    }
  }

  private takeLine(reply: Reply): boolean {
    const shown = Buffer.isBuffer(reply) ? parseMonitorLine<Data>(reply, this.buffers) : undefined;
    if (shown === undefined) return false;
    if (shown.command !== 'PING' || String(shown.args[0]) !== this.pingText) this.monitor.deliver(shown);
    return true;
  }
}
