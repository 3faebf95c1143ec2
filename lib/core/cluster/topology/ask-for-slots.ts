import type { CommandSpec } from '../../commands/command-spec.js';
import { CLUSTER_INFO, CLUSTER_SHARDS, CLUSTER_SLOTS } from '../../commands/commands.generated.js';
import type { ClusterSlotRange, MixedRecord } from '../../commands/reply-types.js';
import { deadlineAfter } from '../../connection/coarse-clock.js';
import { CommandContext } from '../../connection/command-context.js';
import { Command } from '../../connection/command.js';
import { isFatalConnectError } from '../../connection/connect-error.js';
import { RedisServerError, type RedisError } from '../../errors.js';
import type { ResolvedAddress } from '../../resolve-topology.js';
import { readSlots, type ShardAddresses } from '../slots/slot-map.js';
import type { ClusterNode } from './cluster-node.js';
import { rangesOfShards } from './ranges-of-shards.js';

/** What one node has told. */
export interface SlotsAnswer {
  readonly shards: readonly ShardAddresses[];
  /** The cluster is whole, as this node sees it. */
  readonly isOk: boolean;
  /** Of two answers the one with the higher epoch is the newer; 0 where it is not known. */
  readonly epoch: number;
}

/** ms. A node that takes longer is of no help. */
const ANSWER_TIMEOUT = 2_000;

const NO_CLUSTER = /cluster support disabled/;

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
    askForRanges(node),
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

/** No other attempt mends that by itself: credentials, rights, certificates, or a server that is in no cluster at all. */
export function isFatalRefusal(error: RedisError): boolean {
  if (error instanceof RedisServerError) return error.code === 'NOPERM' || NO_CLUSTER.test(error.message);
  return isFatalConnectError(error);
}

/** By CLUSTER SLOTS, which every version has; by CLUSTER SHARDS where the user may ask that only. */
async function askForRanges(node: ClusterNode): Promise<ClusterSlotRange[]> {
  try {
    return (await ask(node, CLUSTER_SLOTS)) as ClusterSlotRange[];
  } catch (error) {
    if (!isMissingRight(error)) throw explain(node, error as RedisError);
  }
  try {
    const usesTls = node.engine.options.tls !== undefined;
    return rangesOfShards((await ask(node, CLUSTER_SHARDS)) as MixedRecord[], usesTls);
  } catch (cause) {
    if (!isMissingRight(cause)) throw cause;
    const message =
      'NOPERM this user may run neither CLUSTER SLOTS nor CLUSTER SHARDS, and one of them is what tells which node has which slots: ACL SETUSER <user> +cluster|slots';
    throw new RedisServerError(message, { command: CLUSTER_SLOTS.name, cause });
  }
}

function isMissingRight(error: unknown): boolean {
  return (error as RedisError).code === 'NOPERM';
}

function explain(node: ClusterNode, error: RedisError): RedisError {
  if (!NO_CLUSTER.test(error.message)) return error;
  return new RedisServerError(
    `ERR cluster support disabled: the server at ${node.key} is in no cluster. Leave the option \`cluster\` out, or give it nodes of one.`,
    { command: CLUSTER_SLOTS.name, cause: error },
  );
}

function ask({ engine }: ClusterNode, spec: CommandSpec): Promise<unknown> {
  const command = new Command(spec, [], false);
  (command.context = new CommandContext()).retry = false;
  command.deadline = deadlineAfter(ANSWER_TIMEOUT);
  engine.connection.submitNow(command);
  return command.promise;
}
