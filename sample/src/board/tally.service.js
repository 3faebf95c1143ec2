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
import { ORDER_CHANNELS, ORDER_KINDS } from '../orders/order.js';
import { ParseOrderPipe } from './parse-order.pipe.js';
/** Counts the orders as they are announced, whichever instance of the service took them. */
let TallyService = class TallyService {
  constructor() {
    this.tally = {
      since: new Date().toISOString(),
      orders: 0,
      total: 0,
      kinds: Object.fromEntries(ORDER_KINDS.map((kind) => [kind, { orders: 0, total: 0 }])),
    };
  }
  onOrder({ kind, total }) {
    for (const count of [this.tally, this.tally.kinds[kind]]) {
      count.orders += 1;
      count.total += total;
    }
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
  TallyService.prototype,
  'onOrder',
  null,
);
TallyService = __decorate([Injectable()], TallyService);
export { TallyService };
