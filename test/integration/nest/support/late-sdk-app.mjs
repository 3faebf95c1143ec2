// @ts-check
/** An application that turns the SDK on when its module stands already. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { RedisClient, RedisModule } from 'nestjs-redwire';

class App {}
Module({ imports: [RedisModule.forRoot({ url: process.argv[2], telemetry: { traces: true } })] })(App);

const app = await NestFactory.createApplicationContext(App, { logger: false });
const redis = app.get(RedisClient);
await redis.set('before', '1');
await import('./instrument.mjs');
await trace.getTracer('late').startActiveSpan('request', async (span) => {
  await redis.get('after');
  span.end();
});
await app.close();
