import type { CommandSpec } from '../../commands/command-spec.js';
import { shownName } from '../../commands/redaction.js';
import { RedisClientError } from '../../errors.js';
import { commandPolicies } from './command-policies.generated.js';
import type { CommandPolicy } from './command-policy.js';

let policies: Map<CommandSpec, CommandPolicy> | undefined;

/** What the client has instead of a command that no node can answer for the cluster. */
const INSTEAD: Readonly<Record<string, string>> = {
  SCAN: 'its cursor means something to one node only. Use scanIterator(), which goes over all of them',
};

/** The policy of a command; undefined for one that goes by the slot of its keys, or without keys to one master. */
export function policyOf(spec: CommandSpec): CommandPolicy | undefined {
  policies ??= commandPolicies();
  return policies.get(spec);
}

/** Why a cluster client does not send a command itself; undefined where it does. */
export function clusterRefusal(spec: CommandSpec): RedisClientError | undefined {
  const request = policyOf(spec)?.request;
  if (request !== 'named_node' && request !== 'special') return undefined;
  const why =
    INSTEAD[spec.name] ??
    'it is about one node, and does not say which. Send it to the node that you mean, by its own client: client.nodes() has them all';
  const name = shownName(spec.name);
  return new RedisClientError('NOT_FOR_CLUSTER', `${name} was not sent to the cluster: ${why}.`, {
    command: spec.name,
  });
}
