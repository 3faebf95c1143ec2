import { RedisError, type RedisClient, type Subscription } from 'nestjs-redwire/core';
import type { Random } from '../random.js';
import type { Journal } from './journal.js';

/** How exact the times of two events of one turn of the loop are, ms. */
const BLUR = 5;

interface Deafness {
  /** `performance.now()` of its end. */
  readonly at: number;
  /** ms */
  readonly gap: number;
}

/** Publishes numbered messages, and checks that subscriptions get them in order, none twice, and miss none untold. */
export class MessageCheck {
  /** Messages that subscriptions gave. */
  received = 0;
  /** Times that messages were missed, and told so. */
  gaps = 0;
  private published = 0;

  constructor(
    private readonly admin: RedisClient,
    private readonly journal: Journal,
  ) {}

  async publish(): Promise<void> {
    const number = this.published++;
    await this.admin.publish('news:all', `${number} ${'x'.repeat(number % 50 === 0 ? 5_000 : number % 7)}`);
  }

  /** Listens until the client is closed. */
  async listen(client: RedisClient, random: Random): Promise<void> {
    const pattern = random.chance(0.5);
    while (client.status !== 'closing' && client.status !== 'closed') {
      const subscribed = pattern ? client.psubscribe('news:*') : client.subscribe('news:all');
      const limit = client.options.commandTimeout;
      const outcome = await this.journal.attempt(subscribed, { what: 'SUBSCRIBE', limit });
      if (outcome.ok) await this.follow(outcome.value);
    }
  }

  private async follow(subscription: Subscription): Promise<void> {
    const missed: number[] = [];
    const told: Deafness[] = [];
    subscription.on('resubscribed', ({ gap }) => told.push({ at: performance.now(), gap }));
    let last = -1;
    try {
      for await (const { data } of subscription) {
        const number = Number(data.slice(0, data.indexOf(' ')));
        if (!(number > last)) this.journal.violation(`message ${number} came after message ${last}`);
        if (last !== -1 && number > last + 1) missed.push(performance.now());
        last = number;
        this.received++;
      }
    } catch (error) {
      if (!(error instanceof RedisError))
        this.journal.violation(`a subscription failed with ${String(error)}`);
    }
    this.gaps += missed.length;
    for (const at of untold(missed, told))
      this.journal.violation(
        `messages were missed at ${at.toFixed(0)} ms, and no \`resubscribed\` told of it`,
      );
  }
}

/**
 * The misses that no deafness explains. One is noticed with the first message after it: while the subscription is being
 * restored, or afterwards, and then once only.
 */
function untold(missed: readonly number[], told: readonly Deafness[]): number[] {
  const explained = new Set<Deafness>();
  return missed.filter((at) => {
    if (told.some((deaf) => at >= deaf.at - deaf.gap - BLUR && at <= deaf.at + BLUR)) return false;
    const before = told.findLast((deaf) => deaf.at <= at);
    if (before === undefined || explained.has(before)) return true;
    explained.add(before);
    return false;
  });
}
