import type { RedisClientOptions } from '../core/index.js';
import type { RedisConnectPolicy } from './redis-connect-policy.type.js';
import type { RedisDebugFunction } from './redis-debug-summary.interface.js';
import type { RedisHandlerErrorContext } from './redis-handler-error-context.type.js';
import type { RedisModulePoolOptions } from './redis-module-pool-options.interface.js';
import type { RedisTelemetryOptions } from './redis-telemetry-options.interface.js';

/** Options of one connection: the client's own, and what the module does with it. All times are ms. */
export interface RedisModuleOptions extends RedisClientOptions {
  /**
   * Settings of the connection's pool. The pool can be injected without them; given, its `min` connections are opened
   * when the connection is.
   */
  pool?: RedisModulePoolOptions | undefined;
  /** When the connection is opened. Default `'eager'`. */
  connect?: RedisConnectPolicy | undefined;
  /** How long `connect: 'eager'` tries before the boot fails; `Infinity` waits for ever. Default 10_000. */
  connectDeadline?: number | undefined;
  /** How long, at shutdown, running handlers and then unanswered commands may take in all. Default 5_000. */
  shutdownTimeout?: number | undefined;
  /** Spans and metrics. Default: none. */
  telemetry?: RedisTelemetryOptions | undefined;
  /**
   * Logs every command, every reply and what befalls the connection: `true` by Nest's Logger, at level `debug`; a function gets
   * each line instead. Names, kinds and sizes, never a key, a value or a secret. Default false.
   */
  debug?: boolean | RedisDebugFunction | undefined;
  /**
   * Called for every message and every delivery of an entry whose handling failed, after it was logged. What it throws is
   * logged and goes no further.
   */
  onHandlerError?: ((error: unknown, context: RedisHandlerErrorContext) => void | Promise<void>) | undefined;
  /**
   * Run the application's global guards, pipes, interceptors and filters for handlers of messages and streams also. Default false: most
   * are written for HTTP requests.
   */
  globalEnhancers?: boolean | undefined;
  /**
   * `RedisPublisher` sends messages in an envelope with id, time and trace context, and handlers open it: CloudEvents 1.0
   * as JSON. What comes without one is taken as it is. Default false.
   */
  envelope?: boolean | undefined;
}
