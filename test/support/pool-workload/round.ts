import { setTimeout as sleep } from 'node:timers/promises';
import { RedisClient, RedisPool } from 'nestjs-redwire/core';
import { eventually } from '../eventually.js';
import { type FaultMix, FaultProxy, randomFaults, totalOf } from '../fault-proxy/index.js';
import { Random } from '../random.js';
import { type ServerKind, startServer, type TestServer } from '../servers.js';
import { PoolBook } from './book.js';
import { Borrower } from './borrower.js';

const MIX: FaultMix = {
  weights: { cut: 4, reset: 4, truncate: 2, stall: 3, freeze: 2, delay: 4, split: 4, refuse: 3 },
  gap: 8_000,
  early: 0.15,
  longestStall: 150,
  forGood: 0.1,
};

const BORROWERS = 12;
/** A connection that sat idle for longer than this, ms, is looked at before it is lent. */
const TRUSTED_IDLE = 1_000;
/** ms in which what is under way comes to an end without faults, on a busy machine. */
const SETTLES = 15_000;

export interface PoolRoundOptions {
  readonly kind: ServerKind;
  readonly seed: number;
  /** Turns of each borrower between two lulls. */
  readonly turns: number;
  /** ms after which they pause though they have not come so far: there are pools of one connection. */
  readonly longest: number;
  /** Times that everybody pauses, for so long that idle connections are not trusted any more. */
  readonly lulls: number;
}

/** What happened in a round. */
export interface PoolRoundReport {
  readonly settings: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: number;
  readonly checks: number;
  /** ms */
  readonly time: number;
  readonly violations: readonly string[];
}

/**
 * Borrowers of one pool at work against a real server: through a proxy that commits faults, with connections that the
 * server kills, and servers that are killed themselves. {@link PoolBook} and {@link Borrower} check what must hold
 * throughout; afterwards, without faults, the pool must be as good as new, and in the end nothing may be left of it.
 */
export async function runPoolRound({
  kind,
  seed,
  turns,
  longest,
  lulls,
}: PoolRoundOptions): Promise<PoolRoundReport> {
  const started = performance.now();
  const random = new Random(seed);
  await using server = await startServer({ kind });
  await using admin = new RedisClient({
    url: server.url,
    commandTimeout: 0,
    reconnect: { delay: 5, maxDelay: 20 },
    retry: { attempts: 100, backoff: 5 },
  });
  await using proxy = await FaultProxy.start({
    target: { host: server.host, port: server.port },
    plan: randomFaults(seed, MIX),
  });
  const size = sizeOf(random, seed);
  const pool = new RedisPool({ ...size, ...connectionOf(random, proxy.port) });
  const book = new PoolBook(pool, size.max);
  const borrowers = Array.from({ length: BORROWERS }, () => {
    const parts = { pool, book, admin, acquireTimeout: size.acquireTimeout, longestWait: SETTLES };
    return new Borrower(parts, random.fork());
  });
  const looking = new AbortController();
  const looked = look(book, looking.signal);
  try {
    for (let part = 0; part <= lulls; part++) {
      const until = performance.now() + longest;
      const work = Promise.all(borrowers.map((borrower) => repeat(borrower, turns, until)));
      await trouble(server, admin, book, random.fork(), work);
      if (part < lulls) await sleep(TRUSTED_IDLE + 20);
    }
    proxy.heal();
    await isAsGoodAsNew(pool, admin, size);
    await end(pool, borrowers, book, random);
  } catch (error) {
    book.violation((error as Error).message);
  } finally {
    pool.destroy();
    looking.abort();
    await looked;
    book.watchdog.stop();
  }
  await leavesNothing(pool, admin, book);
  return {
    settings: JSON.stringify(size),
    counts: book.counts,
    faults: totalOf(proxy.counts),
    checks: book.checks,
    time: performance.now() - started,
    violations: book.violations,
  };
}

interface Size {
  readonly min: number;
  readonly max: number;
  readonly acquireTimeout: number;
  readonly idleTimeout: number;
}

function sizeOf(random: Random, seed: number): Size {
  const max = random.between(1, 6);
  return {
    min: random.between(0, Math.min(max, 3)),
    max,
    // seeds in a row have each of them
    acquireTimeout: [0, 40, 200, 1_000][Math.abs(seed) % 4]!,
    idleTimeout: random.pick([0, 30, 300, 60_000]),
  };
}

