import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import { checkArguments } from '../commands/check-arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { HSCAN, SCAN, SSCAN, ZSCAN } from '../commands/commands.generated.js';
import { stripPrefix } from '../commands/key-positions.js';
import { double } from '../commands/reply-transforms.js';
import type { FieldValue, ScoredMember } from '../commands/reply-types.js';
import { ScriptingCommands } from '../script/scripting-commands.js';
import { scanBatches, type ScanStep } from './scan-batches.js';
import type { ScanIterator } from './scan-iterator.js';
import {
  scanArguments,
  type CollectionScanOptions,
  type HashScanOptions,
  type ScanOptions,
} from './scan-options.js';

/**
 * The commands, and iterators over what is too much for one reply. The server promises that whatever is there from the first
 * step to the last is given; what comes or goes meanwhile may be given or not, and anything may be given more than once.
 */
export abstract class ScanningCommands<
  in out T extends string | Buffer = string,
> extends ScriptingCommands<T> {
  protected abstract get keyPrefix(): string;

  /** Steps over the keys of several servers; undefined where there is one. */
  protected abstract keyStepper(args: readonly CommandArgument[]): ScanStep<T> | undefined;

  /**
   * The keys of the database, in batches or by `items()` one by one, without holding up the server as KEYS does. With a
   * `keyPrefix` only the keys that have it, without it. Each step is a command of its own, with the timeout of one.
   *
   * @throws {TypeError} at once, for an option that is wrong; what a step fails with rejects the loop.
   */
  scanIterator(options: ScanOptions = {}): ScanIterator<T> {
    const { keyPrefix } = this;
    const rest = scanArguments('scanIterator', options, ['match', 'count', 'type'], keyPrefix);
    return scanBatches(this.keyStepper(rest) ?? this.stepper(SCAN, [], rest), (keys) =>
      keyPrefix === '' ? keys : stripPrefix(keys, keyPrefix),
    );
  }

  /** The fields of a hash with their values, in batches; with `noValues` the fields alone. Else as {@link scanIterator}. */
  hscanIterator(key: RedisKey, options: HashScanOptions & { noValues: true }): ScanIterator<T>;
  hscanIterator(key: RedisKey, options?: HashScanOptions & { noValues?: false }): ScanIterator<FieldValue<T>>;
  hscanIterator(key: RedisKey, options: HashScanOptions = {}): ScanIterator<T> | ScanIterator<FieldValue<T>> {
    const rest = scanArguments('hscanIterator', options, ['match', 'count', 'noValues']);
    const step = this.stepper(HSCAN, [key], rest);
    if (options.noValues === true) return scanBatches(step, (fields) => fields);
    return scanBatches(step, (items) => pairs(items, (field, value) => ({ field, value })));
  }

  /** The members of a set, in batches. Else as {@link scanIterator}. */
  sscanIterator(key: RedisKey, options: CollectionScanOptions = {}): ScanIterator<T> {
    const rest = scanArguments('sscanIterator', options, ['match', 'count']);
    return scanBatches(this.stepper(SSCAN, [key], rest), (members) => members);
  }

  /** The members of a sorted set with their scores, in batches and in no order. Else as {@link scanIterator}. */
  zscanIterator(key: RedisKey, options: CollectionScanOptions = {}): ScanIterator<ScoredMember<T>> {
    const rest = scanArguments('zscanIterator', options, ['match', 'count']);
    return scanBatches(this.stepper(ZSCAN, [key], rest), (items) =>
      pairs(items, (member, score) => ({ member, score: double(score) as number })),
    );
  }

  private stepper(spec: CommandSpec, key: RedisKey[], rest: CommandArgument[]): ScanStep<T> {
    const wrong = checkArguments(spec, key);
    if (wrong !== undefined) throw wrong;
    return (cursor) => this.execute(spec, [...key, cursor, ...rest]) as ReturnType<ScanStep<T>>;
  }
}

/** HSCAN and ZSCAN give pairs one after the other, over both protocols. */
function pairs<Item, Pair>(items: readonly Item[], pairOf: (first: Item, second: Item) => Pair): Pair[] {
  const found: Pair[] = [];
  for (let index = 0; index < items.length; index += 2) found.push(pairOf(items[index]!, items[index + 1]!));
  return found;
}
