import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
} from '@nestjs/common';
import { finalize, tap, type Observable } from 'rxjs';
import type { RedisHandlerContext } from '../handlers/redis-handler-context.js';
import { REDIS_CONTEXT_TYPE } from '../redis.constants.js';
import { loadMessageTracing, type MessageTracing } from './message-tracing.js';

/**
 * Puts a CONSUMER span around a message handler, active while it runs. With `telemetry: { traces: true }` every handler
 * of the connection has one by itself; this is for single handlers of a connection without.
 *
 * ```ts
 * @UseInterceptors(RedisTracingInterceptor)
 * @OnRedisMessage('orders.created')
 * onOrder(order: Order) {}
 * ```
 *
 * Needs the package `@opentelemetry/api`: without it the boot fails.
 */
@Injectable()
export class RedisTracingInterceptor implements NestInterceptor, OnModuleInit {
  private tracing: MessageTracing | undefined;

  /** Loads OpenTelemetry. */
  async onModuleInit(): Promise<void> {
    this.tracing ??= await loadMessageTracing('RedisTracingInterceptor');
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType<string>() !== REDIS_CONTEXT_TYPE) return next.handle();
    // made by hand, with `new`, it had no onModuleInit
    const tracing = (this.tracing ??= await loadMessageTracing('RedisTracingInterceptor'));
    const message = context.getArgByIndex<RedisHandlerContext>(1);
    if (tracing.isTraced(message)) return next.handle();
    const parent = tracing.parentOf(message);
    const span = tracing.start(message, `${context.getClass().name}.${context.getHandler().name}`, parent);
    return tracing
      .within(span, () => next.handle(), parent)
      .pipe(
        tap({ error: (error: unknown) => tracing.fail(span, error) }),
        finalize(() => tracing.end(span)),
      );
  }
}