function connectionOf(random: Random, port: number): object {
  return {
    host: '127.0.0.1',
    port,
    protocol: random.pick([2, 3, 'auto']),
    connectTimeout: 300,
    commandTimeout: 500,
    socketTimeout: 250,
    reconnect: { delay: random.between(1, 10), maxDelay: 40 },
    retry: random.pick([false, 'idempotent']),
  };
}

async function repeat(borrower: Borrower, turns: number, until: number): Promise<void> {
  for (let nth = 0; nth < turns && performance.now() < until; nth++) await borrower.turn();
}

/** Compares the book with the pool, also where no borrower does anything. */
async function look(book: PoolBook, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(1);
    book.check();
  }
}

/** The server kills connections, and is killed itself once, while others work. */
async function trouble(
  server: TestServer,
  admin: RedisClient,
  book: PoolBook,
  random: Random,
  work: Promise<unknown>,
): Promise<void> {
  const state = { isOver: false };
  const done = work.finally(() => (state.isOver = true));
  const restartAfter = random.between(2, 6);
  for (let nth = 0; !state.isOver; nth++) {
    await sleep(random.between(10, 60));
    if (nth === restartAfter) {
      await server.kill();
      book.serverEnded();
      await server.restart();
      book.count('server restarted');
    } else if (random.chance(0.5)) {
      const victim = random.pick(await admin.clientList());
      await admin.call('CLIENT', 'KILL', 'ID', victim.id, 'SKIPME', 'yes');
    } else await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    book.count('killed by the server');
  }
  await done;
}

/** Without faults it keeps `min` connections, and comes back to that from whatever befalls it. */
async function isAsGoodAsNew(pool: RedisPool, admin: RedisClient, size: Size): Promise<void> {
  const isWarm = (fresh: number): void => {
    const { active, idle, waiting, total } = pool.stats();
    if (active !== 0 || waiting !== 0 || idle !== total || idle < size.min || fresh < size.min)
      throw new Error(`it does not come back: ${fresh} connections are new, ${JSON.stringify(pool.stats())}`);
  };
  await eventually(() => pool.connect({ deadline: SETTLES }), { timeout: SETTLES });
  await eventually(() => isWarm(Infinity), { timeout: SETTLES });
  const before = (await admin.clientList()).map(({ id }) => id);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await eventually(
    async () => isWarm((await admin.clientList()).filter(({ id }) => !before.includes(id)).length),
    { timeout: SETTLES },
  );
}

/** Ends the pool under its borrowers, in one way or the other. */
async function end(
  pool: RedisPool,
  borrowers: readonly Borrower[],
  book: PoolBook,
  random: Random,
): Promise<void> {
  const served = book.counts['lent'] ?? 0;
  // on a slow machine most of a hurried borrower's turns end in its acquireTimeout: they go on until some are served
  const work = Promise.all(
    borrowers.map(async (borrower) => {
      for (let nth = 0; nth < 10 || !book.isEnding; nth++) await borrower.turn();
    }),
  );
  try {
    await eventually(
      () => {
        const more = (book.counts['lent'] ?? 0) - served;
        if (more < 10) throw new Error(`${more} were served before the end, ${JSON.stringify(pool.stats())}`);
      },
      { timeout: SETTLES },
    );
  } finally {
    book.isEnding = true;
  }
  if (random.chance(0.5)) pool.destroy();
  else {
    const timeout = random.pick([0, 30, SETTLES]);
    await book.watchdog.guard(pool.close({ timeout }), timeout, 'close()');
  }
  await book.watchdog.guard(work, SETTLES, "the borrowers' work after the end");
}

async function leavesNothing(pool: RedisPool, admin: RedisClient, book: PoolBook): Promise<void> {
  const { active, idle, waiting, total } = pool.stats();
  if (active + idle + waiting + total !== 0)
    book.violation(`after the end stats are ${JSON.stringify(pool.stats())}`);
  const isGone = async (): Promise<boolean> => (await admin.clientList()).length === 1;
  await eventually(isGone, { timeout: SETTLES }).catch(() =>
    book.violation('connections are left on the server after the end'),
  );
}
