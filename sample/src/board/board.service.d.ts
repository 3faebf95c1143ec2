import { type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { type Observable } from 'rxjs';
import { type Order } from '../orders/order.js';
import { TallyService } from './tally.service.js';
/** What the page hears: every order as it arrives, and the tally. */
export declare class BoardService implements OnModuleDestroy {
  private readonly tallies;
  private readonly orders;
  private readonly closed;
  constructor(tallies: TallyService);
  onOrder(order: Order): void;
  stream(): Observable<MessageEvent>;
  /** Ends the open streams: the HTTP server waits for them before it closes. */
  onModuleDestroy(): void;
}
