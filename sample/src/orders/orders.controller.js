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
var __metadata =
  (this && this.__metadata) ||
  function (k, v) {
    if (typeof Reflect === 'object' && typeof Reflect.metadata === 'function') return Reflect.metadata(k, v);
  };
var __param =
  (this && this.__param) ||
  function (paramIndex, decorator) {
    return function (target, key) {
      decorator(target, key, paramIndex);
    };
  };
import {
  Body,
  Controller,
  Get,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Res,
  Sse,
} from '@nestjs/common';
import { BoardService } from '../board/board.service.js';
import { TallyService } from '../board/tally.service.js';
import { listOrdersSchema, topOrdersSchema } from './dto/list-orders.dto.js';
import { placeOrderSchema } from './dto/place-order.dto.js';
import { MENU } from './menu.js';
import { OrdersService } from './orders.service.js';
let OrdersController = class OrdersController {
  constructor(orders, board, tallies) {
    this.orders = orders;
    this.board = board;
    this.tallies = tallies;
  }
  async place(dto, response) {
    const order = await this.orders.place(dto);
    response.location(`/orders/${order.id}`);
    return order;
  }
  list(dto) {
    return this.orders.list(dto);
  }
  top({ limit }) {
    return this.orders.top(limit);
  }
  menu() {
    return MENU;
  }
  tally() {
    return this.tallies.tally;
  }
  stream() {
    return this.board.stream();
  }
  async find(id) {
    const order = await this.orders.find(id);
    if (!order) throw new NotFoundException(`There is no order ${id}.`);
    return order;
  }
};
__decorate(
  [
    Post(),
    __param(0, Body({ schema: placeOrderSchema })),
    __param(1, Res({ passthrough: true })),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [Object, Object]),
    __metadata('design:returntype', Promise),
  ],
  OrdersController.prototype,
  'place',
  null,
);
__decorate(
  [
    Get(),
    __param(0, Query({ schema: listOrdersSchema })),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [Object]),
    __metadata('design:returntype', Promise),
  ],
  OrdersController.prototype,
  'list',
  null,
);
__decorate(
  [
    Get('top'),
    __param(0, Query({ schema: topOrdersSchema })),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [Object]),
    __metadata('design:returntype', Promise),
  ],
  OrdersController.prototype,
  'top',
  null,
);
__decorate(
  [
    Get('menu'),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', []),
    __metadata('design:returntype', Array),
  ],
  OrdersController.prototype,
  'menu',
  null,
);
__decorate(
  [
    Get('tally'),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', []),
    __metadata('design:returntype', Object),
  ],
  OrdersController.prototype,
  'tally',
  null,
);
__decorate(
  [
    Sse('stream'),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', []),
    __metadata('design:returntype', Function),
  ],
  OrdersController.prototype,
  'stream',
  null,
);
__decorate(
  [
    Get(':id'),
    __param(0, Param('id', ParseIntPipe)),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [Number]),
    __metadata('design:returntype', Promise),
  ],
  OrdersController.prototype,
  'find',
  null,
);
OrdersController = __decorate(
  [Controller('orders'), __metadata('design:paramtypes', [OrdersService, BoardService, TallyService])],
  OrdersController,
);
export { OrdersController };
