import 'reflect-metadata';
import { equal, ok } from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import {
  InjectRedisPool,
  OnRedisMessage,
  RedisClient,
  RedisContext,
  RedisMessageContext,
  RedisModule,
  RedisPayload,
  RedisPool,
} from 'nestjs-redwire';
import { RedisClient as CoreClient } from 'nestjs-redwire/core';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';
// written by `npx nestjs-redwire commands`
import './own-commands.js';

interface Greeting {
  text: string;
}

const channel = `smoke.${process.pid}`;

@Injectable()
class Greetings extends EventEmitter {
  // By class alone: what the compiler emits about the parameter must be enough.
  constructor(
    private readonly redis: RedisClient,
    @InjectRedisPool() private readonly pool: RedisPool,
  ) {
    super();
  }

  async greet(text: string): Promise<string | null> {
    const key = `smoke:${process.pid}`;
    await this.pool.use((client) => client.set(key, text, 'EX', 10));
    const stored: string | null = await this.redis.get(key);
    equal(await this.redis.rawStrlen(key), text.length);
    await this.redis.publish(`${channel}.one`, JSON.stringify({ text: stored }));
    return stored;
  }

  @OnRedisMessage(`${channel}.*`, { pattern: true })
  onGreeting(@RedisPayload() greeting: Greeting, @RedisContext() context: RedisMessageContext): void {
    this.emit('greeting', greeting.text, context.channel);
  }
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly redis: RedisHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.redis.pingCheck('redis')]);
  }
}

@Module({
  imports: [
    RedisModule.forRootAsync({
      useFactory: () => ({
        url: process.env.REDIS_URL ?? '',
        pool: { min: 1, max: 2 },
        telemetry: { traces: process.env.TRACES === 'on' },
      }),
    }),
    TerminusModule,
    RedisHealthModule,
  ],
  controllers: [HealthController],
  providers: [Greetings],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');

  const greetings = app.get(Greetings);
  const heard = once(greetings, 'greeting', { signal: AbortSignal.timeout(5_000) });
  equal(await greetings.greet('hello'), 'hello');
  equal((await heard).join(), `hello,${channel}.one`);

  const answer = await fetch(`${await app.getUrl()}/health`);
  const { details } = (await answer.json()) as { details: { redis: { status: string } } };
  equal(answer.status, 200);
  equal(details.redis.status, 'up');
  ok(app.get(RedisClient) instanceof CoreClient);

  await app.close();
  process.stdout.write('injected, message handled, health up\n');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
