import { setImmediate as loop, setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from 'nestjs-redwire/core';
import type { Random } from '../../../support/index.js';

/** What blocking commands wait for, and where BLMOVE takes it. */
export const KEYS = { list: 'jobs', source: 'source', destination: 'destination', sorted: 'sorted' } as const;

/** How its caller gives a call up: by a signal, by a timeout of the call, or not at all. */
type GivenUp = 'signal' | 'timeout' | 'never';

/** Hands elements to blocking callers who give up at random moments, and knows what became of each element. */
export class BlockingCallers {
  readonly pushed: string[] = [];
  /** By callers of BLPOP and BZPOPMIN, and by those of BLMOVE. */
  readonly popped: string[] = [];
  readonly moved: string[] = [];
  /** Calls that were given up before anything came. */
  given = 0;
  /** Anything that must not be. */
  readonly violations: string[] = [];
  private readonly controllers = new Set<AbortController>();
  private isOver = false;

  constructor(
    private readonly client: RedisClient,
    private readonly producer: RedisClient,
    private readonly random: Random,
  ) {}

  /** So many callers, each with so many calls; elements come until the last has ended. */
  async run(callers: number, calls: number): Promise<void> {
    const produced = this.produce();
    await Promise.all(Array.from({ length: callers }, () => this.caller(calls, this.random.fork())));
    this.isOver = true;
    await produced;
  }

  private async caller(calls: number, random: Random): Promise<void> {
    for (let nth = 0; nth < calls; nth++) await this.call(random);
  }

  private async call(random: Random): Promise<void> {
    const how: GivenUp = random.pick(['signal', 'signal', 'timeout', 'never']);
    const controller = new AbortController();
    const view =
      how === 'signal'
        ? this.client.with({ signal: controller.signal })
        : how === 'timeout'
          ? this.client.with({ timeout: random.between(1, 20) })
          : this.client;
    const forget = how === 'signal' ? this.abortSometime(controller, random) : undefined;
    const name = random.pick(['BLPOP', 'BLMOVE', 'BZPOPMIN'] as const);
    try {
      if (name === 'BLPOP') this.took(name, this.popped, (await view.blpop(KEYS.list, 0))?.[1]);
      else if (name === 'BZPOPMIN')
        this.took(name, this.popped, (await view.bzpopmin(KEYS.sorted, 0))?.member);
      else this.took(name, this.moved, await view.blmove(KEYS.source, KEYS.destination, 'LEFT', 'RIGHT', 0));
    } catch (error) {
      this.failed(name, how, error as Error & { code?: string });
    } finally {
      forget?.();
    }
  }

  /** None of the commands has an end of its own: nobody may be told that there was nothing. */
  private took(name: string, taken: string[], element: string | null | undefined): void {
    if (typeof element === 'string') taken.push(element);
    else this.violations.push(`${name} gave ${String(element)} though it waits for ever`);
  }

  private failed(name: string, how: GivenUp, error: Error & { code?: string }): void {
    this.given++;
    const code = { signal: 'ABORTED', timeout: 'TIMEOUT', never: undefined }[how];
    if (error.code !== code) this.violations.push(`${name}, given up by ${how}: ${error.message}`);
  }

  /** At once, after a while, or together with the next element. */
  private abortSometime(controller: AbortController, random: Random): () => void {
    const abort = (): void => controller.abort('no longer wanted');
    const when = random.below(6);
    if (when === 0) abort();
    else if (when === 1) setImmediate(abort);
    else if (when === 2) setTimeout(abort, random.between(1, 20));
    else this.controllers.add(controller);
    return () => this.controllers.delete(controller);
  }

  private async produce(): Promise<void> {
    const { producer, random } = this;
    for (let nth = 0; !this.isOver; nth++) {
      const element = `element ${nth}`;
      this.pushed.push(element);
      const pushes = [
        () => producer.rpush(KEYS.list, element),
        () => producer.rpush(KEYS.source, element),
        () => producer.zadd(KEYS.sorted, nth, element),
      ];
      const isFirst = random.chance(0.5);
      if (!isFirst) this.abortOne();
      const pushed = random.pick(pushes)();
      if (isFirst) this.abortOne();
      await pushed;
      if (random.chance(0.3)) await sleep(random.between(0, 3));
      else await loop();
    }
  }

  private abortOne(): void {
    if (this.controllers.size > 0) this.random.pick([...this.controllers]).abort('no longer wanted');
  }
}
