import type { RedisPool, RedisSession } from 'nestjs-redwire/core';
import { Watchdog } from '../fault-workload/watchdog.js';

/** Past its deadline a promise may take so much longer before it counts as hanging, ms. */
const SLACK = 15_000;
/** Violations kept: the first ones tell, a thousand more of the same do not. */
const MOST_KEPT = 20;

/** What the test itself knows of a pool: who waits, who holds what. Compares it with what the pool says, and keeps what is wrong. */
export class PoolBook {
  readonly violations: string[] = [];
  /** How often what happened: `lent`, `left MULTI`, `RedisTimeoutError pool` … */
  readonly counts: Record<string, number> = {};
  /** Times that the whole book was compared with `stats()`. */
  checks = 0;
  readonly watchdog = new Watchdog(SLACK, (what) => this.violation(`${what} did not settle`));
  /** The test has begun to end the pool. */
  isEnding = false;
  private asked = 0;
  /** The last to have come of those that were served. */
  private lastServed = -1;
  private readonly waiting = new Set<number>();
  private readonly lent = new Set<RedisSession>();
  private readonly holders = new Map<string, RedisSession>();
  /** Grows with each start of the server, whose numbers for connections begin anew. */
  private era = 0;

  constructor(
    private readonly pool: RedisPool,
    private readonly max: number,
  ) {}

  violation(what: string): void {
    if (this.violations.length < MOST_KEPT) this.violations.push(what);
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Somebody asks for a connection. Gives the place in the line. */
  ask(): number {
    const place = this.asked++;
    this.waiting.add(place);
    return place;
  }

  served(place: number, session: RedisSession): void {
    this.waiting.delete(place);
    this.lent.add(session);
    this.lastServed = Math.max(this.lastServed, place);
    this.count('lent');
    if (this.isEnding) return;
    const { status, inFlight } = session;
    // what undoes an earlier borrower's MULTI or WATCH may be under way
    if (status !== 'ready' || inFlight > 1)
      this.violation(`a connection was lent that is ${status}, with ${inFlight} commands in flight`);
  }

  gaveUp(place: number): void {
    this.waiting.delete(place);
  }

  /** To be called in the same step as the release. */
  released(session: RedisSession): void {
    this.lent.delete(session);
    for (const [id, holder] of this.holders) if (holder === session) this.holders.delete(id);
  }

  get eraNow(): number {
    return this.era;
  }

  /** The server was killed: what it said before says nothing about what it says from now on. */
  serverEnded(): void {
    this.era++;
    this.holders.clear();
  }

  /** A holder has asked the server for the number of its connection, in the era that still is. */
  noteId(id: number, era: number, session: RedisSession): void {
    if (era !== this.era || !this.lent.has(session)) return;
    const key = `${era}:${id}`;
    const other = this.holders.get(key);
    if (other !== undefined && other !== session) this.violation(`connection ${id} is lent to two at a time`);
    this.holders.set(key, session);
  }

  /** What holds at any time, also between two steps. */
  checkBounds(): void {
    const { active, idle, waiting, total } = this.pool.stats();
    const isSound = active >= 0 && idle >= 0 && waiting >= 0 && active + idle <= total && total <= this.max;
    if (!isSound) this.violation(`stats are ${JSON.stringify(this.pool.stats())} with max ${this.max}`);
  }

  /** What holds between two turns of the event loop, when everybody knows what has become of him. */
  check(): void {
    this.checks++;
    this.checkBounds();
    const { active, waiting } = this.pool.stats();
    if (waiting !== this.waiting.size)
      this.violation(`${waiting} wait by stats(), ${this.waiting.size} in truth`);
    // destroy() takes back what is lent
    if (active !== this.lent.size && !this.isEnding)
      this.violation(`${active} are lent by stats(), ${this.lent.size} in truth`);
    const [first = Infinity] = this.waiting;
    if (first < this.lastServed)
      this.violation(`number ${this.lastServed} was served, number ${first} still waits`);
  }
}
