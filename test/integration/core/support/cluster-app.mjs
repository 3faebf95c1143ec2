// @ts-check
import cluster from 'node:cluster';
import { once } from 'node:events';
import { RedisClient } from 'nestjs-redwire/core';

/**
 * An application that runs in a primary and two workers of it, and makes its client where modules often do: at the top,
 * in each process. The primary prints what it saw as JSON.
 */
const client = new RedisClient(/** @type {string} */ (process.env['SERVER']));

/** @returns {Promise<number>} the server's number for this process's connection */
async function work() {
  const name = `${process.pid}`;
  const counts = await Promise.all(Array.from({ length: 200 }, () => client.incr(name)));
  if (counts.some((count, index) => count !== Number(counts[0]) + index))
    throw new Error('replies are mixed up');
  return Number(await client.clientId());
}

if (cluster.isPrimary) {
  const before = client.status;
  const own = await work();
  const workers = await Promise.all(
    [1, 2].map(async () => {
      const worker = cluster.fork();
      const exited = once(worker, 'exit');
      const [id] = await once(worker, 'message');
      const [code, signal] = await exited;
      return { id, code, signal };
    }),
  );
  const after = await work();
  console.log(JSON.stringify({ before, own, after, workers }));
  await client.close();
} else {
  process.send?.(await work());
  await client.close();
  // nothing but the channel to the primary is left
  process.disconnect();
}
