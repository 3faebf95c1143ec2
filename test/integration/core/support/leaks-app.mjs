// @ts-check
import { getEventListeners } from 'node:events';
import { RedisClient, RedisPool } from 'nestjs-redwire/core';

/**
 * Uses the library for long and prints, as JSON, what the process holds at several points. Needs `--expose-gc`.
 *
 *     node leaks-app.mjs reconnects 200
 *     node leaks-app.mjs commands 1000000
 */
const [, , what, amount] = process.argv;
const total = Number(amount);
const url = /** @type {string} */ (process.env['SERVER']);
const options = { url, reconnect: { delay: 1, maxDelay: 5, jitter: 0 } };

/** @param {() => boolean | Promise<boolean>} condition */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 1));
}

const control = new AbortController();
const admin = new RedisClient({ ...options, clientName: 'admin' });
const client = new RedisClient(options);
const pool = new RedisPool({ ...options, min: 1, max: 2 });
const subscription = await client.subscribe('news');
let restored = 0;
let heard = 0;
subscription.on('resubscribed', () => restored++);
void (async () => {
  for await (const { data } of subscription) heard += data.length;
})();

/** @returns {Record<string, number>} how many of each: what keeps the process alive */
function resources() {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Listeners of the process and of every socket that is open. */
function listeners() {
  const inside = /** @type {{ _getActiveHandles(): import('node:net').Socket[] }} */ (
    /** @type {unknown} */ (process)
  );
  const sockets = inside._getActiveHandles().filter((handle) => 'remotePort' in handle);
  let count = 0;
  for (const emitter of [process, ...sockets])
    for (const name of emitter.eventNames()) count += emitter.listenerCount(name);
  return count;
}

/** What is held once all is quiet: every user served once more, the garbage gone. */
async function measure() {
  const before = heard;
  await client.publish('news', 'x');
  await until(() => heard > before);
  await pool.use((lent) => lent.ping());
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate);
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    heapUsed,
    arrayBuffers,
    sockets: resources()['TCPSocketWrap'],
    held: {
      listeners: listeners(),
      onSignal: getEventListeners(control.signal, 'abort').length,
      inFlight: client.inFlight,
      queued: client.queued,
      subscriptions: client.subscriptions,
      pool: pool.stats(),
    },
  };
}

/** Every connection is killed, with a blocking command, a write and a read on their way. @param {number} round */
async function reconnect(round) {
  const popped = client.blpop('nothing', 0).catch((error) => error.code);
  await until(async () => (await admin.clientList()).some(({ cmd }) => cmd === 'blpop'));
  const settled = [client.incr('n'), client.get('n'), pool.use((lent) => lent.incr('n'))].map((promise) =>
    promise.then(
      () => 'reply',
      (error) => error.code,
    ),
  );
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  if ((await popped) !== 'CONNECTION_LOST') throw new Error('the blocking command was not lost');
  await Promise.all(settled);
  await until(() => restored === round);
  // the pool notices what is broken when it lends it
  await until(() =>
    pool
      .use((lent) => lent.ping())
      .then(
        () => true,
        () => false,
      ),
  );
  await client.ping();
}

/** A thousand commands of every kind: text, bytes, refused, with a signal that outlives them, with one of their own. */
async function batch() {
  const shared = client.with({ signal: control.signal });
  const replies = [];
  for (let index = 0; index < 250; index++) {
    const key = `key:${index}`;
    replies.push(client.set(key, index), shared.get(key), client.buffers.get(key), client.get(key));
  }
  await Promise.all(replies);
  const own = new AbortController();
  const aborted = client.with({ signal: own.signal }).get('key:1');
  own.abort();
  const outcomes = await Promise.allSettled([
    aborted,
    client.hget('key:1', 'field'),
    shared.hget('key:1', 'f'),
  ]);
  if (outcomes.some(({ status }) => status === 'fulfilled')) throw new Error('none of these has a reply');
}

await Promise.all([admin.connect(), client.connect(), pool.connect(), client.ping()]);
const points = [];
const POINTS = 4;
const step = what === 'reconnects' ? 1 : 1_000;
for (let done = 0; done < total; done += step) {
  if (step === 1) await reconnect(done + 1);
  else await batch();
  if ((done + step) % (total / POINTS) === 0) points.push(await measure());
}
await Promise.all([client.close(), pool.close(), admin.close()]);
await until(() => !('TCPSocketWrap' in resources()) && !('Timeout' in resources()));
console.log(JSON.stringify({ points, heard }));
