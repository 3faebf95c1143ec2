import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Injectable,
  ParseFloatPipe,
  UseGuards,
} from '@nestjs/common';
import {
  OnRedisStream,
  RedisContext,
  RedisHandlers,
  type RedisMessageContext,
  RedisModule,
  RedisPayload,
  RedisPublisher,
  RedisStreamContext,
} from 'nestjs-redwire';
import { z } from 'zod';

export const log: unknown[] = [];

// #region plain
@Injectable()
export class Billing {
  @OnRedisStream('orders', { group: 'billing', deadLetter: 'orders:dead' })
  async onOrder(order: Record<string, string>, context: RedisStreamContext): Promise<void> {
    await charge(order['customer']!, { once: context.id });
  }
}
// #endregion

async function charge(customer: string, { once }: { once: string }): Promise<void> {
  log.push(`charged ${customer}, ${once}`);
}

// #region parameters
const Parcel = z.object({ id: z.string(), weight: z.number() });

@Controller()
export class Shipping {
  @OnRedisStream('parcels', { group: 'shipping', field: 'data', schema: Parcel, concurrency: 4 })
  onParcel(
    @RedisPayload() parcel: z.infer<typeof Parcel>,
    @RedisPayload('weight', ParseFloatPipe) weight: number,
    @RedisContext() context: RedisStreamContext,
  ): void {
    log.push([parcel.id, weight, context.group, context.fields['tenant']?.toString()]);
  }
}
// #endregion

// #region guard
@Injectable()
export class OnlyShop implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const source = context.getArgByIndex<RedisMessageContext | RedisStreamContext>(1);
    if (source instanceof RedisStreamContext) return source.fields['tenant']?.toString() === 'shop';
    return source.channel.startsWith('shop.');
  }
}
// #endregion

@Injectable()
export class Guarded {
  @UseGuards(OnlyShop)
  @OnRedisStream('returns', { group: 'returns' })
  onReturn(payload: Record<string, string>): void {
    log.push(`returned ${payload['id']}`);
  }
}

@Injectable()
export class Shop {
  constructor(private readonly publisher: RedisPublisher) {}

  // #region add
  async place(customer: string, parcel: { id: string; weight: number }): Promise<string> {
    await this.publisher.add('orders', { customer, parcel: parcel.id });
    return this.publisher.add('parcels', parcel, { field: 'data', maxlen: 100_000 });
  }
  // #endregion
}

// #region failures
@Injectable()
export class Mails {
  @OnRedisStream('mails', {
    group: 'mails',
    claimIdle: 30_000, // ms until what failed comes again
    maxDeliveries: 3,
    deadLetter: 'mails:dead',
  })
  async onMail(mail: Record<string, string>, { signal, isLastDelivery }: RedisStreamContext): Promise<void> {
    try {
      await send(mail, { signal });
    } catch (error) {
      if (isLastDelivery) log.push(`nobody will mail ${mail['to']}`);
      throw error; // what is swallowed here is handled, and acknowledged
    }
  }
}
// #endregion

async function send({ to }: Record<string, string>, { signal }: { signal: AbortSignal }): Promise<void> {
  signal.throwIfAborted();
  if (to === 'nobody') throw new Error('no such address');
  log.push(`mailed ${to}`);
}

// #region stats
@Injectable()
export class Backlog {
  constructor(private readonly handlers: RedisHandlers) {}

  failed(): Record<string, number> {
    const rows = this.handlers.streamStats();
    return Object.fromEntries(rows.map(({ methodName, failed }) => [methodName, failed]));
  }
}
// #endregion

export const module = () =>
  // #region onHandlerError
  RedisModule.forRoot({
    url: process.env.REDIS_URL,
    onHandlerError: (error, context) => {
      if (context.type !== 'stream') return;
      log.push(`${context.methodName} failed (${context.deliveries}): ${String(error)}`);
    },
  });
// #endregion
