import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { forgetFailure } from '../core/forget-failure.js';
import type {
  CommandEvent,
  CommandInfo,
  CommandObserver,
  ConnectionInfo,
  ConnectionObserver,
  RedisClient,
} from '../core/index.js';
import type {
  RedisDebugDirection,
  RedisDebugFunction,
  RedisDebugSummary,
} from '../interfaces/redis-debug-summary.interface.js';
import { errorAttributes } from './semantic-conventions.js';

const ARROWS: Record<RedisDebugDirection, string> = { command: '→', reply: '←', event: '·' };

/** A command under way. */
interface LoggedCommand {
  readonly name: string;
  /** Where it goes, where there are several. */
  readonly node: string | undefined;
  /** ms, by the clock of `performance.now()`. */
  readonly started: number;
  /** Its caller's async context, in which a logger finds the request that it belongs to. */
  readonly caller: AsyncResource;
}

type LogEvent = (text: string, details?: Details) => void;

type Details = Partial<Omit<RedisDebugSummary, 'connection' | 'text'>>;

/** Tells what a connection does, line by line: to Nest's logger, or to a function of the user's own. */
export class DebugLog implements CommandObserver<LoggedCommand | undefined> {
  readonly wantsReplyKind = true;
  private readonly tell: RedisDebugFunction;
  /** Nobody's context: that of who happened to open a connection has nothing to do with what befalls it. */
  private readonly nobody = new AsyncResource('RedisDebugLog');
  /** A line is being told: what its teller sends through Redis would be told for ever. */
  private telling = false;

  /**
   * @param connection its name.
   * @param hasNodes it leads to several servers, or to one after another.
   */
  constructor(
    private readonly connection: string,
    debug: true | RedisDebugFunction,
    private readonly hasNodes = false,
  ) {
    this.tell = debug === true ? logByNest() : debug;
  }

  /** Logs what befalls the client's connection from now on. */
  watch(client: RedisClient): void {
    const log: LogEvent = (text, details) =>
      this.nobody.runInAsyncScope(() => this.log('event', text, details));
    if (this.hasNodes) client.observeConnections(this.nodeWatch(log));
    else this.watchServer(client, log);
  }

  private watchServer(client: RedisClient, log: LogEvent): void {
    client.on('connect', () => log('connected'));
    client.on('ready', () => log('ready'));
    client.on('disconnect', ({ reason, error }) => log(`disconnected (${reason})`, { error: codeOf(error) }));
    client.on('reconnecting', ({ attempt, delay }) =>
      log(`reconnecting (attempt ${attempt}, in ${Math.round(delay)} ms)`),
    );
    client.on('error', (error) => log(`could not connect: error ${codeOf(error)}`, { error: codeOf(error) }));
  }

  /** Of several servers each is told of by its address. */
  private nodeWatch(log: LogEvent): ConnectionObserver {
    return {
      opened: (info) => log(`${whichOf(info)}: ready`, { node: addressOf(info) }),
      failed: (info, error) =>
        log(`${whichOf(info)}: could not connect: error ${codeOf(error)}`, {
          node: addressOf(info),
          error: codeOf(error),
        }),
      closed: (info, { reason, error }) =>
        log(`${whichOf(info)}: disconnected (${reason})`, { node: addressOf(info), error: codeOf(error) }),
    };
  }

  start(info: CommandInfo): LoggedCommand | undefined {
    if (this.telling) return undefined;
    const { name, queryText, batchSize } = info;
    const node = this.hasNodes ? addressOf(info) : undefined;
    const isBatch = batchSize !== undefined && batchSize > 1;
    const query = isBatch ? `${name} (${batchSize}): ${queryText.replaceAll('\n', '; ')}` : queryText;
    this.log('command', node === undefined ? query : `${query} (to ${node})`, { command: name, node });
    return { name, node, started: performance.now(), caller: new AsyncResource('RedisDebugLog') };
  }

  event(logged: LoggedCommand | undefined, event: CommandEvent): void {
    if (logged === undefined) return;
    const { name, caller, node } = logged;
    const error = 'error' in event && event.error !== undefined ? codeOf(event.error) : undefined;
    const text = `${name}: ${textOf(event, error, this.hasNodes)}`;
    caller.runInAsyncScope(() => this.log('event', text, { command: name, node, error }));
  }

  end(logged: LoggedCommand | undefined, failure: Error | undefined, reply?: string): void {
    if (logged === undefined) return;
    const { name, node, started, caller } = logged;
    const duration = performance.now() - started;
    const error = failure === undefined ? undefined : codeOf(failure);
    const outcome = error === undefined ? reply : `error ${error}`;
    const text = `${name}: ${outcome} in ${duration.toFixed(2)} ms`;
    caller.runInAsyncScope(() => this.log('reply', text, { command: name, node, duration, reply, error }));
  }

  private log(direction: RedisDebugDirection, text: string, details: Details = {}): void {
    if (this.telling) return;
    this.telling = true;
    const { command, node, duration, reply, error } = details;
    try {
      const summary = { connection: this.connection, text, command, node, duration, reply, error };
      forgetFailure(this.tell(direction, summary));
    } catch {
      // a log that fails is no reason for a command to
    } finally {
      this.telling = false;
    }
  }
}

function logByNest(): RedisDebugFunction {
  const logger = new Logger('RedisModule');
  return (direction, { connection, text }) =>
    logger.debug(`Redis "${connection}" ${ARROWS[direction]} ${text}`);
}

function textOf(event: CommandEvent, error: string | undefined, hasNodes: boolean): string {
  switch (event.type) {
    case 'waiting':
      return error === undefined ? 'waits for a connection' : `waits for a connection: error ${error}`;
    case 'retry':
      return `is sent again (${event.attempt}): error ${error}`;
    case 'redirect':
      return `is redirected (${event.kind}, slot ${event.slot})`;
    default:
      return hasNodes && event.peer !== undefined ? `sent to ${addressOf(event.peer)}` : 'sent';
  }
}

function whichOf({ role, ...server }: ConnectionInfo): string {
  const address = addressOf(server);
  return role === 'shared' ? `${address}` : `${address} (${role})`;
}

/** `host:port`, as far as it is known. */
function addressOf(
  server: Partial<{
    readonly host: string | undefined;
    readonly address: string;
    readonly port: number | undefined;
  }>,
): string | undefined {
  const { host = server.address, port } = server;
  if (host === undefined) return undefined;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The server's error word, or the stable code of an error of ours. Never a message: servers quote arguments. */
function codeOf(error: unknown): string {
  return errorAttributes(error)['error.type'];
}
