import type { CommandSpec } from '../../commands/command-spec.js';
import { refuse } from '../../connection/command-errors.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import type { ResolvedOptions } from '../../resolve-options.js';
import { timerDelay } from '../../timer-delay.js';
import { MANY_SLOTS } from '../slots/command-slot.js';
import { SLOT_COUNT } from '../slots/key-slot.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { ClusterTopology } from '../topology/cluster-topology.js';
import type { CommandPolicy } from './command-policy.js';
import type { CommandShare } from './command-share.js';
import { CommandShares } from './command-shares.js';
import { crossSlotError } from './cross-slot-error.js';
import { mergeReplies } from './merge-replies.js';
import { clusterRefusal, policyOf } from './policy-of.js';
import { canSplit, joinReplies, splitBySlot, type SlotPart } from './split-by-slot.js';

/** ms in which a replica must be connected to be asked along with the others: one that is not there must not hold them up. */
const REPLICA_PATIENCE = 1_000;

/** What it needs of the engine whose commands these are. */
export interface FanOutHost {
  readonly options: ResolvedOptions;
  readonly topology: ClusterTopology;
  anyMaster(): ClusterNode;
  /** Keeps a command until it is known who has what, then sends it. */
  hold(command: PendingCommand): void;
  /** Where a command of that slot goes; undefined where nobody is known to have it. */
  nodeFor(slot: number, spec: CommandSpec): ClusterNode | undefined;
}

/**
 * Has a node get a command: now, or in its place in a pipeline.
 *
 * @param isFurther another part of the same call has its place at that node, and so has this one, however many wait.
 */
export type Put = (node: ClusterNode, command: PendingCommand, isFurther?: boolean) => void;

/** Sends the commands that no single slot decides about: to every node that they concern, or as one for each slot of their keys. */
export class FanOut {
  constructor(private readonly host: FanOutHost) {}

  /** @param slot that of its keys: none, several, or one that nobody is known to have. */
  send(command: PendingCommand, slot: number, put: Put): void {
    const { spec } = command;
    if (slot === MANY_SLOTS) {
      this.sendToSlots(command, put);
      return;
    }
    const refusal = slot < 0 ? clusterRefusal(spec) : undefined;
    if (refusal !== undefined) command.fail(() => refusal);
    else if (!this.host.topology.isKnown) this.host.hold(command);
    else this.sendByPolicy(command, slot < 0 ? policyOf(spec) : undefined, put);
  }

  private sendByPolicy(command: PendingCommand, policy: CommandPolicy | undefined, put: Put): void {
    const { topology } = this.host;
    switch (policy?.request) {
      case 'all_nodes':
      case 'all_shards':
        this.sendToNodes(command, policy, put);
        return;
      case 'slot_argument': {
        const node = topology.shardOf(Number(String(command.args[0])))?.master;
        put(node ?? this.host.anyMaster(), command);
        return;
      }
      default:
        put(this.host.anyMaster(), command);
    }
  }

  // ── one command for each slot ────────────────────────────────────────────────────────────────────────────────────

  private sendToSlots(command: PendingCommand, put: Put): void {
    const { spec, args } = command;
    const crossSlot = command.settings?.crossSlot ?? this.host.options.cluster!.crossSlot;
    if (crossSlot !== 'split' || !canSplit(spec)) {
      command.fail(() => crossSlotError([command]));
      return;
    }
    let parts: SlotPart[];
    try {
      parts = splitBySlot(spec, args);
    } catch (error) {
      command.fail(() => error as never);
      return;
    }
    // as one: it takes one place, however many slots it is for
    if (!this.host.topology.isKnown) {
      this.host.hold(command);
      return;
    }
    const shares = new CommandShares(command, {
      oneIsEnough: false,
      join: (outcomes) => joinReplies(spec, parts, outcomes),
    });
    for (const part of parts) shares.add(part.args);
    const begun = new Set<ClusterNode>();
    for (const [index, share] of shares.all.entries()) {
      const node = this.host.nodeFor(parts[index]!.slot, spec) ?? this.host.anyMaster();
      put(node, share, begun.has(node));
      // one that was refused has no place
      if (!share.settled) begun.add(node);
    }
  }

  // ── one command for each node ────────────────────────────────────────────────────────────────────────────────────

  private sendToNodes(command: PendingCommand, policy: CommandPolicy, put: Put): void {
    const { topology } = this.host;
    const masters = firstSlots(topology);
    const replicas = policy.request === 'all_nodes' ? topology.shards.flatMap((shard) => shard.replicas) : [];
    const nodes = new Map<CommandShare, ClusterNode>();
    const shares: CommandShares = new CommandShares(command, {
      oneIsEnough: policy.response === 'one_succeeded',
      join: (outcomes, settled) =>
        mergeReplies(
          command.spec,
          policy,
          outcomes,
          settled.map((share) => nodes.get(share)!.key),
        ),
      // what it has is its master's, and nobody could wait for it
      isExpendable: (share) => share.context.isPinned,
    });
    for (const node of new Set([...masters.keys(), ...replicas])) nodes.set(shares.add(command.args), node);
    for (const [share, node] of nodes) {
      const slot = masters.get(node);
      if (slot === undefined) {
        share.context.isPinned = true;
        share.context.retry = false;
      } else share.context.reissue = () => this.sendToMaster(share, slot, nodes);
    }
    for (const [share, node] of nodes) {
      if (share.context.isPinned) submitToReplica(share, node);
      else put(node, share);
    }
  }

  /** Once more, to the node that has taken the master's place, where one has. */
  private sendToMaster(share: CommandShare, slot: number, nodes: Map<CommandShare, ClusterNode>): void {
    const was = nodes.get(share)!;
    const node = this.host.topology.shardOf(slot)?.master;
    if (node === undefined) {
      refuse(share, 'DISCONNECTED', `${was.key} left the cluster, and no node has its slots.`);
      return;
    }
    if (node !== was) {
      // it has a share of its own already
      for (const [other, its] of nodes) {
        if (other === share || its !== node) continue;
        if (!other.context.isPinned) {
          share.drop();
          return;
        }
        // the replica that took its master's place: its share counts once
        other.drop();
      }
      nodes.set(share, node);
    }
    node.engine.connection.submit(share);
  }
}

/** The masters, each with one of its slots: by that whoever takes its place is found. */
function firstSlots(topology: ClusterTopology): Map<ClusterNode, number> {
  const found = new Map<ClusterNode, number>();
  const wanted = new Set(topology.masters).size;
  for (let slot = 0; slot < SLOT_COUNT && found.size < wanted; slot++) {
    const master = topology.shardOf(slot)?.master;
    if (master !== undefined && !found.has(master)) found.set(master, slot);
  }
  return found;
}

/** Where it is there, or soon is. */
function submitToReplica(share: CommandShare, { engine: { connection } }: ClusterNode): void {
  if (connection.status === 'ready') {
    connection.submitNow(share);
    return;
  }
  const proceed = (): void => {
    clearTimeout(timer);
    if (!share.settled) connection.submitNow(share);
  };
  const timer = setTimeout(proceed, timerDelay(REPLICA_PATIENCE));
  connection.connect().then(proceed, proceed);
}
