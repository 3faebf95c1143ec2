import { Injectable, type MessageEvent, type OnModuleDestroy, UseGuards } from '@nestjs/common';
import { OnRedisMessage, RedisPayload } from 'nestjs-redwire';
import { auditTime, defer, interval, map, merge, type Observable, of, Subject, takeUntil } from 'rxjs';
import { type Order, ORDER_CHANNELS, orderSchema } from '../orders/order.js';
import { EVENTS } from '../redis/connections.js';
import { OwnEventsGuard } from './own-events.guard.js';
import { TallyService } from './tally.service.js';

/** How often the tally is sent while orders arrive, and how often anything is while none do. */
const TALLY_INTERVAL = 200;
const HEARTBEAT_INTERVAL = 15_000;

/** What the page hears: every order as it arrives, and the tally. */
@Injectable()
@UseGuards(OwnEventsGuard)
export class BoardService implements OnModuleDestroy {
  private readonly orders = new Subject<Order>();
  private readonly closed = new Subject<void>();

  constructor(private readonly tallies: TallyService) {}

  @OnRedisMessage(ORDER_CHANNELS, { pattern: true, connection: EVENTS, schema: orderSchema })
  onOrder(@RedisPayload() order: Order): void {
    this.orders.next(order);
  }

  stream(): Observable<MessageEvent> {
    const tally = (): MessageEvent => ({ type: 'tally', data: this.tallies.tally });
    return merge(
      defer(() => of(tally())),
      this.orders.pipe(map((order) => ({ type: 'order', data: order }))),
      this.orders.pipe(auditTime(TALLY_INTERVAL), map(tally)),
      interval(HEARTBEAT_INTERVAL).pipe(map(tally)),
    ).pipe(takeUntil(this.closed));
  }

  /** Ends the open streams: the HTTP server waits for them before it closes. */
  onModuleDestroy(): void {
    this.closed.next();
  }
}
