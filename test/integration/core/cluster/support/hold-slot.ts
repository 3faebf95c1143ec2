import type { TestCluster, TestClusterNode } from '../../../../support/index.js';

/** A slot on its way. */
export interface HeldSlot {
  readonly slot: number;
  readonly source: TestClusterNode;
  readonly target: TestClusterNode;
  /** Lets it arrive. */
  finish(): Promise<void>;
}

/** Moves the slot of a key to another master, and holds it when half of its keys have gone over: of one key that is this one. */
export async function holdSlot(cluster: TestCluster, key: string): Promise<HeldSlot> {
  const slot = await cluster.slotOf(key);
  const source = await cluster.masterOf(slot);
  const target = (await cluster.masters()).find((node) => node !== source)!;
  let release!: () => void;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let moved!: Promise<void>;
  await new Promise<void>((resolve, reject) => {
    moved = cluster.moveSlot(slot, target, {
      onHalfWay: () => {
        resolve();
        return held;
      },
    });
    moved.catch(reject);
  });
  return {
    slot,
    source,
    target,
    finish: async () => {
      release();
      await moved;
    },
  };
}
