import { RedisServerError, type RedisClient } from 'nestjs-redwire/core';

export async function chained(client: RedisClient) {
  // #region chained
  const [left, sold] = await client.multi((tx) => tx.decrby('stock', 2).incrby('sold', 2));
  // each a number, or a RedisError
  // #endregion
  return { left, sold };
}

export async function statements(client: RedisClient) {
  // #region statements
  const results = await client.multi(async (tx) => {
    for (const id of await client.smembers('expired')) tx.del(`cart:${id}`);
    tx.del('expired');
  });
  // #endregion
  return results;
}

export async function failed(client: RedisClient) {
  // #region errors
  await client.set('text', 'x');
  const results = await client.multi((tx) => tx.incr('n').lpush('text', 'y'));
  // [1, RedisServerError WRONGTYPE]: INCR has taken effect
  // #endregion
  return results;
}

export async function thrown(client: RedisClient): Promise<string> {
  // #region throw
  try {
    const [count] = await client.multi((tx) => tx.incr('n').lpush('text', 'y'), { throwOnError: true });
    return `counted ${count}`;
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    return error.message; // '1 of 2 commands of the transaction failed; the others have taken effect. …'
  }
  // #endregion
}

export async function refused(client: RedisClient): Promise<string> {
  // #region refused
  try {
    await client.multi((tx) => tx.incr('n').call('INCR', 'n', 'one too many'));
  } catch (error) {
    if (!(error instanceof RedisServerError) || error.code !== 'EXECABORT') throw error;
    return `${error.command}: ${error.message}`; // INCR: EXECABORT nothing of the transaction was executed: …
  }
  // #endregion
  throw new Error('It was executed.');
}

export async function sell(client: RedisClient, count: number) {
  // #region watch
  const results = await client.watch(
    'stock',
    (tx, { stock }) => {
      if (Number(stock) < count) throw new Error('Sold out.'); // nothing is sent
      return tx.set('stock', Number(stock) - count).incrby('sold', count);
    },
    { retries: 10 },
  );
  if (results === null) throw new Error('Somebody was faster, eleven times.');
  // #endregion
  return results;
}

export async function readMore(client: RedisClient) {
  // #region read
  const results = await client.watch(['cart:7', 'rate'], async (tx, { rate }) => {
    const cart = await client.hgetall('cart:7'); // a hash: among the watched values it is null
    const sum = Object.values(cart).reduce((total, price) => total + Number(price), 0);
    return tx.set('cart:7:sum', sum * Number(rate ?? 1));
  });
  // #endregion
  return results;
}

export async function limited(client: RedisClient, request: AbortSignal) {
  // #region limits
  const hasty = client.with({ timeout: 200, signal: request });
  const results = await hasty.multi((tx) => tx.incr('visits').get('visits'));
  // #endregion
  return results;
}

// #region once
export async function transfer(client: RedisClient, id: string, amount: number): Promise<void> {
  const done = `transfer:${id}`;
  await client.watch(
    done,
    (tx, watched) => {
      if (watched[done] !== null) return; // an earlier attempt has taken effect
      tx.decrby('from', amount);
      tx.incrby('to', amount);
      tx.set(done, 1, 'EX', 86_400);
    },
    { retries: 1 },
  );
}
// #endregion

export async function byHand(client: RedisClient) {
  // #region by-hand
  const results = await client.dedicated(async (session) => {
    await session.watch('stock');
    const stock = Number(await session.get('stock'));
    await session.multi();
    await session.set('stock', stock - 2); // answered 'QUEUED', whatever its type says
    await session.incrby('sold', 2);
    return session.exec(); // ['OK', 2], or null where `stock` has changed
  });
  // #endregion
  return results;
}
