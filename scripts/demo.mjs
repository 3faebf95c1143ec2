// @ts-check
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildLibrary, buildSample, describeBuilt } from './build.mjs';
import { App } from './demo/app.mjs';
import { Collector } from './demo/collector.mjs';
import { Customers, getJson } from './demo/customers.mjs';
import { provideServer } from './demo/server.mjs';
import { startCluster, startSentinel } from './demo/topology.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { root } from './lib/paths.mjs';
import { readArguments } from './lib/read-arguments.mjs';
import { box, messageOf } from './lib/report.mjs';

/**
 * `npm run demo`, from a fresh clone with nothing but Node and npm: installs the dependencies, builds, finds or starts a
 * server, starts the sample, sends it orders, tells what happened, and stays up until Ctrl-C.
 *
 *
 * @import { RedisClient } from '../lib/core/index.js'
 * @import { Span } from './demo/collector.mjs'
 * @import { DemoServer } from './demo/server.mjs'
 */

const ORDERS = 300;
const CUSTOMERS = 20;
const CALLERS = 200;
const MEASURED = 1_000; // ms
const HEARD_WITHIN = 5_000; // ms
const ORDER_EVERY = 1_500; // ms, while it stays up
const INSIST_AFTER = 500; // ms

/** How many traces of a hundred are collected. */
const SAMPLED = 10;

const USAGE = `npm run demo                    stays up until Ctrl-C
npm run demo -- --once          ends by itself
npm run demo -- --stand-in      without a real server
npm run demo -- --cluster       on a cluster of its own
npm run demo -- --sentinel      on a master that Sentinels watch

REDIS_URL names a server to use, PORT where the sample listens.`;

const { values: options } = readArguments(USAGE, {
  once: { type: 'boolean' },
  'stand-in': { type: 'boolean' },
  cluster: { type: 'boolean' },
  sentinel: { type: 'boolean' },
});

/** Aborted by Ctrl-C, and when the demo ends by itself. */
const ending = new AbortController();
const { signal } = ending;
/** @type {number | undefined} */
let endAsked;

/**
 * @param {string} subject
 * @param {string} words
 */
function tell(subject, words) {
  process.stdout.write(`  ${subject.padEnd(10)}${words}\n`);
}

/** @param {string} words */
function tellMore(words) {
  tell('', words);
}

async function main() {
  process.stdout.write('\nnestjs-redwire: a Nest application on Redis, through a client of its own\n\n');
  await ensureInstalled();
  signal.throwIfAborted();
  tell('build', describeBuilt('dist', await buildLibrary()));
  tellMore(describeBuilt('sample/dist', await buildSample()));
  signal.throwIfAborted();

  const server = await provide();
  try {
    tell('server', server.about);
    signal.throwIfAborted();
    await withApp(server);
  } finally {
    await server.stop();
  }
  tellMore(server.ours ? 'the server is stopped\n' : 'what the demo stored is deleted\n');
}

/** @returns {Promise<DemoServer>} */
async function provide() {
  if (options.cluster) return startCluster();
  if (options.sentinel) return startSentinel();
  return provideServer({ standIn: options['stand-in'], say: tellMore });
}

/** @param {DemoServer} server */
async function withApp(server) {
  const keyPrefix = `order-board-demo:${randomUUID().slice(0, 8)}:`;
  const { RedisClient } = await import('nestjs-redwire/core');
  const client = new RedisClient({ ...server.place, keyPrefix });
  const collector = await Collector.start();
  try {
    await client.connect();
    const app = await App.start(
      {
        ...server.environment,
        REDIS_KEY_PREFIX: keyPrefix,
        PORT: process.env.PORT || '0',
        ...collector.environment,
        OTEL_TRACES_SAMPLER: 'traceidratio',
        OTEL_TRACES_SAMPLER_ARG: String(SAMPLED / 100),
      },
      signal,
    );
    const crash = app.ended.then((how) => {
      throw new Error(`The sample ended with ${how}. Its last words:\n${app.lastWords}`);
    });
    try {
      await Promise.race([show(app, client, server, collector), crash]);
    } catch (error) {
      if (!wasAskedToEnd()) throw error;
    } finally {
      ending.abort();
      await app.stop();
    }
    tell('end', 'the application has closed');
  } finally {
    await collector.stop();
    await cleanUp(client, server).finally(() => client.close());
  }
}

