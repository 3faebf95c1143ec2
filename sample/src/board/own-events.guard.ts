import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { RedisMessageContext } from 'nestjs-redwire';
import { SERVICE } from '../redis/connections.js';

/** Anybody can publish on the orders' channels: what does not say that it is the service's own reaches no handler. */
@Injectable()
export class OwnEventsGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getArgByIndex<RedisMessageContext>(1).source === SERVICE;
  }
}
