/**
 * To whom a command goes, where the slot of its keys does not say it:
 *
 * - `all_nodes`      every node, replicas too
 * - `all_shards`     every master
 * - `multi_shard`    by the slot of its keys; where they are of several slots, it can be split into one command for each
 * - `slot_argument`  the master of the slot that its first argument is the number of
 * - `named_node`     the node that the caller means, and no other: a cluster client refuses it, a node's own client takes it
 * - `special`        nobody as it is: the client has another way to the same end
 */
export type RequestPolicy =
  'all_nodes' | 'all_shards' | 'multi_shard' | 'slot_argument' | 'named_node' | 'special';

/**
 * What becomes of several replies:
 *
 * - `all_succeeded`    the first reply, if no node failed
 * - `one_succeeded`    the first reply there is
 * - `agg_sum`          the sum; of records and lists, member by member
 * - `agg_min`          the least; of lists, member by member
 * - `agg_logical_and`  1 if all say 1; of lists, member by member
 * - `concatenated`     the lists one after the other
 * - `distinct`         the same, each text once
 * - `any_found`        one of those that are not null
 * - `single`           there is only one
 */
export type ResponsePolicy =
  | 'all_succeeded'
  | 'one_succeeded'
  | 'agg_sum'
  | 'agg_min'
  | 'agg_logical_and'
  | 'concatenated'
  | 'distinct'
  | 'any_found'
  | 'single';

/** How a command is sent to a cluster and answered, beyond what the slot of its keys says. */
export interface CommandPolicy {
  readonly request: RequestPolicy;
  readonly response: ResponsePolicy;
}
