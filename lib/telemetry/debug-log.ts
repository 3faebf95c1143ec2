import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { forgetFailure } from '../core/forget-failure.js';
import type { CommandEvent, CommandInfo, CommandObserver, RedisClient } from '../core/index.js';
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
  /** ms, by the clock of `performance.now()`. */
  readonly started: number;
  /** Its caller's async context, in which a logger finds the request that it belongs to. */
  readonly caller: AsyncResource;
}

type Details = Partial<Omit<RedisDebugSummary, 'connection' | 'text'>>;

/** Tells what a connection does, line by line: to Nest's logger, or to a function of the user's own. */
export class DebugLog implements CommandObserver<LoggedCommand | undefined> {
  readonly wantsReplyKind = true;
  private readonly tell: RedisDebugFunction;
  /** Nobody's context: that of who happened to open a connection has nothing to do with what befalls it. */
  private readonly nobody = new AsyncResource('RedisDebugLog');
  /** A line is being told: what its teller sends through Redis would be told for ever. */
  private telling = false;

  /** @param connection its name. */
  constructor(
    private readonly connection: string,
    debug: true | RedisDebugFunction,
  ) {
    this.tell = debug === true ? logByNest() : debug;
  }

  /** Logs what befalls the client's connection from now on. */
  watch(client: RedisClient): void {
    const log = (text: string, details?: Details): void =>
      this.nobody.runInAsyncScope(() => this.log('event', text, details));
    client.on('connect', () => log('connected'));
    client.on('ready', () => log('ready'));
    client.on('disconnect', ({ reason, error }) => log(`disconnected (${reason})`, { error: codeOf(error) }));
    client.on('reconnecting', ({ attempt, delay }) =>
      log(`reconnecting (attempt ${attempt}, in ${Math.round(delay)} ms)`),
    );
    client.on('error', (error) => log(`could not connect: error ${codeOf(error)}`, { error: codeOf(error) }));
  }

  start({ name, queryText, batchSize }: CommandInfo): LoggedCommand | undefined {
    if (this.telling) return undefined;
    const isBatch = batchSize !== undefined && batchSize > 1;
    const text = isBatch ? `${name} (${batchSize}): ${queryText.replaceAll('\n', '; ')}` : queryText;
    this.log('command', text, { command: name });
    return { name, started: performance.now(), caller: new AsyncResource('RedisDebugLog') };
  }

  event(logged: LoggedCommand | undefined, event: CommandEvent): void {
    if (logged === undefined) return;
    const { name, caller } = logged;
    const error = 'error' in event && event.error !== undefined ? codeOf(event.error) : undefined;
    const text = `${name}: ${textOf(event, error)}`;
    caller.runInAsyncScope(() => this.log('event', text, { command: name, error }));
  }

  end(logged: LoggedCommand | undefined, failure: Error | undefined, reply?: string): void {
    if (logged === undefined) return;
    const { name, started, caller } = logged;
    const duration = performance.now() - started;
    const error = failure === undefined ? undefined : codeOf(failure);
    const outcome = error === undefined ? reply : `error ${error}`;
    const text = `${name}: ${outcome} in ${duration.toFixed(2)} ms`;
    caller.runInAsyncScope(() => this.log('reply', text, { command: name, duration, reply, error }));
  }

  private log(direction: RedisDebugDirection, text: string, details: Details = {}): void {
    if (this.telling) return;
    this.telling = true;
    const { command, duration, reply, error } = details;
    try {
      const summary = { connection: this.connection, text, command, duration, reply, error };
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

function textOf(event: CommandEvent, error: string | undefined): string {
  switch (event.type) {
    case 'waiting':
      return error === undefined ? 'waits for a connection' : `waits for a connection: error ${error}`;
    case 'retry':
      return `is sent again (${event.attempt}): error ${error}`;
    default:
      return 'sent';
  }
}

/** The server's error word, or the stable code of an error of ours. Never a message: servers quote arguments. */
function codeOf(error: unknown): string {
  return errorAttributes(error)['error.type'];
}
