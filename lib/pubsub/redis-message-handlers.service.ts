import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  RedisError,
  RedisServerError,
  type RedisClient,
  type RedisMessage,
  type Subscription,
} from '../core/index.js';
import { describeError } from '../describe-error.js';
import type { RedisMessageHandlerStats } from '../interfaces/index.js';
import { nameOf, type BoundHandler } from '../handlers/bound-handler.js';
import { MESSAGE_HANDLERS } from '../handlers/handler-kinds.js';
import { HandlersService } from '../handlers/handlers.service.js';
import { quoteName } from '../handlers/quote-name.js';
import type { RedisConnection } from '../redis-connection.js';
import { outsideBoot } from '../handlers/outside-boot.js';
import { openEnvelope } from '../publisher/envelope.js';
import type { Backlog, MessageSource } from '../telemetry/handler-meter.js';
import { decodeMessage } from './decode-message.js';
import { HandlerCounters } from './handler-counters.js';
import type { MessageHandler } from './message-handler.js';
import type { MessageHandlerOptions } from './message-handler-options.js';
import { MessagePump } from './message-pump.js';
import { OverflowReporter } from './overflow-reporter.js';
import { RedisMessageContext } from './redis-message-context.js';
import { subscribeRefused } from './subscribe-refused.js';

/** Pause before another attempt to subscribe, ms: from the first to the longest, doubling. */
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;

/** What is at work for a handler. */
interface Listening {
  readonly handler: MessageHandler;
  readonly overflow: OverflowReporter;
}

/** The `@OnRedisMessage()` handlers of one application: subscribes, dispatches, stops. */
@Injectable()
export class RedisMessageHandlers extends HandlersService<MessageHandlerOptions, MessageHandler> {
  protected readonly kind = MESSAGE_HANDLERS;
  protected readonly silence = 'hears nothing';
  private readonly pumps = new Map<MessagePump, Listening>();
  private readonly ended = new Map<RedisConnection, Promise<void>[]>();
  private readonly shutdown = forManyListeners(new AbortController());

  /** The counters of every handler. */
  stats(): RedisMessageHandlerStats[] {
    return this.handlers.map(({ className, methodName, connection, options, counters }) => ({
      className,
      methodName,
      connection: connection.name,
      channels: options.channels,
      ...counters.counts(),
    }));
  }

  /** Ends the subscriptions, then waits for what was received to be handled, within each connection's `shutdownTimeout`. */
  async stop(): Promise<void> {
    if (this.shutdown.signal.aborted) return;
    this.shutdown.abort();
    for (const pump of this.pumps.keys()) pump.stop();
    await Promise.all([...this.ended].map(([connection, ended]) => this.drain(connection, ended)));
    this.results.leave();
    this.log.stop();
    this.meter?.stop();
  }

  private async drain(connection: RedisConnection, ended: Promise<void>[]): Promise<void> {
    if (await connection.spendShutdownTime(Promise.all(ended).then(() => undefined))) return;
    for (const [pump, { handler, overflow }] of this.pumps) {
      if (handler.connection !== connection) continue;
      pump.abandon();
      overflow.stop();
      this.log.warn(
        `${nameOf(handler)} left ${pump.pending} message(s) behind: they were not done within ${connection.options.shutdownTimeout} ms (shutdownTimeout).`,
      );
    }
  }

  protected get isStopping(): boolean {
    return this.shutdown.signal.aborted;
  }

  protected prepare(handler: BoundHandler<MessageHandlerOptions>): MessageHandler {
    return { ...handler, counters: new HandlerCounters() };
  }

  protected methodOf({ options }: MessageHandler): MessageHandlerOptions['method'] {
    return options.method;
  }

  protected async startNow(handler: MessageHandler): Promise<void> {
    this.listen(handler, await this.subscribe(handler));
  }

  protected onRefusal(handler: MessageHandler, cause: unknown, late: boolean): Error {
    return subscribeRefused(nameOf(handler), handler.options.channels, cause, late);
  }

  protected startInBackground(handler: MessageHandler): void {
    void this.subscribeInBackground(handler);
  }

  protected sourceOf({ options }: MessageHandler): MessageSource {
    return sourceOf(options, options.channels.join(','));
  }

  protected backlogOf({ counters }: MessageHandler): Backlog {
    return counters.counts();
  }

