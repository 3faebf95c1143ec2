import {
  RedisAbortError,
  RedisConnectionError,
  RedisTimeoutError,
  type RedisClient,
} from 'nestjs-redwire/core';

export async function wait(client: RedisClient) {
  // #region wait
  const waiting = client.blpop('jobs', 30); // on a connection of its own
  const [name] = await Promise.all([client.get('name'), client.rpush('jobs', 'first')]);
  const taken = await waiting; // ['jobs', 'first']
  const nothing = await client.blpop('jobs', 0.05); // null: nothing came in time
  // #endregion
  return { name, taken, nothing };
}

export async function cancel(client: RedisClient, signal: AbortSignal) {
  // #region cancel
  try {
    const [, job] = (await client.with({ signal }).blpop('jobs', 0))!; // waits for ever, or for the signal
    return job;
  } catch (error) {
    if (!(error instanceof RedisAbortError)) throw error;
    return null; // and no job is lost: what comes now stays in the list
  }
  // #endregion
}

export async function limit(client: RedisClient): Promise<string> {
  // #region limit
  const error = await client
    .with({ timeout: 50 })
    .blpop('jobs', 0)
    .catch((reason: unknown) => reason); // RedisTimeoutError, kind 'blocking'
  // #endregion
  return error instanceof RedisTimeoutError ? error.kind : String(error);
}

// #region queue
/** @param own a list for this worker alone, of the same name after a restart. */
export async function work(
  client: RedisClient,
  own: string,
  handle: (job: string) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const waiting = client.with({ signal: stop });
  for (;;) {
    // also what it had taken when it died, or when a connection was lost
    for (const job of await client.lrange(own, 0, -1)) {
      await handle(job);
      await client.lrem(own, 1, job);
    }
    try {
      await waiting.blmove('jobs', own, 'LEFT', 'RIGHT', 5);
    } catch (error) {
      if (error instanceof RedisAbortError) return;
      if (!(error instanceof RedisConnectionError)) throw error;
    }
  }
}
// #endregion
