/** ms after which an older map is believed that nobody contradicts: the cluster may have been set up anew. */
const DOUBT = 5_000;

/**
 * Keeps the map of the slots from going back and forth: a node that is cut off from its fellows tells an old one, and may be the
 * only one that is asked at a time.
 */
export class EpochGuard {
  private highest = 0;
  private doubtedSince: number | undefined;

  /** @param epoch of the cluster, as the node has it that tells the map; 0 where it did not say. */
  admits(epoch: number): boolean {
    const now = performance.now();
    if (epoch !== 0 && epoch < this.highest) {
      this.doubtedSince ??= now;
      if (now - this.doubtedSince < DOUBT) return false;
    }
    this.doubtedSince = undefined;
    if (epoch !== 0) this.highest = epoch;
    return true;
  }
}
