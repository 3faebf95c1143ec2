import { Module } from '@nestjs/common';
import { RedisModule } from 'nestjs-redwire';
import { RedisHealthModule } from 'nestjs-redwire/terminus';
import { HealthController } from './health.controller.js';
import { OrderMails } from './order-mails.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [RedisModule.forRoot({ url: process.env.REDIS_URL }), RedisHealthModule],
  controllers: [HealthController],
  providers: [OrdersService, OrderMails],
})
export class AppModule {}
