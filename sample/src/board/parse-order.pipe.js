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
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { orderSchema } from '../orders/order.js';
/** Anybody can publish on the orders' channels: what is no order is refused before it reaches a handler. */
let ParseOrderPipe = class ParseOrderPipe {
  transform(payload) {
    const { data, error } = orderSchema.safeParse(payload);
    if (error) throw new Error(`What was published is no order: ${z.prettifyError(error)}`);
    return data;
  }
};
ParseOrderPipe = __decorate([Injectable()], ParseOrderPipe);
export { ParseOrderPipe };