/**
 * The demo proper: every figure is read from what really happened, and a wrong one is an error.
 *
 * @param {App} app
 * @param {RedisClient} client
 * @param {DemoServer} server
 * @param {Collector} collector
 */
async function show(app, client, server, collector) {
  tell('app', `Nest ${nestVersion()}, listening at ${app.url}/\n`);
  const customers = await Customers.of(app.url, signal);
  const heard = await customers.listen();

  const { seconds } = await customers.placeMany(ORDERS, CUSTOMERS);
  const stored = await client.zcard('orders:latest');
  expectEqual('orders stored', stored, ORDERS);
  const rate = Math.round(ORDERS / seconds);
  tell('orders', `${stored} placed over HTTP and stored, in ${seconds.toFixed(2)} s (${rate}/s)`);
  const [largest] = await getJson(`${app.url}/orders/top?limit=1`, signal);
  tellMore(`the largest: ${(largest.total / 100).toFixed(2)} by ${largest.customer} (${largest.kind})`);
  tellMore(`a wrong one is refused: ${await customers.placeWrong()}`);

  const tally = await messagesHandled(app, heard);
  const kinds = Object.entries(tally.kinds).map(([kind, { orders }]) => `${orders} ${kind}`);
  tell('messages', `${tally.orders} handled by @OnRedisMessage('orders.*'): ${kinds.join(', ')}`);
  tellMore(`${heard.count} heard over server-sent events, as the page does`);

  const baked = await until('Baked orders', async () => {
    const found = await getJson(`${app.url}/kitchen`, signal);
    return found.orders >= ORDERS ? found : undefined;
  });
  expectEqual('orders baked', baked.orders, ORDERS);
  tell(
    'stream',
    `${baked.orders} tickets worked off by @OnRedisStream('kitchen:tickets'): ${baked.pieces} pieces`,
  );

  const { status, details } = await getJson(`${app.url}/health`, signal);
  const pings = Object.entries(details.redis.connections).map(
    ([name, { latency }]) => `${name} ${latency} ms`,
  );
  tell('health', `${status}: Redis is ${details.redis.status}, PING took ${pings.join(', ')}`);

  showTrace(await until('A whole trace', async () => findTrace(collector.spans)));

  const { perSecond, cpu } = await measure(client);
  tell('client', `${perSecond.toLocaleString('en')} GET/s on one connection, ${CALLERS} callers`);
  if (server.standIn) tellMore('(that is the speed of the stand-in, which shares this process)');
  else tellMore(`${cpu.toFixed(1)} µs of CPU each, encoding, socket and decoding included`);

  process.stdout.write('\n');
  if (options.once) return;

  process.stdout.write(`  Open ${app.url}/ and see orders arrive. Ctrl-C ends the demo.\n\n`);
  for (;;) {
    await sleep(ORDER_EVERY, undefined, { signal });
    await customers.placeOne().catch(() => {}); // the page shows it when something is wrong
  }
}

/**
 * Messages are handled a moment after they are published: waits for the last.
 *
 * @param {App} app
 * @param {{ count: number }} heard
 */
async function messagesHandled(app, heard) {
  const tally = await until('Messages', async () => {
    const found = await getJson(`${app.url}/orders/tally`, signal);
    return found.orders >= ORDERS && heard.count >= ORDERS ? found : undefined;
  });
  expectEqual('messages handled', tally.orders, ORDERS);
  expectEqual('events heard', heard.count, ORDERS);
  return tally;
}

