// @ts-check
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnRedisStream, RedisClient, RedisHandlers, RedisModule } from 'nestjs-redwire';

/**
 * An instance of an application with one stream handler. Notes in a list which entries it began with and which it handled,
 * prints `up` once it has booted, and its counters at the end; ends by SIGTERM. What fails its boot it prints, and does not end
 * by itself: an open socket would show.
 */
const { SERVER = '', NAME = '', SLOW = '0' } = process.env;

class Work {
  /** @param {RedisClient} redis */
  constructor(redis) {
    this.redis = redis;
  }

  /**
   * @param {Record<string, string>} payload
   * @param {import('nestjs-redwire').RedisStreamContext} context
   */
  async onWork({ n = '' }, { id, deliveries }) {
    await this.redis.rpush(`begun:${NAME}`, `${n} ${id} ${deliveries}`);
    await new Promise((resolve) => setTimeout(resolve, Number(SLOW)));
    await this.redis.rpush('handled', n);
  }
}
Injectable()(Work);
Reflect.defineMetadata('design:paramtypes', [RedisClient], Work);
const method = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(Work.prototype, 'onWork'));
OnRedisStream('work', { group: 'workers', consumer: NAME, batch: 8, claimIdle: 1_000, concurrency: 4 })(
  Work.prototype,
  'onWork',
  method,
);

class App {}
Module({ imports: [RedisModule.forRoot({ url: SERVER })], providers: [Work] })(App);

try {
  const app = await NestFactory.createApplicationContext(App, { abortOnError: false, logger: false });
  const handlers = app.get(RedisHandlers);
  process.once('SIGTERM', async () => {
    await app.close();
    console.log(JSON.stringify(handlers.streamStats()[0]));
  });
  console.log('up');
} catch (error) {
  console.log(/** @type {Error} */ (error).message);
}
