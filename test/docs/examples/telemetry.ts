import { Injectable, UseInterceptors } from '@nestjs/common';
import {
  OnRedisMessage,
  RedisClient,
  RedisModule,
  RedisTracingInterceptor,
  type CommandObserver,
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
