import type { ClusterSlotRange } from '../commands/reply-types.js';
import { CLUSTER_INFO, CLUSTER_SLOTS } from '../commands/commands.generated.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { CommandContext } from '../connection/command-context.js';
import { Command } from '../connection/command.js';
import { RedisServerError } from '../errors.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import type { ClusterNode } from './cluster-node.js';
import { readSlots, type ShardAddresses } from './slot-map.js';

/** What one node has told. */
export interface SlotsAnswer {
  readonly shards: readonly ShardAddresses[];
  /** The cluster is whole, as this node sees it. */
  readonly isOk: boolean;
  /** Of two answers the one with the higher epoch is the newer. */
  readonly epoch: number;
}

/** ms. A node that takes longer is of no help. */
const ANSWER_TIMEOUT = 2_000;

/**
 * Asks a node for the map of the slots, on its connection to commands, which is made where there is none.
 *
 * @throws {RedisError} why it has not told.
 */
export async function askForSlots(
  node: ClusterNode,
  nat: (address: ResolvedAddress) => ResolvedAddress,
): Promise<SlotsAnswer> {
  const { connection } = node.engine;
  if (connection.status !== 'ready') await connection.connect();
  const [slots, info] = await Promise.all([
    ask(node, CLUSTER_SLOTS) as Promise<ClusterSlotRange[]>,
    // without the right to ask, all that is missing is which of several answers is the newest
    (ask(node, CLUSTER_INFO) as Promise<string>).catch(() => ''),
  ]);
  const shards = readSlots(slots, node, nat);
  if (shards.length === 0)
    throw new RedisServerError(`ERR ${node.key} knows no node that has slots. Is it in a cluster?`, {
      command: CLUSTER_SLOTS.name,
    });
  return {
    shards,
    isOk: !/^cluster_state:fail/m.test(info),
    epoch: Number(/^cluster_current_epoch:(\d+)/m.exec(info)?.[1] ?? 0),
  };
}

function ask({ engine }: ClusterNode, spec: CommandSpec): Promise<unknown> {
  const command = new Command(spec, [], false);
  (command.context = new CommandContext()).retry = false;
  command.deadline = deadlineAfter(ANSWER_TIMEOUT);
  engine.connection.submitNow(command);
  return command.promise;
}
