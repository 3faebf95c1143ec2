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
import { Injectable } from '@nestjs/common';
import { RedisClient } from 'nestjs-redwire';
import { findMenuItem } from './menu.js';
import { orderChannel, orderSchema } from './order.js';
const LAST_ID = 'orders:last-id';
const LATEST = 'orders:latest';
const BY_TOTAL = 'orders:by-total';
/**
 * Orders in Redis: a hash each, and two sorted sets over them, by id (which grows with time) and by total.
 */
let OrdersService = class OrdersService {
  constructor(redis) {
    this.redis = redis;
  }
  async place(dto) {
    const order = this.price(await this.redis.incr(LAST_ID), dto);
    // Issued in one tick these leave in one write and arrive in this order: what is listed can always be read.
    await Promise.all([
      this.redis.hset(orderKey(order.id), toHash(order)),
      this.redis.zadd(LATEST, { score: order.id, member: order.id }),
      this.redis.zadd(BY_TOTAL, { score: order.total, member: order.id }),
    ]);
    await this.redis.publish(orderChannel(order.kind), JSON.stringify(order));
    return order;
  }
  async find(id) {
    return fromHash(await this.redis.hgetall(orderKey(id)));
  }
  /** The latest first. Pages begin after an id rather than at an offset, so orders that arrive meanwhile shift nothing. */
  async list({ before, limit }) {
    const start = before === undefined ? '+inf' : `(${before}`;
    const ids = await this.redis.zrange(LATEST, start, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit + 1);
    const orders = await this.read(ids.slice(0, limit));
    return { orders, next: ids.length > limit ? Number(ids[limit - 1]) : null };
  }
  /** The largest first. */
  async top(limit) {
    return this.read(await this.redis.zrange(BY_TOTAL, 0, limit - 1, 'REV'));
  }
  async read(ids) {
    const hashes = await Promise.all(ids.map((id) => this.redis.hgetall(orderKey(id))));
    return hashes.map(fromHash).filter((order) => order !== undefined);
  }
  price(id, { customer, kind, lines }) {
    const priced = lines.map(({ item, quantity }) => {
      const { name, price } = findMenuItem(item);
      return { item, name, quantity, price };
    });
    const total = priced.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    return { id, customer, kind, lines: priced, total, placedAt: new Date().toISOString() };
  }
};
OrdersService = __decorate([Injectable(), __metadata('design:paramtypes', [RedisClient])], OrdersService);
export { OrdersService };
function orderKey(id) {
  return `order:${id}`;
}
function toHash({ lines, ...fields }) {
  return { ...fields, lines: JSON.stringify(lines) };
}
function fromHash(hash) {
  if (hash.id === undefined) return undefined;
  return orderSchema.parse({
    ...hash,
    id: Number(hash.id),
    total: Number(hash.total),
    lines: JSON.parse(hash.lines ?? '[]'),
  });
}
