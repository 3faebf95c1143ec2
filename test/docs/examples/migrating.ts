import { Inject, Injectable, Module, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getRedisToken, InjectRedis, RedisClient, RedisModule } from 'nestjs-redwire';

const common = { url: process.env.REDIS_URL, keyPrefix: 'shop:' };

// #region module
@Module({
  imports: [RedisModule.forRoot(common), RedisModule.forRoot({ name: 'queue', ...common, database: 1 })],
})
export class AppModule {}
// #endregion

// #region inject
@Injectable()
export class Carts {
  constructor(
    private readonly redis: RedisClient,
    @InjectRedis('queue') private readonly queue: RedisClient,
    @Optional() @Inject(getRedisToken('reports')) private readonly reports: RedisClient | undefined,
    private readonly moduleRef: ModuleRef,
  ) {}

  byName(name: string): RedisClient {
    return this.moduleRef.get<RedisClient>(getRedisToken(name), { strict: false });
  }
  // #endregion

  get all(): unknown[] {
    return [this.redis, this.queue, this.reports];
  }
}

export async function fromNodeRedis(client: RedisClient) {
  // #region node-redis
  await client.set('cart:7', 'open', { ex: 60, nx: true }); // set('cart:7', 'open', { EX: 60, NX: true })
  await client.hset('cart:8', { items: 2 }); // hSet()
  await client.zadd('ranks', { score: 1, member: 'a' }); // zAdd('ranks', { score: 1, value: 'a' })
  const ranks = await client.zrange('ranks', 0, -1, 'WITHSCORES'); // zRangeWithScores('ranks', 0, -1)
  const [count, cart] = await client.multi((tx) => tx.incr('carts').hgetall('cart:8')); // multi()…exec()
  const raw = await client.call('OBJECT', 'ENCODING', 'carts'); // sendCommand(['OBJECT', …])
  // #endregion
  return { ranks, count, cart, raw };
}

export async function listen(client: RedisClient, heard: (text: string) => void) {
  // #region listen
  const subscription = await client.subscribe('carts.closed'); // no duplicate(), no connect()
  subscription.on('message', ({ data }) => heard(data)); // or for await (const { data } of subscription)
  // #endregion
  return subscription;
}
