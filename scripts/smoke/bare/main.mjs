// An application without the optional peers: neither @nestjs/terminus nor @opentelemetry/api is installed.
import 'reflect-metadata';
import { equal, match, rejects } from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as redwire from 'nestjs-redwire';

const { RedisClient, RedisModule } = redwire;

for (const peer of ['@nestjs/terminus', '@opentelemetry/api']) {
  await rejects(import(peer), { code: 'ERR_MODULE_NOT_FOUND' });
}

/** @param {object} options */
function moduleWith(options) {
  class AppModule {}
  Module({ imports: [RedisModule.forRoot({ url: process.env.REDIS_URL, ...options })] })(AppModule);
  return AppModule;
}

// Nest's log and Nest's errors call classes by their names
for (const [name, value] of Object.entries(redwire)) {
  if (typeof value === 'function') equal(value.name, name);
}

const app = await NestFactory.createApplicationContext(moduleWith({}), { logger: ['error', 'warn'] });
equal(await app.get(RedisClient).ping(), 'PONG');
await app.close();

const settings = { logger: false, abortOnError: false };
const traced = NestFactory.createApplicationContext(moduleWith({ telemetry: { traces: true } }), settings);
await rejects(traced, (error) => {
  match(error.message, /@opentelemetry\/api/);
  return true;
});
await rejects(import('nestjs-redwire/terminus'), /@nestjs\/terminus/);

process.stdout.write(
  'works without @nestjs/terminus and @opentelemetry/api; names what is missing when asked for it\n',
);
