import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commandPolicies } from '../../../../lib/core/cluster/many-nodes/command-policies.generated.js';
import { clusterRefusal, policyOf } from '../../../../lib/core/cluster/many-nodes/policy-of.js';
import { canSplit } from '../../../../lib/core/cluster/many-nodes/split-by-slot.js';
import {
  allCommands,
  CONFIG_SET,
  DEL,
  GET,
  LATENCY_RESET,
  MEMORY_STATS,
  MSETEX,
  MSETNX,
  SCAN,
  SLOWLOG_GET,
} from '../../../../lib/core/commands/commands.generated.js';
import { slotPositions } from '../../../../lib/core/commands/key-positions.js';
import { omitted } from '../../../../scripts/commands/overlay.mjs';
import * as policies from '../../../../scripts/commands/policies.mjs';
import { writePolicies } from '../../../../scripts/commands/write-policies.mjs';

const { commands } = JSON.parse(readFileSync('commands.json', 'utf8')) as {
  commands: Record<string, { container?: true }>;
};

/** Any master can answer these, or, as SWAPDB, each refuses them in a cluster. */
const ONE_MASTER = `
  ACL CAT | ACL DRYRUN | ACL GENPASS | ACL GETUSER | ACL LIST | ACL USERS | ACL WHOAMI
  CLIENT GETNAME | CLIENT GETREDIR | CLIENT ID | CLIENT INFO | CLIENT TRACKINGINFO
  CLUSTER INFO | CLUSTER KEYSLOT | CLUSTER NODES | CLUSTER REPLICAS | CLUSTER SHARDS | CLUSTER SLAVES | CLUSTER SLOTS
  COMMAND | COMMAND COUNT | COMMAND DOCS | COMMAND GETKEYS | COMMAND GETKEYSANDFLAGS | COMMAND INFO | COMMAND LIST
  CONFIG GET | ECHO | FAILOVER | FUNCTION DUMP | FUNCTION LIST | INFO | LOLWUT | MODULE LIST | PFSELFTEST | PUBLISH
  REPLICAOF | SCRIPT SHOW | SLAVEOF | SWAPDB | TIME
`
  .split(/[|\n]/)
  .map((name) => name.trim())
  .filter((name) => name !== '');

describe('the table', () => {
  it('has what servers tell', () => {
    expect(policyOf(CONFIG_SET)).toEqual({ request: 'all_nodes', response: 'all_succeeded' });
    expect(policyOf(SLOWLOG_GET)).toEqual({ request: 'all_nodes', response: 'concatenated' });
    // Redis 7.0 says otherwise
    expect(policyOf(LATENCY_RESET)).toEqual({ request: 'all_nodes', response: 'agg_sum' });
    expect(policyOf(MSETNX)).toBeUndefined();
    expect(policyOf(GET)).toBeUndefined();
  });

  it('splits what the client splits', () => {
    const split = [...commandPolicies()].filter(([, { request }]) => request === 'multi_shard');
    expect(split.map(([spec]) => spec)).toEqual(allCommands().filter(canSplit));
    expect(policyOf(DEL)).toEqual({ request: 'multi_shard', response: 'agg_sum' });
    expect(policyOf(MSETEX)).toBeUndefined();
  });

  it('has no policy that looks past the keys', () => {
    const keyed = [...commandPolicies()].filter(
      ([spec, { request }]) =>
        spec.keys.some(({ pattern }) => pattern === undefined) && request !== 'multi_shard',
    );
    expect(keyed.map(([{ name }]) => name)).toEqual([]);
  });

  /** Each thought through. A new command without keys fails here: say in policies.mjs where it goes, or add it. */
  it('leaves to one master what any of them can answer, or none may do', () => {
    const left = allCommands().filter(
      (spec) =>
        slotPositions(spec, ['1', '1', '1', '1', 'STREAMS', '1', '1']).length === 0 &&
        policyOf(spec) === undefined &&
        !(spec.name in omitted) &&
        !spec.name.endsWith(' HELP') &&
        (commands[spec.name]!.container !== true || spec.name === 'COMMAND'),
    );
    expect(left.map(({ name }) => name)).toEqual(ONE_MASTER);
  });
});

describe('clusterRefusal', () => {
  it('says what to do instead', () => {
    expect(clusterRefusal(SCAN)).toMatchObject({
      code: 'NOT_FOR_CLUSTER',
      command: 'SCAN',
      message:
        'SCAN was not sent to the cluster: its cursor means something to one node only. Use scanIterator(), which goes over all of them.',
    });
    expect(clusterRefusal(MEMORY_STATS)).toMatchObject({
      code: 'NOT_FOR_CLUSTER',
      message: expect.stringContaining(
        'Send it to the node that you mean, by its own client: client.nodes() has them all.',
      ),
    });
    expect(clusterRefusal(GET)).toBeUndefined();
    expect(clusterRefusal(CONFIG_SET)).toBeUndefined();
  });
});

describe('the generator', () => {
  const facts = (tips: string[], differs: Record<string, { tips: string[] }> = {}) => ({
    tips,
    differs,
    servers: ['redis-7.0', 'redis-8.0', 'valkey-9.1'],
  });
  const found = (about: object, ours = {}) => policies.policyOf('X', about, ours) as unknown;
  const ALL = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

  it('takes what the newest of the servers say, whichever of them says it', () => {
    const all = { request: 'all_nodes', response: 'all_succeeded' };
    expect(found(facts(ALL))).toEqual(all);
    expect(found(facts(ALL, { 'redis-7.0': { tips: [] } }))).toEqual(all);
    expect(found(facts([], { 'redis-7.0': { tips: ALL } }))).toBeNull();
    expect(found(facts([], { 'valkey-9.1': { tips: ALL } }))).toEqual(all);
    expect(found(facts(ALL, { 'valkey-9.1': { tips: ['request_policy:all_shards'] } }))).toEqual(all);
    expect(found(facts(['request_policy:all_shards']))).toEqual({
      request: 'all_shards',
      response: 'concatenated',
    });
    expect(found({ tips: ALL, servers: ['valkey-9.1'] })).toEqual(all);
    // gone from newer ones
    expect(found({ tips: ALL, servers: ['redis-7.0'] })).toEqual(all);
  });

  it('lets the overlay speak last, also to say none', () => {
    const ours = { request: 'named_node', response: 'single' };
    expect(found(facts(ALL), { X: ours })).toEqual(ours);
    expect(found(facts(ALL), { X: null })).toBeNull();
  });

  it('stops at a word that the client does not know', () => {
    expect(() => found(facts(['request_policy:all_shards', 'response_policy:agg_max']))).toThrow(
      'X: no policy all_shards, agg_max; the overlay must say',
    );
    expect(() => found(facts(['request_policy:new']))).toThrow('X: no policy new');
  });

  it('stops at a command that no server has', () => {
    expect(() => writePolicies([])).toThrow('the policies speak of ACL LOAD, which no server has');
  });
});
