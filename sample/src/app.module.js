var __decorate =
  (this && this.__decorate) ||
  function (decorators, target, key, desc) {
    var c = arguments.length,
      r = c < 3 ? target : desc === null ? (desc = Object.getOwnPropertyDescriptor(target, key)) : desc,
      d;
    if (typeof Reflect === 'object' && typeof Reflect.decorate === 'function')
      r = Reflect.decorate(decorators, target, key, desc);
    else
      for (var i = decorators.length - 1; i >= 0; i--)
        if ((d = decorators[i])) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return (c > 3 && r && Object.defineProperty(target, key, r), r);
  };
import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { RedisModule } from 'nestjs-redwire';
import { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { RedisUnavailableFilter } from './redis-unavailable.filter.js';
import { TracingModule } from './tracing/tracing.module.js';
let AppModule = class AppModule {};
AppModule = __decorate(
  [
    Module({
      imports: [
        ConfigModule,
        TracingModule,
        RedisModule.forRootAsync({
          imports: [ConfigModule],
          inject: [AppConfig],
          useFactory: (config) => ({
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
    }),
  ],
  AppModule,
);
export { AppModule };
