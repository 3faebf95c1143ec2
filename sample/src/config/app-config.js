import { z } from 'zod';
const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  REDIS_KEY_PREFIX: z.string().default('order-board:'),
  OTEL: z.enum(['off', 'console']).default('off'),
});
/** The service's settings, from the environment. */
export class AppConfig {
  constructor(environment) {
    this.environment = environment;
  }
  /** An empty variable counts as one that is not set. */
  static from(environment) {
    const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
    const { data, error } = environmentSchema.safeParse(given);
    if (error) throw new Error(`The environment is not as this service needs it:\n${z.prettifyError(error)}`);
    return new AppConfig(data);
  }
  /** Where to listen; port 0 takes any free one. */
  get host() {
    return this.environment.HOST;
  }
  get port() {
    return this.environment.PORT;
  }
  get redisUrl() {
    return this.environment.REDIS_URL;
  }
  /** In front of every key, so that the board can live in a Redis beside others. */
  get redisKeyPrefix() {
    return this.environment.REDIS_KEY_PREFIX;
  }
  /** Where spans go: nowhere, or to stdout with OpenTelemetry's console exporter. */
  get tracing() {
    return this.environment.OTEL;
  }
}
