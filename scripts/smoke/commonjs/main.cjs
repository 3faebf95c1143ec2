'use strict';
// An application in plain JavaScript, without decorators' syntax and without a compiler.
require('reflect-metadata');
const { equal } = require('node:assert/strict');
const { once, EventEmitter } = require('node:events');
const { Controller, Get, Inject, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { HealthCheckService, TerminusModule } = require('@nestjs/terminus');
const { OnRedisMessage, RedisClient, RedisModule } = require('nestjs-redwire');
const core = require('nestjs-redwire/core');
const { RedisHealthIndicator, RedisHealthModule } = require('nestjs-redwire/terminus');

const channel = `smoke.${process.pid}`;

class Greetings extends EventEmitter {
  constructor(redis) {
    super();
    this.redis = redis;
  }

  onGreeting(payload, context) {
    this.emit('greeting', payload.text, context.channel);
  }
}
Inject(RedisClient)(Greetings, undefined, 0);
decorate(Greetings, 'onGreeting', OnRedisMessage(channel));

class HealthController {
  constructor(health, redis) {
    this.health = health;
    this.redis = redis;
  }

  check() {
    return this.health.check([() => this.redis.pingCheck('redis')]);
  }
}
Controller('health')(HealthController);
Inject(HealthCheckService)(HealthController, undefined, 0);
Inject(RedisHealthIndicator)(HealthController, undefined, 1);
decorate(HealthController, 'check', Get());

class AppModule {}
Module({
  imports: [RedisModule.forRoot({ url: process.env.REDIS_URL }), TerminusModule, RedisHealthModule],
  controllers: [HealthController],
  providers: [Greetings],
})(AppModule);

function decorate(type, method, decorator) {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');

  const greetings = app.get(Greetings);
  const heard = once(greetings, 'greeting', { signal: AbortSignal.timeout(5_000) });
  await greetings.redis.publish(channel, JSON.stringify({ text: 'hello' }));
  equal((await heard).join(), `hello,${channel}`);

  const answer = await fetch(`${await app.getUrl()}/health`);
  equal(answer.status, 200);
  equal((await answer.json()).details.redis.status, 'up');
  equal(core.RedisClient, RedisClient);

  await app.close();
  process.stdout.write('injected, message handled, health up\n');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
