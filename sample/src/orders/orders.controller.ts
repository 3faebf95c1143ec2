import {
  Body,
  Controller,
  Get,
  type MessageEvent,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Res,
  Sse,
  UseGuards,
} from '@nestjs/common';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import { BoardService } from '../board/board.service.js';
import { type Tally, TallyService } from '../board/tally.service.js';
import {
  type ListOrdersDto,
  listOrdersSchema,
  type OrdersPage,
  type TopOrdersDto,
  topOrdersSchema,
} from './dto/list-orders.dto.js';
import { type PlaceOrderDto, placeOrderSchema } from './dto/place-order.dto.js';
import { MENU, type MenuItem } from './menu.js';
import type { Order } from './order.js';
import { OrderLimitGuard } from './order-limit.guard.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly board: BoardService,
    private readonly tallies: TallyService,
  ) {}

  @Post()
  @UseGuards(OrderLimitGuard)
  async place(
    @Body({ schema: placeOrderSchema }) dto: PlaceOrderDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Order> {
    const order = await this.orders.place(dto);
    response.location(`/orders/${order.id}`);
    return order;
  }

  @Get()
  list(@Query({ schema: listOrdersSchema }) dto: ListOrdersDto): Promise<OrdersPage> {
    return this.orders.list(dto);
  }

  @Get('top')
  top(@Query({ schema: topOrdersSchema }) { limit }: TopOrdersDto): Promise<Order[]> {
    return this.orders.top(limit);
  }

  @Get('menu')
  menu(): readonly MenuItem[] {
    return MENU;
  }

  @Get('tally')
  tally(): Tally {
    return this.tallies.tally;
  }

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return this.board.stream();
  }

  @Get(':id')
  async find(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    const order = await this.orders.find(id);
    if (!order) throw new NotFoundException(`There is no order ${id}.`);
    return order;
  }
}
