// Compiled by test/unit/core/options.types.spec.ts, not run: what comes from a configuration may be undefined.
import { OnRedisMessage, OnRedisStream, RedisModule, type RedisPublisher } from '../../../lib/index.js';
import type { RedisHealthIndicator } from '../../../lib/terminus/index.js';

declare function configured<Value>(value: Value): Value | undefined;
declare const publisher: RedisPublisher;
declare const health: RedisHealthIndicator;

RedisModule.forRoot({
  name: configured('queue'),
  isGlobal: configured(false),
  url: configured('redis://localhost'),
  pool: configured({ max: configured(5) }),
  connect: configured('lazy' as const),
  connectDeadline: configured(1),
  shutdownTimeout: configured(1),
  telemetry: configured({ traces: configured(true), metrics: configured(true) }),
  debug: configured(true),
  onHandlerError: configured(() => undefined),
  globalEnhancers: configured(true),
  envelope: configured(true),
});
RedisModule.forRootAsync({ useFactory: () => ({ connect: configured('lazy' as const) }) });

OnRedisMessage('orders', {
  pattern: configured(false),
  sharded: configured(false),
  connection: configured('queue'),
  codec: configured('text' as const),
  schema: undefined,
  envelope: configured(true),
  concurrency: configured(1),
  ordered: configured(true),
  bufferSize: configured(1),
  overflow: configured('drop-newest' as const),
});
OnRedisStream('orders', { group: 'g', batch: configured(1), concurrency: configured(1) });

void publisher.publish('orders', 1, { codec: configured('text' as const), id: configured('a') });
void publisher.add('orders', {}, { maxlen: configured(1) });
void health.pingCheck('redis', { connection: configured('queue'), timeout: configured(1) });
void health.pingAll('redis', { connections: configured(['queue']), whenDeaf: configured('down' as const) });
