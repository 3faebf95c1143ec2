import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { RedisModule } from 'nestjs-redwire';
import { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { RedisUnavailableFilter } from './redis-unavailable.filter.js';
import { TracingModule } from './tracing/tracing.module.js';

@Module({
  imports: [
    ConfigModule,
    TracingModule,
    RedisModule.forRootAsync({
      imports: [ConfigModule],
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({
        url: config.redisUrl,
        keyPrefix: config.redisKeyPrefix,
        clientName: 'order-board',
        commandTimeout: 2_000,
        reconnect: { maxDelay: 2_000 },
        telemetry: { traces: config.tracing !== 'off' },
      }),
    }),
    OrdersModule,
    HealthModule,
  ],
  providers: [
    { provide: APP_PIPE, useClass: StandardSchemaValidationPipe },
    { provide: APP_FILTER, useClass: RedisUnavailableFilter },
  ],
})
export class AppModule {}
