import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { RedisClient, RedisError } from 'nestjs-redwire/core';
import {
  eventually,
  type FaultMix,
  FaultProxy,
  givenSeed,
  Random,
  randomFaults,
  ONE_KIND,
  type ServerKind,
  startServer,
} from '../../support/index.js';

const SEED = givenSeed() ?? 20_260_201;
/** Of each round. */
const CORRUPTIONS = 800;
const CALLERS = 8;
/** ms; far above what a round takes. */
const LONGEST = 60_000;

/** Any byte changed to any other, some thirty replies apart. */
const CORRUPTING: FaultMix = { weights: { corrupt: 1 }, gap: 1_000, early: 0.3, longestStall: 1, forGood: 0 };

interface Round {
  readonly kind: ServerKind;
  readonly protocol: 2 | 3;
  readonly seed: number;
  readonly directions: readonly ('requests' | 'replies')[];
  readonly maxInFlight: number;
}

/** What callers were told: their own value, another's, one whose checksum is wrong, something else, an error. */
type Told = Record<'own' | 'foreign' | 'damaged' | 'other' | 'errors', number>;

/** A value that says whose it is, and shows when it was changed. No part of it looks like framing. */
function sealed(id: string): string {
  return `of-${id}-${checksum(`of-${id}`)}`;
}

function isSealed(text: string): boolean {
  return text.slice(-9) === `-${checksum(text.slice(0, -9))}`;
}

function checksum(text: string): string {
  return createHash('md5').update(text).digest('hex').slice(0, 8);
}

function judge(told: Told, value: unknown, own: string): void {
  if (value === own) told.own++;
  else if (typeof value !== 'string') told.other++;
  else if (isSealed(value)) told.foreign++;
  else told.damaged++;
}

/** Settles and is usable afterwards, or throws; tells what callers were told meanwhile. */
async function corrupt({ kind, protocol, seed, directions, maxInFlight }: Round): Promise<Told> {
  await using server = await startServer({ kind });
  const plan = randomFaults(seed, CORRUPTING);
  await using proxy = await FaultProxy.start({
    target: { host: server.host, port: server.port },
    plan: (connection) => {
      const { requests, replies } = plan(connection);
      return {
        ...(directions.includes('requests') ? { requests } : {}),
        ...(directions.includes('replies') ? { replies } : {}),
      };
    },
  });
  const told: Told = { own: 0, foreign: 0, damaged: 0, other: 0, errors: 0 };
  const end = performance.now() + LONGEST;
  const caller = async (slot: number, random: Random): Promise<void> => {
    await using client = new RedisClient({
      url: proxy.url,
      protocol,
      maxInFlight,
      connectTimeout: 300,
      commandTimeout: 250,
      socketTimeout: 150,
      reconnect: { delay: 1, maxDelay: 10 },
    });
    for (let turn = 0; proxy.counts.corrupt < CORRUPTIONS && performance.now() < end; turn++) {
      const burst = Array.from({ length: random.between(1, 8) }, async (_, index) => {
        const value = sealed(`${slot}.${turn}.${index}`);
        const ask = async (command: Promise<unknown>, own: unknown): Promise<void> => {
          try {
            judge(told, await command, own as string);
          } catch (error) {
            expect(error).toBeInstanceOf(RedisError);
            told.errors++;
          }
        };
        // the key is sealed too: a changed one is nobody's
        const key = `key-${value}`;
        await Promise.all([ask(client.set(key, value), 'OK'), ask(client.get(key), value)]);
        await ask(client.echo(value), value);
      });
      await Promise.all(burst);
    }
    await usableAfterwards(client, proxy);
  };
  const random = new Random(seed);
  await Promise.all(Array.from({ length: CALLERS }, (_, slot) => caller(slot, random.fork())));
  process.stderr.write(
    `[corruption] ${kind}, RESP${protocol}, ${directions.join(' and ')}, seed ${seed}: ${proxy.counts.corrupt} bytes changed; ${JSON.stringify(told)}\n`,
  );
  expect(proxy.counts.corrupt).toBeGreaterThanOrEqual(CORRUPTIONS);
  return told;
}

/** On a fresh connection: one whose bytes were changed without anybody noticing may be out of step for good. */
async function usableAfterwards(client: RedisClient, proxy: FaultProxy): Promise<void> {
  proxy.heal();
  for (const connection of proxy.connections) connection.reset();
  await eventually(async () => (await client.ping()) === 'PONG', { timeout: 10_000 });
  await eventually(async () => expect(await client.echo('again')).toBe('again'), { timeout: 10_000 });
  await eventually(() => client.inFlight === 0 && client.queued === 0, { timeout: 10_000 });
}

/**
 * RESP has no checksum. A client can notice what breaks the framing, and then trusts nothing more of that connection: the
 * property test does that (`garble`), and nothing is lost there but what was in flight. What changes content, or turns a
 * length into another that happens to fit, no client notices. What holds all the same:
 */
describe.each(ONE_KIND)('bytes changed on their way, %s (REDWIRE_SEED=' + String(SEED) + ')', (kind) => {
  it.each([2, 3] as const)(
    'RESP%d: with one command in flight no caller gets another’s value as it was sent, whatever happens to the replies',
    async (protocol) => {
      const seed = SEED + protocol;
      const told = await corrupt({ kind, protocol, seed, directions: ['replies'], maxInFlight: 1 });
      expect(told.foreign).toBe(0);
      expect(told.own).toBeGreaterThan(1_000);
      expect(told.damaged + told.errors).toBeGreaterThan(0);
    },
    LONGEST + 60_000,
  );

  // requests too: a server that reads another command, or two, answers that. Then replies go to the next caller until
  // the connection ends, and nobody can notice: how often is printed, not promised
  it.each([2, 3] as const)(
    'RESP%d: every promise settles, nothing crashes, and the client is usable afterwards, whatever happens either way',
    async (protocol) => {
      const seed = SEED + 10 + protocol;
      const told = await corrupt({
        kind,
        protocol,
        seed,
        directions: ['requests', 'replies'],
        maxInFlight: 16_384,
      });
      expect(told.own).toBeGreaterThan(100);
      expect(told.damaged + told.errors).toBeGreaterThan(0);
    },
    LONGEST + 60_000,
  );
});
