import type { RedisClient } from 'nestjs-redwire/core';

export async function chained(client: RedisClient) {
  // #region chained
  const [, visits, user] = await client
    .pipeline()
    .set('visits', 1)
    .incr('visits') // number | RedisError
    .hgetall('user:1') // Record<string, string> | RedisError
    .exec();
  // #endregion
  return { visits, user };
}

export async function statements(client: RedisClient, ids: number[]) {
  // #region statements
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hget(`user:${id}`, 'name');
  const names = await pipeline.exec();
  // #endregion
  return names;
}

export async function errors(client: RedisClient) {
  // #region errors
  const results = await client.pipeline().set('n', 1).incr('n').lpush('n', 'x').get('n').exec();
  // ['OK', 2, RedisServerError WRONGTYPE, '2']
  // #endregion
  return results;
}

export async function thrown(client: RedisClient): Promise<string> {
  // #region throw
  try {
    const [count] = await client.pipeline().incr('n').lpush('n', 'x').exec({ throwOnError: true });
    return `counted ${count}`;
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    return error.message; // '1 of 2 commands of the pipeline failed; the first: WRONGTYPE …'
  }
  // #endregion
}

export async function whole(client: RedisClient, request: AbortSignal) {
  // #region whole
  const limited = client.with({ timeout: 200, signal: request });
  const results = await limited.pipeline().incr('visits').hgetall('user:1').exec();
  // #endregion
  return results;
}

export async function long(client: RedisClient, rows: readonly { id: number; name: string }[]) {
  // #region long
  const pipeline = client.with({ timeout: 60_000 }).pipeline();
  for (const { id, name } of rows) pipeline.hset(`user:${id}`, { name });
  const results = await pipeline.exec();
  const failed = results.filter((result) => result instanceof Error).length;
  // #endregion
  return { failed, length: results.length };
}
