// @ts-check
/** A service that answers one request, and ends. `node --import ./instrument.mjs traced-app.mjs redis://…` */
import 'reflect-metadata';
import http from 'node:http';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisClient, RedisModule } from 'nestjs-redwire';

class Orders {
  /** @param {RedisClient} redis */
  constructor(redis) {
    this.redis = redis;
  }

  async read() {
    const { redis } = this;
    await Promise.all([redis.set('order', 'hunter2'), redis.get('order')]);
    await redis.pipeline().get('order').del('order').exec();
    return { stored: await redis.exists('order') };
  }
}
Reflect.decorate([Controller('orders')], Orders);
Reflect.defineMetadata('design:paramtypes', [RedisClient], Orders);
Reflect.decorate(
  [Get()],
  Orders.prototype,
  'read',
  Object.getOwnPropertyDescriptor(Orders.prototype, 'read'),
);

class App {}
Module({
  imports: [RedisModule.forRoot({ url: process.argv[2], telemetry: { traces: true } })],
  controllers: [Orders],
})(App);

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const answer = await new Promise((resolve, reject) => {
  http
    .get(`http://127.0.0.1:${port}/orders`, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    })
    .on('error', reject);
});
console.log(answer);
await app.close();
