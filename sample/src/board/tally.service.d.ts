import { type Order, type OrderKind } from '../orders/order.js';
export interface Count {
  orders: number;
  /** In cents. */
  total: number;
}
/** What was heard since this instance began to listen. */
export interface Tally extends Count {
  since: string;
  kinds: Record<OrderKind, Count>;
}
/** Counts the orders as they are announced, whichever instance of the service took them. */
export declare class TallyService {
  readonly tally: Tally;
  onOrder({ kind, total }: Order): void;
}
