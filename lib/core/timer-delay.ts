/** The longest delay that Node's timers take, ms; a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/** A delay that Node's timers take: 24 days for what is longer, Infinity too. */
export function timerDelay(ms: number): number {
  return Math.min(ms, LONGEST);
}
