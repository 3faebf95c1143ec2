import { z } from 'zod';

const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  EVENTS_REDIS_URL: z.string().optional(),
  KITCHEN_REDIS_URL: z.string().optional(),
  REDIS_KEY_PREFIX: z.string().default('order-board:'),
  ORDERS_PER_MINUTE: z.coerce.number().int().min(1).default(10_000),
});

/** The service's settings, from the environment. */
export class AppConfig {
  private constructor(private readonly environment: z.infer<typeof environmentSchema>) {}

  /** An empty variable counts as one that is not set. */
  static from(environment: NodeJS.ProcessEnv): AppConfig {
    const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
    const { data, error } = environmentSchema.safeParse(given);
    if (error) throw new Error(`The environment is not as this service needs it:\n${z.prettifyError(error)}`);
    return new AppConfig(data);
  }

  /** Where to listen; port 0 takes any free one. */
  get host(): string {
    return this.environment.HOST;
  }

  get port(): number {
    return this.environment.PORT;
  }

  get redisUrl(): string {
    return this.environment.REDIS_URL;
  }

  /** In front of every key, so that the board can live in a Redis beside others. */
  get redisKeyPrefix(): string {
    return this.environment.REDIS_KEY_PREFIX;
  }

  /** Where events are published and heard; the same server, where none is named. */
  get eventsUrl(): string {
    return this.environment.EVENTS_REDIS_URL ?? this.redisUrl;
  }

  /** Where the kitchen's tickets wait; the same server, where none is named. */
  get kitchenUrl(): string {
    return this.environment.KITCHEN_REDIS_URL ?? this.redisUrl;
  }

  /** From one address. */
  get ordersPerMinute(): number {
    return this.environment.ORDERS_PER_MINUTE;
  }
}
