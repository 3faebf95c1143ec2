import type { ClusterNode } from './cluster-node.js';

/** The same node every time, for as long as it answers: messages that are published one after another stay in order. */
export class StickyNode {
  private node: ClusterNode | undefined;

  /** @param choose any one that answers, where there is such a one. */
  constructor(private readonly choose: () => ClusterNode) {}

  get(): ClusterNode {
    const status = this.node?.usedEngine?.status;
    if (this.node === undefined || (status !== 'ready' && status !== 'connecting')) this.node = this.choose();
    return this.node;
  }
}
