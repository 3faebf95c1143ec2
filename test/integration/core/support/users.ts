import { expect } from '@jest/globals';
import { RedisClient, RedisPool, type RedisClientOptions, type Subscription } from 'nestjs-redwire/core';
import { eventually } from '../../../support/index.js';

/** Short delays: an outage of a test ends as soon as the server is back. */
const QUICK: RedisClientOptions = { reconnect: { delay: 20, maxDelay: 100 } };

/** So long that only a wait that never ends reaches it, ms. */
const SETTLES = 20_000;

let turns = 0;

/**
 * Everybody who uses a server: callers of a shared client, one who blocks, one who listens, borrowers of a pool. Brings
 * them up before a trouble, notes what they hear of it, and shows that each is served again after it.
 */
export class Users {
  /** What the shared client told, in order: `connect`, `ready`, `disconnect:server_closed`, `error:LOADING`; delays left out. */
  readonly events: string[] = [];
  /** How long the subscription was deaf, ms, for each time it came back. */
  readonly gaps: number[] = [];
  private readonly received: string[] = [];
  private subscription: Subscription | undefined;

  private constructor(
    readonly client: RedisClient,
    readonly pool: RedisPool,
  ) {
    client.on('connect', () => this.events.push('connect'));
    client.on('ready', () => this.events.push('ready'));
    client.on('disconnect', ({ reason }) => this.events.push(`disconnect:${reason}`));
    client.on('error', ({ code }) => this.events.push(`error:${code}`));
  }

  /** All of them connected, and each served once. */
  static async start(options: RedisClientOptions): Promise<Users> {
    const all = { ...QUICK, ...options };
    const users = new Users(new RedisClient(all), new RedisPool({ ...all, min: 1, max: 3 }));
    try {
      await users.client.connect();
      await users.listen();
      await users.roundtrip();
    } catch (error) {
      users.destroy();
      throw error;
    }
    users.events.length = 0;
    return users;
  }

  /** Serves each of them once, all by values that no earlier turn used. */
  async roundtrip(): Promise<void> {
    const { client, pool } = this;
    const turn = `turn:${++turns}`;
    expect(await client.set(turn, turn)).toBe('OK');
    expect(await client.get(turn)).toBe(turn);
    expect((await client.buffers.get(turn))?.toString()).toBe(turn);
    expect(await client.rpush(`list:${turn}`, turn)).toBe(1);
    expect(await client.blpop(`list:${turn}`, 1)).toEqual([`list:${turn}`, turn]);
    expect(await pool.use((lent) => lent.getdel(turn))).toBe(turn);
    expect(await client.publish('users', turn)).toBe(1);
    await eventually(() => this.received.includes(turn));
  }

  /**
   * They are all served again without anybody's doing.
   *
   * @param waiting blocking commands of the test that are still to wait on the server afterwards.
   */
  async recover(waiting = 0): Promise<void> {
    await eventually(() => this.roundtrip(), { timeout: SETTLES });
    expect(this.client.status).toBe('ready');
    expect(this.client.inFlight).toBe(waiting);
    expect(this.client.queued).toBe(0);
    expect(this.client.subscriptions).toBe(1);
    expect(this.pool.stats()).toMatchObject({ active: 0, waiting: 0 });
  }

  destroy(): void {
    this.client.destroy();
    this.pool.destroy();
  }

  private async listen(): Promise<void> {
    this.subscription = await this.client.subscribe('users');
    this.subscription.on('resubscribed', ({ gap }) => this.gaps.push(gap));
    void this.read(this.subscription);
  }

  private async read(subscription: Subscription): Promise<void> {
    for await (const { data } of subscription) this.received.push(data);
  }
}

/** What a promise was refused with; it is a fault of the test where it was kept. */
export async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: Refusal) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`Expected an error, got ${String(outcome.value)}.`);
}

/** Any error of the client, as tests look at it. */
export interface Refusal extends Error {
  readonly code: string;
  readonly command?: string;
  readonly reason?: string;
  readonly kind?: string;
}

/** Repeats in a row count once: how often a client tried in an outage is chance. */
export function withoutRepeats(events: readonly string[]): string[] {
  return events.filter((event, index) => event !== events[index - 1]);
}
