import { readFileSync } from 'node:fs';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisModule } from 'nestjs-redwire';

/** Whatever fetches a short-lived password: the SDK of the cloud. */
export interface Tokens {
  fetch(): Promise<string>;
}

export const managed = (caFile: string, tokens: Tokens) =>
  // #region managed
  RedisModule.forRoot({
    url: process.env.REDIS_URL, // rediss://…
    tls: { ca: readFileSync(caFile) }, // only where the certificate is not signed by a public authority
    credentials: async () => ({ username: 'app', password: await tokens.fetch() }),
    clientName: 'orders',
    commandTimeout: 2_000,
    reconnect: { maxDelay: 5_000 },
  });
// #endregion

export const places = () => [
  // #region places
  RedisModule.forRoot({ url: 'rediss://redis.internal:6379' }),
  RedisModule.forRoot({ sentinel: { nodes: ['sentinel-1', 'sentinel-2'], masterName: 'mymaster' } }),
  RedisModule.forRoot({ cluster: { nodes: ['redis-1:6379', 'redis-2:6379'] }, tls: true }),
  // #endregion
];

export async function start(AppModule: Type, port: number) {
  // #region start
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks(); // without it SIGTERM ends the process at once
  await app.listen(port);
  // #endregion
  return app;
}

// #region sized
@Module({
  imports: [
    RedisModule.forRoot({
      url: process.env.REDIS_URL,
      maxDedicated: 10,
      pool: { max: 5 },
      shutdownTimeout: 10_000,
    }),
  ],
})
export class SizedModule {}
// #endregion
