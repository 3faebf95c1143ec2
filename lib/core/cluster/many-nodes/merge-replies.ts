import { CommandFlag, type CommandSpec } from '../../commands/command-spec.js';
import { RedisError, RedisProtocolError } from '../../errors.js';
import { addUp } from './add-up.js';
import type { CommandPolicy } from './command-policy.js';
import { failedShare } from './failed-share.js';

type Outcomes = readonly PromiseSettledResult<unknown>[];
type Count = number | bigint;

/**
 * What one caller gets of several nodes' outcomes. Replies are as the command documents them, text or Buffers, and so is
 * what comes out.
 *
 * @param outcomes one of each node that was asked, at least one
 * @param nodes the addresses of these nodes
 * @throws the first error, unless the policy makes do with one success; it says how many of the nodes failed
 */
export function mergeReplies(
  spec: CommandSpec,
  { response }: CommandPolicy,
  outcomes: Outcomes,
  nodes: readonly string[] = [],
): unknown {
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  const replies = outcomes
    .filter((outcome) => outcome.status === 'fulfilled')
    .map((outcome) => outcome.value);
  if (failed.length > 0 && (response !== 'one_succeeded' || replies.length === 0)) {
    const reasons = failed.map((outcome): unknown => outcome.reason);
    const chosen = response === 'one_succeeded' ? mostTelling(reasons) : reasons[0];
    const effect = (spec.flags & (CommandFlag.READONLY | CommandFlag.IDEMPOTENT)) === 0;
    const where = nodes.filter((_, index) => outcomes[index]!.status === 'rejected');
    throw failedShare(chosen, failed.length, outcomes.length, 'nodes', effect, where);
  }
  switch (response) {
    case 'agg_sum':
      return memberwise(spec, replies, addUp);
    case 'agg_min':
      return memberwise(spec, replies, least);
    case 'agg_logical_and':
      return memberwise(spec, replies, (values) => (values.every((value) => Number(value) === 1) ? 1 : 0));
    case 'concatenated':
      // not lists: ACL LOG answers RESET with OK
      return replies.every(Array.isArray) ? replies.flat() : replies[0];
    case 'distinct':
      return distinct(replies as (string | Buffer)[][]);
    case 'any_found':
      return anyOf(replies.filter((reply) => reply !== null)) ?? null;
    default:
      return replies[0];
  }
}

/** SCRIPT KILL: that some node had nothing to end says less than why another could not end what it had. */
function mostTelling(reasons: readonly unknown[]): unknown {
  return reasons.find((reason) => !(reason instanceof RedisError && reason.code === 'NOTBUSY')) ?? reasons[0];
}

/** Counts merged as they are; lists position by position, records name by name. */
function memberwise(
  spec: CommandSpec,
  replies: readonly unknown[],
  merge: (counts: readonly Count[]) => Count,
): unknown {
  if (replies.every(isCount)) return merge(replies);
  if (replies.every(isCounts)) {
    const [first, ...rest] = replies;
    if (rest.every(({ length }) => length === first!.length))
      return first!.map((_, index) => merge(replies.map((counts) => counts[index]!)));
  } else if (replies.every(isRecord)) {
    return mergeRecords(replies, merge);
  }
  throw new RedisProtocolError(`The nodes' replies to ${spec.name} cannot be put together.`, {
    command: spec.name,
  });
}

function mergeRecords(
  records: readonly Readonly<Record<string, Count>>[],
  merge: (counts: readonly Count[]) => Count,
): Record<string, Count> {
  const byName = new Map<string, Count[]>();
  for (const record of records) {
    for (const [name, count] of Object.entries(record)) {
      const counts = byName.get(name);
      if (counts === undefined) byName.set(name, [count]);
      else counts.push(count);
    }
  }
  return Object.fromEntries([...byName].map(([name, counts]) => [name, merge(counts)]));
}

function least(counts: readonly Count[]): Count {
  return counts.reduce((lowest, count) => (count < lowest ? count : lowest));
}

function distinct(lists: readonly (readonly (string | Buffer)[])[]): (string | Buffer)[] {
  const seen = new Map<string, string | Buffer>();
  for (const item of lists.flat()) {
    // latin1 gives each byte a character of its own: bytes that differ stay different
    const key = typeof item === 'string' ? item : item.toString('latin1');
    if (!seen.has(key)) seen.set(key, item);
  }
  return [...seen.values()];
}

/** By chance: RANDOMKEY should not always give one of the first node's. */
function anyOf(items: readonly unknown[]): unknown {
  return items[Math.floor(Math.random() * items.length)];
}

function isCount(value: unknown): value is Count {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isCounts(value: unknown): value is readonly Count[] {
  return Array.isArray(value) && value.every(isCount);
}

function isRecord(value: unknown): value is Readonly<Record<string, Count>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !Buffer.isBuffer(value) &&
    Object.values(value).every(isCount)
  );
}
