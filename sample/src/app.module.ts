import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { RedisModule } from 'nestjs-redwire';
import { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { KitchenModule } from './kitchen/kitchen.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { EVENTS, KITCHEN, SERVICE } from './redis/connections.js';
import { RedisUnavailableFilter } from './redis-unavailable.filter.js';
import { TracingModule } from './tracing/tracing.module.js';

/** The same for all connections. Traces cost nothing until an OpenTelemetry SDK collects them: see `tracing/instrument.ts`. */
const COMMON = {
  clientName: SERVICE,
  commandTimeout: 2_000,
  reconnect: { maxDelay: 2_000 },
  telemetry: { traces: true },
};

@Module({
  imports: [
    ConfigModule,
    TracingModule,
    RedisModule.forRootAsync({
      imports: [ConfigModule],
      inject: [AppConfig],
      useFactory: (config) => ({ ...COMMON, ...config.redis, keyPrefix: config.redisKeyPrefix }),
    }),
    RedisModule.forRootAsync({
      name: EVENTS,
      imports: [ConfigModule],
      inject: [AppConfig],
      useFactory: (config) => ({ ...COMMON, ...config.eventsRedis, envelope: true }),
    }),
    RedisModule.forRootAsync({
      name: KITCHEN,
      imports: [ConfigModule],
      inject: [AppConfig],
      useFactory: (config) => ({
        ...COMMON,
        ...config.kitchenRedis,
        keyPrefix: config.redisKeyPrefix,
        envelope: true,
      }),
    }),
    OrdersModule,
    KitchenModule,
    HealthModule,
  ],
  providers: [
    { provide: APP_PIPE, useClass: StandardSchemaValidationPipe },
    { provide: APP_FILTER, useClass: RedisUnavailableFilter },
  ],
})
export class AppModule {}