/**
 * Asks until there is an answer.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined>} ask
 * @returns {Promise<T>}
 */
async function until(what, ask) {
  const deadline = performance.now() + HEARD_WITHIN;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not there within ${HEARD_WITHIN} ms.`);
    await sleep(10, undefined, { signal });
  }
}

/**
 * A trace that goes all the way: from the request over what it published to what the handlers did.
 *
 * @param {readonly Span[]} spans
 * @returns {Span[] | undefined}
 */
function findTrace(spans) {
  for (const request of spans.filter(({ kind }) => kind === 'SERVER')) {
    const trace = spans.filter(({ traceId }) => traceId === request.traceId);
    const has = (/** @type {Span['kind']} */ kind, /** @type {string} */ name) =>
      trace.some((span) => span.kind === kind && span.name.includes(name));
    if (has('CONSUMER', 'orders.') && has('CONSUMER', 'kitchen:tickets')) return trace;
  }
  return undefined;
}

/** @param {readonly Span[]} trace */
function showTrace(trace) {
  const root = trace.find(({ kind }) => kind === 'SERVER');
  let subject = 'trace';
  const show = (/** @type {Span} */ span, /** @type {number} */ depth) => {
    tell(subject, `${'  '.repeat(depth)}${span.kind} ${span.name}, ${span.duration.toFixed(2)} ms`);
    subject = '';
    for (const child of trace) if (child.parentSpanId === span.spanId) show(child, depth + 1);
  };
  if (root) show(root, 0);
  const command = trace.find(({ name }) => name === 'HSET');
  if (command === undefined) throw new Error('The trace has no span of a command.');
  tellMore('the attributes of a command:');
  for (const [name, value] of Object.entries(command.attributes)) tellMore(`    ${name}: ${value}`);
}

/**
 * How fast the client is: callers that each ask again as soon as they are answered.
 *
 * @param {RedisClient} client
 */
async function measure(client) {
  await client.set('measured', 'x'.repeat(32));
  let running = true;
  let count = 0;
  const caller = async () => {
    while (running) {
      await client.get('measured');
      count++;
    }
  };
  const timer = setTimeout(() => (running = false), MEASURED);
  const onAbort = () => (running = false);
  signal.addEventListener('abort', onAbort, { once: true });
  const start = performance.now();
  const before = process.cpuUsage();
  try {
    await Promise.all(Array.from({ length: CALLERS }, caller));
  } finally {
    running = false;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1_000;
  signal.throwIfAborted();
  return { perSecond: Math.round(count / seconds), cpu: (user + system) / count };
}

/**
 * Takes what the demo stored out of a server that is not ours.
 *
 * @param {RedisClient} client
 * @param {DemoServer} server
 */
async function cleanUp(client, server) {
  if (server.ours || client.status !== 'ready') return;
  for await (const keys of client.scanIterator()) if (keys.length > 0) await client.unlink(keys);
}

/**
 * @param {string} what
 * @param {number} found
 * @param {number} expected
 */
function expectEqual(what, found, expected) {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}

/**
 * Ends the demo in order; asked again, at once. Under npm one Ctrl-C arrives twice, from the terminal and from npm.
 *
 * @param {NodeJS.Signals} name
 */
function end(name) {
  const now = performance.now();
  endAsked ??= now;
  if (now - endAsked > INSIST_AFTER) process.exit(1);
  ending.abort(new Error(`ended by ${name}`));
}

function wasAskedToEnd() {
  return endAsked !== undefined;
}

function nestVersion() {
  const file = join(root, 'node_modules', '@nestjs', 'core', 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, end);
try {
  await main();
} catch (error) {
  if (!wasAskedToEnd()) {
    process.stderr.write(`${box('The demo failed', messageOf(error))}\n`);
    process.exitCode = 1;
  }
}
