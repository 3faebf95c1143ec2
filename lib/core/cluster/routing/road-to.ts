import { CommandFlag } from '../../commands/command-spec.js';
import type { Road, ShownCommand } from '../../observation/command-infos.js';
import { slotOf } from '../slots/command-slot.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { ClusterTopology } from '../topology/cluster-topology.js';

/** What decides where commands go. */
interface Sight {
  readonly topology: ClusterTopology;
  /** Reads may go to replicas. */
  readonly readsReplicas: boolean;
}

/**
 * What those who watch a command are told of where it goes. Undefined where no slot decides about that, and of a read that any
 * of several nodes may answer: to choose one for the telling would be a turn that is missing when it is sent.
 */
export function roadTo(sight: Sight, { spec, args }: ShownCommand): Road | undefined {
  const node = masterOf(sight, spec, args);
  if (node === undefined || (spec.flags & CommandFlag.BLOCKING) === 0) return node;
  // it waits for a connection of its own, whose other end is not known yet
  return { target: node.target, peer: undefined };
}

/** The same of commands that are sent as one: undefined where they go to several nodes. */
export function roadToAll(sight: Sight, commands: readonly ShownCommand[]): Road | undefined {
  let only: ClusterNode | undefined;
  for (const { spec, args } of commands) {
    const node = masterOf(sight, spec, args);
    if (node === undefined || (only !== undefined && node !== only)) return undefined;
    only = node;
  }
  return only;
}

function masterOf(
  { topology, readsReplicas }: Sight,
  spec: ShownCommand['spec'],
  args: ShownCommand['args'],
): ClusterNode | undefined {
  if (readsReplicas && (spec.flags & CommandFlag.READONLY) !== 0) return undefined;
  const slot = slotOf(spec, args);
  return slot < 0 ? undefined : topology.shardOf(slot)?.master;
}
