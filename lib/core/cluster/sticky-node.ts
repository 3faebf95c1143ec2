import type { ClusterNode } from './cluster-node.js';

/** The same master every time, for as long as it answers: messages that are published one after another stay in order. */
export class StickyNode {
  private node: ClusterNode | undefined;

  /** @param choose any one that answers, where there is such a one. */
  constructor(private readonly choose: () => ClusterNode) {}

  get(): ClusterNode {
    const { node } = this;
    const status = node?.usedEngine?.status;
    const isFit = node?.role === 'master' && (status === 'ready' || status === 'connecting');
    return isFit ? node : (this.node = this.choose());
  }
}
