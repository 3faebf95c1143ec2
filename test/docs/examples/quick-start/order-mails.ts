import { Injectable } from '@nestjs/common';
import { OnRedisMessage } from 'nestjs-redwire';
import type { Order } from './orders.service.js';

@Injectable()
export class OrderMails {
  readonly sent: string[] = [];

  @OnRedisMessage('orders.placed')
  async onOrderPlaced(order: Order): Promise<void> {
    this.sent.push(`Thank you, ${order.customer}.`);
  }
}
