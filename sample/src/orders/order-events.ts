import type { Order, OrderKind } from './order.js';

/** What is published, by channel. */
export type OrderEvents = Record<`orders.${OrderKind}`, Order>;
