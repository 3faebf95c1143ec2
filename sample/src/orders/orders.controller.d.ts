import { type MessageEvent } from '@nestjs/common';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import { BoardService } from '../board/board.service.js';
import { type Tally, TallyService } from '../board/tally.service.js';
import { type ListOrdersDto, type OrdersPage, type TopOrdersDto } from './dto/list-orders.dto.js';
import { type PlaceOrderDto } from './dto/place-order.dto.js';
import { type MenuItem } from './menu.js';
import type { Order } from './order.js';
import { OrdersService } from './orders.service.js';
export declare class OrdersController {
  private readonly orders;
  private readonly board;
  private readonly tallies;
  constructor(orders: OrdersService, board: BoardService, tallies: TallyService);
  place(dto: PlaceOrderDto, response: Response): Promise<Order>;
  list(dto: ListOrdersDto): Promise<OrdersPage>;
  top({ limit }: TopOrdersDto): Promise<Order[]>;
  menu(): readonly MenuItem[];
  tally(): Tally;
  stream(): Observable<MessageEvent>;
  find(id: number): Promise<Order>;
}
