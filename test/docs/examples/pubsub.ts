import type { RedisClient } from 'nestjs-redwire/core';

export async function listen(client: RedisClient): Promise<string[]> {
  const heard: string[] = [];
  // #region listen
  const subscription = await client.subscribe('news', 'weather');
  await client.publish('news', 'first');
  await client.publish('weather', 'rain');
  for await (const { channel, data } of subscription) {
    heard.push(`${channel}: ${data}`);
    if (heard.length === 2) break; // leaving the loop unsubscribes
  }
  // #endregion
  return heard;
}

export async function patterns(client: RedisClient) {
  // #region patterns
  const orders = await client.psubscribe('orders.*');
  const shard = await client.ssubscribe('stock');
  await client.publish('orders.placed', '7');
  await client.spublish('stock', '12 left');
  const order = await orders.next(); // channel 'orders.placed', pattern 'orders.*'
  const level = await shard.next();
  await orders.unsubscribe();
  await shard.unsubscribe();
  // #endregion
  return [order.value, level.value];
}

export async function shards(client: RedisClient, reload: (gap: number) => void) {
  // #region shards
  const shops = await client.ssubscribe('stock:berlin', 'stock:oslo'); // each at the node that has it
  shops.on('resubscribed', ({ gap }) => reload(gap)); // a channel moved: these ms were not heard
  await client.spublish('stock:oslo', '12 left');
  // #endregion
  return shops;
}

export async function options(client: RedisClient, signal: AbortSignal) {
  // #region options
  const subscription = await client.subscribe(['frames'], {
    buffers: true, // data as Buffers
    bufferSize: 100, // messages that wait while the reader is busy
    overflow: 'drop-newest',
    signal, // ends it with a RedisAbortError
  });
  // #endregion
  return subscription;
}

export async function gaps(client: RedisClient, reload: (gap: number) => void) {
  // #region gaps
  const subscription = await client.subscribe('prices');
  subscription.on('resubscribed', ({ gap }) => {
    reload(gap); // what was published during these ms was not heard
  });
  // #endregion
  return subscription;
}

export async function leave(client: RedisClient) {
  // #region leave
  const subscription = await client.subscribe('a', 'b');
  await subscription.unsubscribe('a'); // 'b' goes on
  await subscription.unsubscribe(); // all: the loop ends after what waits
  // #endregion
  return subscription;
}
