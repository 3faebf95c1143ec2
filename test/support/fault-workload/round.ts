import { setTimeout as sleep } from 'node:timers/promises';
import { RedisClient } from 'nestjs-redwire/core';
import { eventually } from '../eventually.js';
import { type FaultCounts, type FaultMix, FaultProxy, randomFaults, totalOf } from '../fault-proxy/index.js';
import { Random } from '../random.js';
import { type ServerKind, startServer } from '../servers.js';
import { Clients } from './clients.js';
import { Journal } from './journal.js';
import { MessageCheck } from './message-check.js';
import { FIXTURES, operate } from './operations.js';
import { QueueCheck } from './queue-check.js';
import { WriteLedger } from './write-ledger.js';

/** Every fault that a client can notice, or that only delays. */
export const NOTICEABLE: FaultMix = {
  weights: {
    cut: 4,
    reset: 4,
    truncate: 3,
    stall: 3,
    freeze: 2,
    delay: 6,
    split: 8,
    trickle: 3,
    garble: 4,
    refuse: 4,
  },
  gap: 60_000,
  early: 0.25,
  longestStall: 150,
  forGood: 0.15,
};

const CLIENTS = 3;
/** Callers of one client, each with a burst of commands at a time. */
const CALLERS = 8;
const BLOCKING_CALLERS = 2;
const LONGEST_BURST = 24;
/** Between two messages, and two elements, ms: the work is the callers'. */
const PACE = 1;
/** The share of a caller's turns after which its client is replaced. */
const REPLACED = 0.01;

export interface RoundOptions {
  readonly kind: ServerKind;
  readonly protocol: 2 | 3;
  readonly seed: number;
  /** The round goes on until so many commands were issued, so many of them answered, and so many faults took effect. */
  readonly commands?: number;
  readonly answers: number;
  readonly faults: number;
  /** ms after which it ends though it has not come so far. */
  readonly longest: number;
  readonly mix?: FaultMix;
}

/** What happened in a round. */
export interface RoundReport {
  readonly commands: number;
  readonly faults: FaultCounts;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly clients: number;
  readonly connections: number;
  readonly messages: number;
  readonly gaps: number;
  readonly handed: number;
  /** ms */
  readonly time: number;
  readonly violations: readonly string[];
}

/**
 * Callers of several clients at work against a real server, through a proxy that commits faults. What must hold
 * throughout is in the checks that take part; afterwards, without faults, the clients must be as good as new, and what
 * is on the server must agree with what the callers were told.
 */
export async function runRound(options: RoundOptions): Promise<RoundReport> {
  const { kind, protocol, seed, commands = 0, mix = NOTICEABLE } = options;
  const started = performance.now();
  const random = new Random(seed);
  await using server = await startServer({ kind });
  await using admin = new RedisClient({ url: server.url, commandTimeout: 0 });
  await using proxy = await FaultProxy.start({
    target: { host: server.host, port: server.port },
    plan: randomFaults(seed, mix),
  });
  await admin.set(FIXTURES.text, 'a text');
  await admin.rpush(FIXTURES.list, FIXTURES.elements);

  const journal = new Journal();
  const ledger = new WriteLedger(journal);
  const queue = new QueueCheck(admin, journal);
  const messages = new MessageCheck(admin, journal);
  const clients = new Clients(CLIENTS, proxy.port, protocol, random.fork(), journal, messages);
  try {
    const goesOn = (): boolean =>
      (journal.commands < commands ||
        journal.answered < options.answers ||
        totalOf(proxy.counts) < options.faults) &&
      journal.violations.length === 0 &&
      performance.now() - started < options.longest;
    await work({ random, journal, ledger, clients, queue, messages, goesOn });
    proxy.heal();
    await Promise.all(clients.all.map((client) => checkUsable(client, journal)));
  } finally {
    await clients.end();
    journal.watchdog.stop();
  }
  // what a stall held back may still be on its way to the server
  await eventually(() => proxy.connections.size === 0, { timeout: 20_000 });
  await eventually(async () => (await admin.clientList()).length === 1, { timeout: 20_000 });
  await ledger.verify(admin);
  await queue.verify();
  return {
    commands: journal.commands,
    faults: proxy.counts,
    outcomes: journal.outcomes,
    clients: clients.made,
    connections: proxy.accepted,
    messages: messages.received,
    gaps: messages.gaps,
    handed: queue.handed,
    time: performance.now() - started,
    violations: journal.violations,
  };
}

interface Work {
  readonly random: Random;
  readonly journal: Journal;
  readonly ledger: WriteLedger;
  readonly clients: Clients;
  readonly queue: QueueCheck;
  readonly messages: MessageCheck;
  goesOn(): boolean;
}

/** Callers, blocking callers, and those who feed them; until it is enough. */
async function work({ random, journal, ledger, clients, queue, messages, goesOn }: Work): Promise<void> {
  let calls = 0;
  const caller = async (slot: number, own: Random): Promise<void> => {
    while (goesOn()) {
      const client = clients.at(slot);
      const burst = Array.from({ length: own.between(1, LONGEST_BURST) }, () =>
        operate({ client, random: own, journal, ledger, id: `${slot}.${calls++}` }),
      );
      if (own.chance(REPLACED)) clients.replace(slot);
      await Promise.all(burst);
    }
  };
  const blockingCaller = async (slot: number, own: Random): Promise<void> => {
    while (goesOn()) await queue.take(clients.at(slot), own);
  };
  const feeder = async (): Promise<void> => {
    while (goesOn()) {
      await queue.feed();
      await messages.publish();
      await sleep(PACE);
    }
  };
  const slots = Array.from({ length: CLIENTS }, (_, slot) => slot);
  await Promise.all([
    feeder(),
    ...slots.flatMap((slot) => Array.from({ length: CALLERS }, () => caller(slot, random.fork()))),
    ...slots.flatMap((slot) =>
      Array.from({ length: BLOCKING_CALLERS }, () => blockingCaller(slot, random.fork())),
    ),
  ]);
}

/** Without faults it must answer again, and nothing may be left behind. */
async function checkUsable(client: RedisClient, journal: Journal): Promise<void> {
  try {
    await eventually(async () => (await client.ping()) === 'PONG', { timeout: 10_000 });
    await eventually(async () => (await client.echo('again')) === 'again', { timeout: 10_000 });
    await eventually(() => client.inFlight === 0 && client.queued === 0, { timeout: 10_000 });
  } catch (error) {
    journal.violation(`after the faults a client is not usable: ${(error as Error).message}`);
  }
}
