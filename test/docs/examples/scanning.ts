import type { RedisClient } from 'nestjs-redwire/core';

export async function keys(client: RedisClient) {
  // #region keys
  let deleted = 0;
  for await (const keys of client.scanIterator({ match: 'session:*', count: 100 })) {
    deleted += await client.unlink(keys);
  }
  // #endregion
  return deleted;
}

export async function items(client: RedisClient) {
  const lasting: string[] = [];
  // #region items
  for await (const key of client.scanIterator({ match: 'session:*' }).items()) {
    if ((await client.ttl(key)) === -1) lasting.push(key); // never expires
  }
  // #endregion
  return lasting;
}

export async function collections(client: RedisClient) {
  const seen: string[] = [];
  // #region collections
  for await (const batch of client.hscanIterator('user:1', { match: 'address:*' })) {
    for (const { field, value } of batch) seen.push(`${field}=${value}`);
  }
  for await (const members of client.sscanIterator('tags')) {
    seen.push(...members);
  }
  for await (const batch of client.zscanIterator('scores', { count: 1_000 })) {
    for (const { member, score } of batch) seen.push(`${member}: ${score.toFixed(1)}`);
  }
  // #endregion
  return seen;
}

export async function fields(client: RedisClient) {
  const found: string[] = [];
  // #region fields
  // since Redis 7.4 and Valkey 8.0
  for await (const fields of client.hscanIterator('user:1', { noValues: true })) {
    found.push(...fields);
  }
  // #endregion
  return found;
}

export async function leaving(client: RedisClient, request: AbortSignal) {
  const found: string[] = [];
  // #region leaving
  const settings = { signal: request, timeout: 1_000 }; // the timeout is of each step
  for await (const keys of client.with(settings).scanIterator({ type: 'hash' })) {
    found.push(...keys);
    if (found.length >= 10) break; // nothing further is sent
  }
  // #endregion
  return found;
}

export async function prefixed(app: RedisClient, plain: RedisClient) {
  const found: string[] = [];
  // #region prefix
  // const app = new RedisClient({ keyPrefix: 'app:' });
  await app.mset({ a: 1, b: 2 });
  await plain.set('other', 3);
  for await (const keys of app.scanIterator()) {
    found.push(...keys); // 'a' and 'b'
  }
  // #endregion
  return found;
}
