/**
 * Where a cluster client sends a command, and what it makes of several replies. Servers tell some of it as tips of COMMAND
 * INFO (`request_policy:…`, `response_policy:…`); what they leave unsaid, or say in a way that does not suit the command's
 * reply, is told here. All of this table is this project's own. lib/core/cluster/many-nodes/command-policy.ts says what the words mean.
 */

const REQUESTS = ['all_nodes', 'all_shards', 'multi_shard', 'slot_argument', 'named_node', 'special'];
const RESPONSES = [
  'all_succeeded',
  'one_succeeded',
  'agg_sum',
  'agg_min',
  'agg_logical_and',
  'concatenated',
  'distinct',
  'any_found',
  'single',
];

/** No policy: by the slot of its keys, or without keys to one master. */
const NONE = null;
const everyNode = { request: 'all_nodes', response: 'all_succeeded' };
const everyShard = { request: 'all_shards', response: 'all_succeeded' };
/** About one server, by a number that means something else on the next, or a report on that server itself. */
const namedNode = { request: 'named_node', response: 'single' };
/** Its first argument is the slot. */
const slotArgument = { request: 'slot_argument', response: 'single' };

/** @type {Record<string, { request: string, response: string } | null>} */
export const policyOverlay = {
  // the tips of SETUSER, DELUSER and SAVE say all nodes: users on one node only would be a trap
  'ACL LOAD': everyNode,
  'ACL LOG': { request: 'all_nodes', response: 'concatenated' },

  // "save what there is" is meant of all of it; the oldest of the shards' times is since when all of it is saved
  BGREWRITEAOF: everyShard,
  BGSAVE: everyShard,
  SAVE: everyShard,
  LASTSAVE: { request: 'all_shards', response: 'agg_min' },

  // settings of connections, as SETNAME and SETINFO are; PAUSE on one node would pause a part of the keys
  'CLIENT CAPA': everyNode,
  'CLIENT IMPORT-SOURCE': everyNode,
  'CLIENT NO-EVICT': everyNode,
  'CLIENT NO-TOUCH': everyNode,
  'CLIENT PAUSE': everyNode,
  'CLIENT UNPAUSE': everyNode,
  'CLIENT LIST': { request: 'all_nodes', response: 'concatenated' },
  // each node counts its connections from 1: an id that is meant for one would hit another elsewhere
  'CLIENT KILL': namedNode,
  'CLIENT UNBLOCK': namedNode,

  'CLUSTER COUNTKEYSINSLOT': slotArgument,
  'CLUSTER GETKEYSINSLOT': slotArgument,
  'CLUSTER FLUSHSLOT': slotArgument,
  'CLUSTER SAVECONFIG': everyNode,
  'CLUSTER GETSLOTMIGRATIONS': { request: 'all_shards', response: 'concatenated' },
  // what builds a cluster up is said to each node apart, and differs from node to node
  'CLUSTER ADDSLOTS': namedNode,
  'CLUSTER ADDSLOTSRANGE': namedNode,
  'CLUSTER BUMPEPOCH': namedNode,
  'CLUSTER CANCELSLOTMIGRATIONS': namedNode,
  'CLUSTER COUNT-FAILURE-REPORTS': namedNode,
  'CLUSTER DELSLOTS': namedNode,
  'CLUSTER DELSLOTSRANGE': namedNode,
  'CLUSTER FAILOVER': namedNode,
  'CLUSTER FLUSHSLOTS': namedNode,
  'CLUSTER FORGET': namedNode,
  'CLUSTER LINKS': namedNode,
  'CLUSTER MEET': namedNode,
  'CLUSTER MIGRATESLOTS': namedNode,
  'CLUSTER MYID': namedNode,
  'CLUSTER MYSHARDID': namedNode,
  'CLUSTER REPLICATE': namedNode,
  'CLUSTER RESET': namedNode,
  'CLUSTER SET-CONFIG-EPOCH': namedNode,
  'CLUSTER SETSLOT': namedNode,
  // its cursor holds the slot and is routed like a key
  CLUSTERSCAN: NONE,

  DEBUG: namedNode,
  // as one master tells it: most who ask want the version, and the reply is one server's record
  INFO: NONE,
  'FUNCTION STATS': namedNode,
  'LATENCY DOCTOR': namedNode,
  'LATENCY GRAPH': namedNode,
  'LATENCY HISTOGRAM': namedNode,
  'LATENCY HISTORY': namedNode,
  'LATENCY LATEST': namedNode,
  'MEMORY DOCTOR': namedNode,
  'MEMORY MALLOC-STATS': namedNode,
  'MEMORY STATS': namedNode,
  'MODULE LOAD': namedNode,
  'MODULE LOADEX': namedNode,
  'MODULE UNLOAD': namedNode,
  ROLE: namedNode,
  SHUTDOWN: namedNode,

  // it sets all keys on one condition, or with one expiry: halves of it are another command
  MSETEX: NONE,

  // subscribers are wherever they connected, on replicas too
  'PUBSUB CHANNELS': { request: 'all_nodes', response: 'distinct' },
  'PUBSUB NUMPAT': { request: 'all_nodes', response: 'agg_sum' },
  'PUBSUB NUMSUB': { request: 'all_nodes', response: 'agg_sum' },
  'PUBSUB SHARDCHANNELS': { request: 'all_nodes', response: 'distinct' },
  'PUBSUB SHARDNUMSUB': { request: 'all_nodes', response: 'agg_sum' },

  RANDOMKEY: { request: 'all_shards', response: 'any_found' },
  // a cursor means something to one node only
  SCAN: { request: 'special', response: 'single' },
};

/**
 * The policy of a command, or null.
 *
 * @param name in capitals
 * @param facts as in `commands.json`
 */
export function policyOf(name, facts, ours = policyOverlay) {
  const policy = Object.hasOwn(ours, name) ? ours[name] : toldPolicy(facts);
  if (policy === null) return null;
  const known = REQUESTS.includes(policy.request) && RESPONSES.includes(policy.response);
  if (!known)
    throw new Error(`${name}: no policy ${policy.request}, ${policy.response}; the overlay must say`);
  return policy;
}

/** What the newest Redis that has the command says, else the newest Valkey: older ones did not know better. */
function toldPolicy({ tips, differs = {}, servers }) {
  for (const server of newestOf(servers)) {
    const told = differs[server]?.tips ?? tips ?? [];
    const find = (kind) => told.find((tip) => tip.startsWith(`${kind}_policy:`))?.slice(kind.length + 8);
    const request = find('request');
    // servers leave the response out where replies are lists to be put together
    if (request) return { request, response: find('response') ?? 'concatenated' };
  }
  return null;
}

/** `['redis-7.0', 'redis-8.0', 'valkey-9.1']` -> `['redis-8.0', 'valkey-9.1']`. */
function newestOf(labels) {
  const byProduct = new Map(labels.map((label) => [label.split('-')[0], label]));
  return [...byProduct.values()];
}
