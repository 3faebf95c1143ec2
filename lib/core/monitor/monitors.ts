import { unlessAborted } from '../abort-signals.js';
import type { ConnectionObservers } from '../observation/connection-observers.js';
import { ConnectionWatch } from '../observation/connection-watch.js';
import type { RedisError } from '../errors.js';
import type { Destination } from '../connection/route.js';
import { MonitorConnection } from './monitor-connection.js';
import type { Monitor } from './monitor.js';
import type { MonitorOptions } from './monitored-command.js';

/** What the client does with a connection, whatever its data are. */
type Running = Pick<MonitorConnection<string>, 'destroy' | 'setRef'>;

/** The monitors of a client, each on a connection of its own. */
export class Monitors {
  private readonly running = new Set<Running>();
  private keepsProcess = true;

  /** @param hooks hear what befalls the monitors' connections. */
  constructor(
    private readonly destination: Destination,
    private readonly hooks: { onError(error: RedisError): void },
    private readonly observers: ConnectionObservers,
  ) {}

  /** Opens one; the promise settles when the server has confirmed it. */
  async open<Data extends string | Buffer>(options: MonitorOptions): Promise<Monitor<Data>> {
    const { running, hooks } = this;
    const opened: MonitorConnection<Data> = new MonitorConnection<Data>(
      this.destination,
      options,
      new ConnectionWatch(this.observers, 'monitor'),
      (error) => hooks.onError(error),
      () => running.delete(opened),
    );
    running.add(opened);
    opened.setRef(this.keepsProcess);
    try {
      await unlessAborted(opened.start(), options.signal, 'The monitor');
    } catch (error) {
      opened.destroy();
      throw error;
    }
    return opened.monitor;
  }

  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    for (const monitor of this.running) monitor.setRef(keepsProcess);
  }

  destroy(): void {
    for (const monitor of this.running) monitor.destroy();
  }
}
