// @ts-check
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { RedisClient } from 'nestjs-redwire/core';

/**
 * A main thread and a worker, each with a client. The worker is terminated with commands on their way; its bytes and
 * those of the main thread are handed over. Prints what was seen as JSON.
 */
const client = new RedisClient(/** @type {string} */ (process.env['SERVER']));

if (isMainThread) {
  const own = Number(await client.clientId());
  const worker = new Worker(new URL(import.meta.url));
  const [theirs] = await once(worker, 'message');

  // values of a length that share memory, handed over with their memory
  await client.set('bytes', 'x'.repeat(1_000));
  const [kept, given] = await Promise.all([client.buffers.get('bytes'), client.buffers.get('bytes')]);
  if (kept === null || given === null) throw new Error('no bytes came');
  const shared = kept.buffer === given.buffer;
  try {
    worker.postMessage(given, [/** @type {ArrayBuffer} */ (given.buffer)]);
  } catch (error) {
    // Node 22 and later refuse to transfer what must not be transferred; earlier ones copy it
    if (/** @type {Error} */ (error).name !== 'DataCloneError') throw error;
    worker.postMessage(given, []);
  }
  const [received] = await once(worker, 'message');
  const intact = kept.equals(Buffer.alloc(1_000, 'x'));

  /** @returns {Promise<number[]>} */
  const connections = async () => (await client.clientList()).map(({ id }) => id);
  const pending = client.blpop('for the main thread', 0);
  const code = await worker.terminate();
  while ((await connections()).includes(theirs.id)) await new Promise(setImmediate);
  await client.rpush('for the main thread', 'x');
  console.log(
    JSON.stringify({
      own,
      theirs,
      shared,
      received,
      intact,
      code,
      popped: await pending,
      left: (await connections()).includes(own),
    }),
  );
  await client.close();
} else {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  port.on('message', (/** @type {Uint8Array} */ bytes) => port.postMessage(bytes.length));
  // on their way when the thread ends: nobody hears of them
  void client.blpop('for the worker', 0);
  const id = Number(await client.clientId());
  void client.call('WAIT', '1', '0');
  port.postMessage({ id, inFlight: client.inFlight });
}
