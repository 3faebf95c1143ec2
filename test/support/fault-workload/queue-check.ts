import type { RedisClient } from 'nestjs-redwire/core';
import type { Random } from '../random.js';
import type { Journal } from './journal.js';

const KEY = 'jobs';
/** Elements that wait at most: with more no BLPOP would ever block. */
const MOST_WAITING = 3;

/** Hands elements to blocking callers and sees to it that each goes to one of them at most. */
export class QueueCheck {
  /** Elements that callers got. */
  handed = 0;
  private pushed = 0;
  private readonly open = new Set<string>();

  constructor(
    private readonly admin: RedisClient,
    private readonly journal: Journal,
  ) {}

  /** Pushes another element, over a connection without faults, unless some wait. */
  async feed(): Promise<void> {
    if ((await this.admin.llen(KEY)) >= MOST_WAITING) return;
    const element = `job ${this.pushed++}`;
    this.open.add(element);
    await this.admin.rpush(KEY, element);
  }

  /** One blocking caller's turn. */
  async take(client: RedisClient, random: Random): Promise<void> {
    const seconds = random.pick([0.02, 0.05, 0.15]);
    const { commandTimeout, blockingTimeoutBuffer } = client.options;
    const limit = commandTimeout + seconds * 1_000 + blockingTimeoutBuffer;
    const what = `BLPOP for ${seconds} s`;
    const outcome = await this.journal.attempt(client.blpop(KEY, seconds), { what, limit });
    if (!outcome.ok || outcome.value === null) return;
    const [key, element] = outcome.value;
    this.journal.same(key, KEY, what);
    if (!this.open.delete(element))
      this.journal.violation(`${what} got ${element}, which another caller got`);
    this.handed++;
  }

  /** What is left in the list was handed to nobody. */
  async verify(): Promise<void> {
    for (const element of await this.admin.lrange(KEY, 0, -1))
      if (!this.open.delete(element))
        this.journal.violation(`${element} was handed to a caller and is there again`);
  }
}
