import { clock, ticksFor } from '../../connection/coarse-clock.js';
import type { ClusterNode } from './cluster-node.js';

/** What is under way at a node that left has so long to be answered, ms. */
const PATIENCE = 5_000;

/**
 * Nodes that are in the map no more, and still have something to answer. Their connections are not made again: what is lost with
 * one is sent where it belongs by now, or fails.
 */
export class Departures {
  /** Until which tick each has time. */
  private readonly leaving = new Map<ClusterNode, number>();

  get size(): number {
    return this.leaving.size;
  }

  get nodes(): Iterable<ClusterNode> {
    return this.leaving.keys();
  }

  /** Ends the connections of a node, once what was sent there is answered. */
  add(node: ClusterNode): void {
    const { usedEngine: engine } = node;
    if (engine === undefined) return;
    if (engine.inFlight > 0) this.leaving.set(node, clock.now + ticksFor(PATIENCE));
    else this.end(node);
  }

  /** Nothing comes from there any more. */
  end(node: ClusterNode): void {
    this.leaving.delete(node);
    const { usedEngine: engine } = node;
    // its connections tell of their ends, one after the other
    if (engine !== undefined && engine.status !== 'closing' && engine.status !== 'closed')
      void engine.close(undefined);
  }

  onTick(now: number): void {
    for (const [node, until] of this.leaving) {
      const { engine } = node;
      if (engine.inFlight === 0) this.end(node);
      else if (now > until) engine.drop(`The node at ${node.key} left the cluster, and did not answer.`);
    }
  }
}