  private subscribe({ options, connection }: MessageHandler): Promise<Subscription<Buffer>> {
    const { channels, method, bufferSize, overflow } = options;
    // a stand-in without the method has been left out
    const client = connection.injectedClient as RedisClient;
    return client[method](channels, { buffers: true, bufferSize, overflow });
  }

  private async subscribeInBackground(handler: MessageHandler): Promise<void> {
    const { signal } = this.shutdown;
    for (let pause = FIRST_RETRY; !signal.aborted; pause = Math.min(pause * 2, LONGEST_RETRY)) {
      try {
        this.listen(handler, await this.subscribe(handler));
        return;
      } catch (error) {
        if (signal.aborted) return;
        const final = isFinal(error);
        this.log.warn(
          `${nameOf(handler)} could not subscribe to ${handler.options.channels.join(', ')}: ${describeError(error).message}${final ? '' : ` Next attempt in ${pause} ms.`}`,
        );
        if (final) return;
        await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private listen(handler: MessageHandler, subscription: Subscription<Buffer>): void {
    const { connection } = handler;
    const { bufferSize, overflow: policy } = handler.options;
    const overflow = new OverflowReporter(subscription, (dropped) =>
      this.log.warn(
        `${nameOf(handler)} is too slow for its channels: ${dropped} message(s) were dropped (bufferSize ${bufferSize}, overflow '${policy}').`,
      ),
    );
    const pump = new MessagePump(subscription, handler.options, (message) => {
      overflow.check();
      return this.dispatch(handler, message);
    });
    handler.counters.watch({ subscription, pump });
    this.pumps.set(pump, { handler, overflow });
    connection.deaf.delete(handler);
    const ended = outsideBoot(() => pump.run())
      .catch((error: unknown) => this.log.failure(`${nameOf(handler)} hears no further messages`, error))
      .finally(() => {
        this.pumps.delete(pump);
        overflow.stop();
        if (!this.shutdown.signal.aborted) connection.deaf.set(handler, nameOf(handler));
      });
    this.ended.set(connection, [...(this.ended.get(connection) ?? []), ended]);
    // subscribed at last, and the application is going down already
    if (this.shutdown.signal.aborted) pump.stop();
  }

  private async dispatch(handler: MessageHandler, message: RedisMessage<Buffer>): Promise<void> {
    const { connection, options, invoke, counters } = handler;
    const opens = options.envelope ?? connection.options.envelope;
    const envelope = opens ? openEnvelope(message.data) : undefined;
    const context = new RedisMessageContext(message, connection.name, this.shutdown.signal, envelope);
    const { messageTracing } = connection;
    const started = performance.now();
    counters.begin();
    let failure: { error: unknown } | undefined;
    try {
      const run = async (): Promise<void> =>
        invoke(await decodeMessage(options.codec, message.data, envelope), context);
      await (messageTracing === undefined ? run() : messageTracing.run(context, nameOf(handler), run));
    } catch (error) {
      failure = { error };
    }
    this.record(handler, sourceOf(options, message.pattern ?? message.channel), started, failure);
    if (failure !== undefined) await this.tell(handler, failure.error, context);
    counters.end(failure !== undefined);
  }

  private tell(handler: MessageHandler, error: unknown, message: RedisMessageContext): Promise<void> {
    const { className, methodName, connection } = handler;
    const { type, channel, pattern, id, data } = message;
    return this.report(
      handler,
      `${nameOf(handler)} failed on a message of channel ${quoteName(channel)}`,
      error,
      {
        className,
        methodName,
        connection: connection.name,
        type,
        channel,
        pattern,
        id,
        data,
      },
    );
  }
}

/** Every message in work may listen to its signal: Node takes more than ten for a leak, and warns of it. */
function forManyListeners(controller: AbortController): AbortController {
  setMaxListeners(Infinity, controller.signal);
  return controller;
}

/** @param name of the channel or the pattern. */
function sourceOf({ method }: MessageHandlerOptions, name: string): MessageSource {
  return method === 'psubscribe' ? { pattern: name } : { channel: name };
}

/** Errors that another attempt does not mend: the server's refusals, and a client that was closed. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof RedisServerError ||
    error instanceof TypeError ||
    (error instanceof RedisError && error.code === 'CLOSED')
  );
}
