import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Injectable,
  ParseIntPipe,
  UseFilters,
} from '@nestjs/common';
import {
  OnRedisMessage,
  RedisChannel,
  RedisContext,
  RedisHandlers,
  RedisMessageContext,
  RedisModule,
  RedisPattern,
  RedisPayload,
} from 'nestjs-redwire';
import { z } from 'zod';

export const log: unknown[] = [];

interface Order {
  id: string;
  total: number;
}

// #region plain
@Injectable()
export class Tally {
  orders = 0;

  @OnRedisMessage('orders.placed')
  onOrder(order: Order, context: RedisMessageContext): void {
    this.orders++;
    log.push(`${context.channel}: ${order.id}`);
  }
}
// #endregion

// #region parameters
@Controller()
export class Shipping {
  @OnRedisMessage(['orders.*', 'returns.*'], { pattern: true })
  onAny(
    @RedisPayload('total', ParseIntPipe) total: number,
    @RedisChannel() channel: string,
    @RedisPattern() pattern: string,
    @RedisContext() context: RedisMessageContext,
  ): void {
    if (!context.signal.aborted) log.push([total, channel, pattern]);
  }
}
// #endregion

// #region options
@Injectable()
export class Sensors {
  @OnRedisMessage('sensor.raw', { codec: 'buffer', ordered: true, concurrency: 4 })
  onReading(reading: Buffer): void {
    log.push(reading.readUInt16BE());
  }

  @OnRedisMessage('sensor.log', { codec: 'text' })
  @OnRedisMessage('sensor.csv', { codec: { decode: (data) => data.toString().split(',') } })
  onLine(line: string | string[]): void {
    log.push(line);
  }
}
// #endregion

// #region errors
@Catch(RangeError)
export class TooLarge implements ExceptionFilter {
  catch(error: RangeError, host: ArgumentsHost): void {
    const [payload] = host.getArgs<[Order]>();
    log.push(`order ${payload.id} left out: ${error.message}`);
  }
}

@Injectable()
export class Billing {
  @UseFilters(TooLarge)
  @OnRedisMessage('orders.placed')
  onOrder(order: Order): void {
    if (order.total > 1_000) throw new RangeError('too large');
    if (order.total < 0) throw new Error('negative'); // no filter: logged, then onHandlerError
  }
}
// #endregion

// #region schema
const Placed = z.object({
  id: z.string(),
  total: z.number().positive(),
  at: z.iso.datetime().transform((text) => new Date(text)),
});

@Injectable()
export class Ledger {
  @OnRedisMessage('orders.checked', { schema: Placed })
  onOrder(order: z.infer<typeof Placed>): void {
    log.push(`${order.id} of ${order.at.getFullYear()}`);
  }
}
// #endregion

// #region stats
@Injectable()
export class Backlog {
  constructor(private readonly handlers: RedisHandlers) {}

  /** What a dashboard shows. */
  lines(): string[] {
    return this.handlers
      .messageStats()
      .map(
        ({ className, methodName, waiting, dropped }) => `${className}.${methodName}: ${waiting}, ${dropped}`,
      );
  }
}
// #endregion

export const module = () =>
  // #region onHandlerError
  RedisModule.forRoot({
    url: process.env.REDIS_URL,
    onHandlerError: (error, { className, methodName, ...where }) => {
      const source = where.type === 'stream' ? where.stream : where.channel;
      log.push(`${className}.${methodName} failed on ${source}: ${String(error)}`);
    },
  });
// #endregion
