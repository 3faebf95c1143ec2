import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, test } from '@jest/globals';
import { RedisClient, RedisModule, RedisPublisher } from 'nestjs-redwire';

// apart from the other tests of names: there must be no default connection in this process
test('the default connection injected and never registered: the error names those that are', async () => {
  @Injectable()
  class ByClass {
    constructor(readonly redis: RedisClient) {}
  }
  const compiling = Test.createTestingModule({
    imports: [RedisModule.forRoot({ name: 'queue', connect: 'lazy' })],
    providers: [ByClass],
  }).compile();
  await expect(compiling).rejects.toThrow(
    'ByClass asks for the Redis connection "default", which no RedisModule registers. Registered are: "queue". To add it, import RedisModule.forRoot({ … }).',
  );
});

test('so does its publisher', async () => {
  @Injectable()
  class ByClass {
    constructor(readonly publisher: RedisPublisher) {}
  }
  const compiling = Test.createTestingModule({
    imports: [RedisModule.forRoot({ name: 'queue', connect: 'lazy' })],
    providers: [ByClass],
  }).compile();
  await expect(compiling).rejects.toThrow(/ByClass asks for the Redis connection "default".*"queue"/);
});

test('and nobody minds where nothing injects it', async () => {
  const module = await Test.createTestingModule({
    imports: [RedisModule.forRoot({ name: 'queue', connect: 'lazy' })],
  }).compile();
  await module.init();
  await module.close();
});
