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
import { Injectable } from '@nestjs/common';
import { OnRedisMessage, RedisPayload } from 'nestjs-redwire';
import { auditTime, defer, interval, map, merge, of, Subject, takeUntil } from 'rxjs';
import { ORDER_CHANNELS } from '../orders/order.js';
import { ParseOrderPipe } from './parse-order.pipe.js';
import { TallyService } from './tally.service.js';
/** How often the tally is sent while orders arrive, and how often anything is while none do. */
const TALLY_INTERVAL = 200;
const HEARTBEAT_INTERVAL = 15_000;
/** What the page hears: every order as it arrives, and the tally. */
let BoardService = class BoardService {
  constructor(tallies) {
    this.tallies = tallies;
    this.orders = new Subject();
    this.closed = new Subject();
  }
  onOrder(order) {
    this.orders.next(order);
  }
  stream() {
    const tally = () => ({ type: 'tally', data: this.tallies.tally });
    return merge(
      defer(() => of(tally())),
      this.orders.pipe(map((order) => ({ type: 'order', data: order }))),
      this.orders.pipe(auditTime(TALLY_INTERVAL), map(tally)),
      interval(HEARTBEAT_INTERVAL).pipe(map(tally)),
    ).pipe(takeUntil(this.closed));
  }
  /** Ends the open streams: the HTTP server waits for them before it closes. */
  onModuleDestroy() {
    this.closed.next();
  }
};
__decorate(
  [
    OnRedisMessage(ORDER_CHANNELS, { pattern: true }),
    __param(0, RedisPayload(ParseOrderPipe)),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [Object]),
    __metadata('design:returntype', void 0),
  ],
  BoardService.prototype,
  'onOrder',
  null,
);
BoardService = __decorate([Injectable(), __metadata('design:paramtypes', [TallyService])], BoardService);
export { BoardService };
