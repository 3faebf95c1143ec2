import { RedisClient, type RedisClientOptions } from 'nestjs-redwire/core';
import type { Random } from '../random.js';
import type { Journal } from './journal.js';
import type { MessageCheck } from './message-check.js';

/** Short, so that a round is quick; long enough for a busy machine to answer most commands in. ms */
const TIMES = {
  connectTimeout: 400,
  commandTimeout: 600,
  socketTimeout: 300,
  blockingTimeoutBuffer: 300,
} as const;

/** Clients that come and go: at times one is closed or destroyed under its callers, and a fresh one takes its place. */
export class Clients {
  /** Clients made so far. */
  made = 0;
  private readonly slots: RedisClient[];
  private readonly leaving: Promise<unknown>[] = [];

  constructor(
    count: number,
    private readonly port: number,
    private readonly protocol: 2 | 3,
    private readonly random: Random,
    private readonly journal: Journal,
    private readonly messages: MessageCheck,
  ) {
    this.slots = Array.from({ length: count }, () => this.make());
  }

  /** Those that live. */
  get all(): readonly RedisClient[] {
    return this.slots;
  }

  at(slot: number): RedisClient {
    return this.slots[slot]!;
  }

  /** Ends one in the middle of whatever it does; its callers find a fresh one. */
  replace(slot: number): void {
    const client = this.slots[slot]!;
    this.slots[slot] = this.make();
    if (this.random.chance(0.5)) client.destroy();
    else this.close(client, this.random.pick([0, 20, 300]));
  }

  /** Ends all; settles when whatever was begun has ended. */
  async end(): Promise<void> {
    for (const [slot, client] of this.slots.entries()) {
      if (slot % 2 === 0) client.destroy();
      else this.close(client, 1_000);
    }
    await Promise.all(this.leaving);
  }

  private close(client: RedisClient, timeout: number): void {
    const closed = this.journal.watchdog.guard(
      client.close({ timeout }),
      timeout,
      `close() within ${timeout} ms`,
    );
    this.leaving.push(
      closed.catch((error: unknown) => this.journal.violation(`close() failed with ${String(error)}`)),
    );
  }

  private make(): RedisClient {
    this.made++;
    const client = new RedisClient(this.options());
    this.leaving.push(this.messages.listen(client, this.random.fork()));
    return client;
  }

  private options(): RedisClientOptions {
    const { random, port, protocol } = this;
    return {
      ...TIMES,
      host: '127.0.0.1',
      port,
      protocol,
      clientName: random.chance(0.5) ? 'under-fire' : undefined,
      database: 0,
      reconnect: { delay: random.between(1, 10), maxDelay: 40 },
      queueSize: random.pick([150, 1_000, 1_000]),
      maxInFlight: random.pick([1, 7, 100, 16_384, 16_384]),
      readBufferSize: random.pick([64, 1_000, 65_536, 65_536]),
      writeBufferSize: random.pick([1, 500, 65_536, 65_536]),
      pipelineDepth: random.pick([1, 5, 64]),
      autoPipelining: random.chance(0.85),
      noDelay: random.chance(0.9),
    };
  }
}
