import type { RedisError } from '../errors.js';
import { remakeError } from '../late-error.js';
import { clock, deadlineAfter, type Ticking } from './coarse-clock.js';
import type { Command } from './command.js';
import { CommandContext } from './command-context.js';
import { timedOut } from './command-errors.js';
import type { ReconnectingConnection } from './reconnecting-connection.js';

/** The last PING of each connection. */
const pings = new WeakMap<ReconnectingConnection, SharedPing>();

/**
 * Asks the other end of a live connection for a sign of life: now or not at all. It waits in no queue, and is never sent a
 * second time, for who asks wants to know how things stand and not how they may stand later.
 *
 * While a PING is on its way it answers everybody who asks: a server that is stalled would else be sent one for every check, for
 * as long as its connection stands.
 *
 * @param timeout ms; 0 waits for as long as the connection lives.
 * @param createPing makes one of no other use.
 * @returns the time from the PING to its answer, ms.
 */
export async function probe(
  connection: ReconnectingConnection,
  timeout: number,
  createPing: () => Command,
): Promise<number> {
  let ping = pings.get(connection);
  if (ping === undefined || ping.isOver)
    pings.set(connection, (ping = new SharedPing(connection, createPing())));
  try {
    return await ping.answer(timeout);
  } catch (error) {
    // each who asked needs a stack of their own
    throw remakeError(error as RedisError);
  }
}

interface Waiter {
  /** Tick; 0 is never. */
  readonly deadline: number;
  resolve(latency: number): void;
  reject(error: unknown): void;
}

/** A PING on its way, and those who wait for its answer, each for as long as they like. */
class SharedPing implements Ticking {
  private readonly sent = performance.now();
  private readonly context: CommandContext;
  private readonly waiters = new Set<Waiter>();

  constructor(
    private readonly connection: ReconnectingConnection,
    private readonly command: Command,
  ) {
    this.context = command.context ??= new CommandContext();
    this.context.retry = false;
    connection.submitNow(command);
    command.promise.then(
      () => this.end((waiter) => waiter.resolve(performance.now() - this.sent)),
      (error: unknown) => this.end((waiter) => waiter.reject(error)),
    );
  }

  /** It was answered, or will never be. */
  get isOver(): boolean {
    return this.command.settled;
  }

  /** @param timeout ms; 0 is none. */
  answer(timeout: number): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      this.waiters.add({ deadline: deadlineAfter(timeout), resolve, reject });
    });
    this.context.unawaited = false;
    clock.join(this);
    return answered;
  }

  onTick(now: number): boolean {
    for (const waiter of this.waiters) {
      if (waiter.deadline === 0 || now <= waiter.deadline) continue;
      this.waiters.delete(waiter);
      const what = `Redis at ${this.connection.address} did not answer in time.`;
      waiter.reject(timedOut(this.command, what));
    }
    this.context.unawaited = this.waiters.size === 0;
    return this.waiters.size > 0;
  }

  private end(tell: (waiter: Waiter) => void): void {
    clock.leave(this);
    for (const waiter of this.waiters) tell(waiter);
    this.waiters.clear();
  }
}
