import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, UseInterceptors } from '@nestjs/common';
import {
  OnRedisMessage,
  REDIS_CHANNELS,
  RedisClient,
  RedisModule,
  RedisTracingInterceptor,
  type CommandObserver,
  type TracedCommand,
} from 'nestjs-redwire';

export const traced = () =>
  // #region module
  RedisModule.forRoot({
    url: process.env.REDIS_URL,
    telemetry: { traces: true, metrics: true },
  });
// #endregion

export const debugged = (write: (line: string) => void) =>
  // #region debug
  RedisModule.forRoot({
    url: process.env.REDIS_URL,
    debug: (direction, { text, duration = 0 }) => {
      if (direction === 'event' || duration > 100) write(text);
    },
  });
// #endregion

// #region interceptor
@Injectable()
export class Invoices {
  handled = 0;

  @UseInterceptors(RedisTracingInterceptor)
  @OnRedisMessage('invoices.created')
  onInvoice(): void {
    this.handled++;
  }
}
// #endregion

export function observe(client: RedisClient, log: (line: string) => void): () => void {
  // #region observe
  const slow: CommandObserver<{ name: string; started: number }> = {
    start: ({ name }) => ({ name, started: performance.now() }),
    end: ({ name, started }, error) => {
      const ms = performance.now() - started;
      if (ms > 50 || error !== undefined) log(`${name}: ${error?.name ?? 'slow'}`);
    },
  };
  const stop = client.observe(slow);
  // #endregion
  return stop;
}

export function watchConnections(client: RedisClient, log: (line: string) => void): () => void {
  // #region connections
  const stop = client.observeConnections({
    opened: ({ role }, { duration }) => log(`${role}: open after ${Math.round(duration)} ms`),
    closed: ({ role }, { reason }) => log(`${role}: ended (${reason})`),
    lendingTimedOut: (_, wait) => log(`nothing to lend within ${Math.round(wait)} ms`),
  });
  const { open, lending } = client.connectionStats();
  log(`${open.shared} shared, ${lending.active} of ${lending.max} lent`);
  // #endregion
  return stop;
}

export function listenToErrors(log: (line: string) => void): () => void {
  // #region channels
  const onError = (message: unknown): void => {
    const { name, error } = message as TracedCommand;
    log(`${name} failed: ${error?.name}`);
  };
  subscribe(`tracing:${REDIS_CHANNELS.command}:error`, onError);
  // #endregion
  return () => unsubscribe(`tracing:${REDIS_CHANNELS.command}:error`, onError);
}
