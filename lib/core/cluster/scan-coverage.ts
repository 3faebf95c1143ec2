import type { ClusterNode as NodeLine } from '../commands/reply-types.js';
import { SLOT_COUNT } from './slots/key-slot.js';

/** How a node had a slot: not, or not all the time. */
const NOT = 0;
/** All of it, all the time. */
const WHOLE = 1;
/** All the time, but keys of it went over to another node. */
const LEAVING = 2;
/** Its keys came in, and it was still another node's. */
const COMING = 3;

/** What one pass over a node's keys has seen of each slot: a cursor that went all the way round gave what was there all the time. */
export class PassCoverage {
  private readonly had = new Uint8Array(SLOT_COUNT);
  private looked = false;

  /**
   * Looks at the node's own line in CLUSTER NODES, after every step. What leaves and returns between two steps was there for both.
   *
   * @param seenBefore slots whose other keys were seen where they came from, before this pass began.
   */
  look(line: NodeLine, seenBefore: ReadonlySet<number>): void {
    const now = new Uint8Array(SLOT_COUNT);
    for (const { start, end } of line.slots) now.fill(WHOLE, start, end + 1);
    for (const { slot } of line.migrating) now[slot] = LEAVING;
    for (const { slot } of line.importing) if (now[slot] === NOT) now[slot] = COMING;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      let state = now[slot]!;
      if (state === COMING) state = seenBefore.has(slot) ? WHOLE : NOT;
      if (!this.looked) this.had[slot] = state;
      else if (state === NOT || this.had[slot] === NOT) this.had[slot] = NOT;
      else if (state === LEAVING) this.had[slot] = LEAVING;
    }
    this.looked = true;
  }

  /** Was all of it seen? */
  isWhole(slot: number): boolean {
    return this.had[slot] === WHOLE;
  }

  /** All but what went over to another node meanwhile. */
  isAllThatStayed(slot: number): boolean {
    return this.had[slot] === LEAVING;
  }
}
