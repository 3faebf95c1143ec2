import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  HttpStatus,
  Injectable,
} from '@nestjs/common';
import type { Request } from 'express';
import { RedisClient } from 'nestjs-redwire';
import { AppConfig } from '../config/app-config.js';

const WINDOW = 60; // s

/** An address may place so many orders a minute, at all instances of the service together. */
@Injectable()
export class OrderLimitGuard implements CanActivate {
  constructor(
    private readonly redis: RedisClient,
    private readonly config: AppConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const key = `orders:limit:${context.switchToHttp().getRequest<Request>().ip}`;
    // both or neither: a count without an end would shut the address out for ever
    const [placed] = await this.redis.multi((tx) => tx.incr(key).expire(key, WINDOW, 'NX'), {
      throwOnError: true,
    });
    if (placed <= this.config.ordersPerMinute) return true;
    throw new HttpException('Too many orders from one address. Wait a minute.', HttpStatus.TOO_MANY_REQUESTS);
  }
}
