import { outsideCallers } from './outside-callers.js';

/** Length of a tick, ms: how late a timeout may fire. */
const TICK = 20;

/** Something with deadlines. */
export interface Ticking {
  /** Called once per tick with the tick's number; answers false to be left out until it joins again. */
  onTick(now: number): boolean;
}

/**
 * One timer for every deadline of every client: commands note a tick number, and nothing is armed or cleared for them.
 *
 * It counts its own firings instead of reading the time. While the event loop is blocked no tick passes, so a reply
 * that waits in the socket behind a long computation is read before its command can time out.
 */
class CoarseClock {
  now = 0;
  private readonly members = new Set<Ticking>();
  private timer: NodeJS.Timeout | undefined;

  join(member: Ticking): void {
    this.members.add(member);
    this.timer ??= outsideCallers(() => setInterval(() => this.tick(), TICK));
  }

  leave(member: Ticking): void {
    if (this.members.delete(member) && this.members.size === 0) this.stop();
  }

  private tick(): void {
    const now = ++this.now;
    for (const member of this.members) {
      if (!member.onTick(now)) this.members.delete(member);
    }
    if (this.members.size === 0) this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

export const clock = new CoarseClock();

/** How many ticks make sure that `ms` have passed; one more than they fill, since the running tick is partly over. */
export function ticksFor(ms: number): number {
  return Math.ceil(ms / TICK) + 1;
}

/** How long it is at the least until a tick, ms. */
export function msUntil(tick: number): number {
  return Math.max(0, tick - clock.now - 1) * TICK;
}

/** The tick after which `ms` from now have passed for certain; 0 stands for never. */
export function deadlineAfter(ms: number): number {
  return ms === 0 || ms === Infinity ? 0 : clock.now + ticksFor(ms);
}
