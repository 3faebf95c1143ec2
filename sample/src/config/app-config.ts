import type { RedisModuleOptions } from 'nestjs-redwire';
import { z } from 'zod';

/** `host:port,host:port` */
const addressesSchema = z.string().transform((list) => list.split(',').map((address) => address.trim()));

const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  EVENTS_REDIS_URL: z.string().optional(),
  KITCHEN_REDIS_URL: z.string().optional(),
  REDIS_CLUSTER_NODES: addressesSchema.optional(),
  REDIS_SENTINELS: addressesSchema.optional(),
  REDIS_MASTER_NAME: z.string().default('mymaster'),
  REDIS_KEY_PREFIX: z.string().default('order-board:'),
  ORDERS_PER_MINUTE: z.coerce.number().int().min(1).default(10_000),
});

/** The part of a connection's options that says where it leads. */
export type RedisPlace = Pick<RedisModuleOptions, 'url' | 'cluster' | 'sentinel'>;

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

  /** Where Redis is: some nodes of a cluster, the Sentinels that know the master, or one server. */
  get redis(): RedisPlace {
    const { REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS, REDIS_MASTER_NAME } = this.environment;
    if (REDIS_CLUSTER_NODES) return { cluster: { nodes: REDIS_CLUSTER_NODES } };
    if (REDIS_SENTINELS) return { sentinel: { nodes: REDIS_SENTINELS, masterName: REDIS_MASTER_NAME } };
    return { url: REDIS_URL };
  }

  /** In front of every key, so that the board can live in a Redis beside others. */
  get redisKeyPrefix(): string {
    return this.environment.REDIS_KEY_PREFIX;
  }

  /** Where events are published and heard; the same place, where none is named. */
  get eventsRedis(): RedisPlace {
    const url = this.environment.EVENTS_REDIS_URL;
    return url === undefined ? this.redis : { url };
  }

  /** Where the kitchen's tickets wait; the same place, where none is named. */
  get kitchenRedis(): RedisPlace {
    const url = this.environment.KITCHEN_REDIS_URL;
    return url === undefined ? this.redis : { url };
  }

  /** From one address. */
  get ordersPerMinute(): number {
    return this.environment.ORDERS_PER_MINUTE;
  }
}
