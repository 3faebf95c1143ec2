import { Module } from '@nestjs/common';
import { BoardModule } from '../board/board.module.js';
import { ConfigModule } from '../config/config.module.js';
import { CustomersService } from './customers.service.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [BoardModule, ConfigModule],
  controllers: [OrdersController],
  providers: [OrdersService, CustomersService],
})
export class OrdersModule {}
