import { Module } from '@nestjs/common';
import { BoardModule } from '../board/board.module.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [BoardModule],
  controllers: [OrdersController],
  providers: [OrdersService],
})
export class OrdersModule {}
