import { expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { getRedisToken } from 'nestjs-redwire';
import { AppModule } from './app.module.js';
import { OrdersService } from './orders.service.js';

it('tells of an order that was placed', async () => {
  const redis = { hset: jest.fn(), zadd: jest.fn(), publish: jest.fn() };
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(getRedisToken())
    .useValue(redis)
    .compile();
  await module.init();

  const order = { id: '7', customer: 'Ada', total: 42 };
  await module.get(OrdersService).place(order);

  expect(redis.publish).toHaveBeenCalledWith('orders.placed', JSON.stringify(order));
  await module.close();
});
