import { inspect } from 'node:util';
import type { CommandArgument, RedisKey } from '../commands/arguments.js';
import type { Reply } from '../protocol/reply.js';
import { unknownOption } from '../unknown-option.js';
import { ScriptSpec } from './script-spec.js';

/** What a script is. */
export interface ScriptDefinition<Result = Reply> {
  /** Its text. Keys are `KEYS[1]` …, other arguments `ARGV[1]` …, all of them text. */
  readonly lua: string;
  /** How many keys it takes; a call with another number of them is an error. Without it any number will do. */
  readonly keys?: number | undefined;
  /** It writes nothing (EVALSHA_RO, since Redis 7.0): may run on replicas, and be sent again after a lost connection. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Makes the result out of the reply. Without it a call gives the reply as it was decoded. */
  readonly reply?: ((reply: Reply) => Result) | undefined;
}

const NAMES: readonly (keyof ScriptDefinition)[] = ['lua', 'keys', 'readOnly', 'reply'];

/**
 * A Lua script. Goes out as EVALSHA, which costs 40 bytes whatever the script's length, and as a whole where the server does not
 * know it: the first time, after a restart, a failover or SCRIPT FLUSH.
 *
 * ```ts
 * const script = new RedisScript({ lua: "return redis.call('incrby', KEYS[1], ARGV[1])", keys: 1, reply: Number });
 * await client.callScript(script, ['counter'], [10]);
 * ```
 */
export class RedisScript<Result = Reply> {
  /** @internal */
  readonly spec: ScriptSpec;
  private readonly keyCount: number | undefined;

  /** @throws {TypeError} for a definition that is none. */
  constructor(definition: ScriptDefinition<Result>) {
    checkDefinition(definition);
    const { lua, keys, readOnly = false, reply } = definition;
    this.keyCount = keys;
    this.spec = new ScriptSpec(lua, readOnly, reply === undefined ? null : (answer) => reply(answer));
  }

  /** The SHA-1 of its text, in hexadecimal: what SCRIPT EXISTS and EVALSHA know it by. */
  get sha1(): string {
    return this.spec.sha1;
  }

  /**
   * The arguments of EVALSHA.
   *
   * @internal
   * @throws {TypeError} where these are not keys and arguments for it.
   */
  argsFor(keys: readonly RedisKey[], args: readonly CommandArgument[]): CommandArgument[] {
    if (!Array.isArray(keys) || !Array.isArray(args))
      throw new TypeError(
        "A script is called with a list of keys and a list of arguments, as in call(['key'], [1]).",
      );
    if (this.keyCount !== undefined && keys.length !== this.keyCount)
      throw new TypeError(`The script takes ${this.keyCount} keys, not ${keys.length}; nothing was sent.`);
    return this.spec.argsFor(keys, args);
  }

  /** What a log shows of it. */
  [inspect.custom](): string {
    return `RedisScript { ${this.sha1} }`;
  }
}

/** A script on the client that made it. */
export class BoundScript<Result = Reply> extends RedisScript<Result> {
  constructor(
    definition: ScriptDefinition<Result>,
    private readonly run: (
      script: RedisScript<Result>,
      keys: readonly RedisKey[],
      args: readonly CommandArgument[],
    ) => Promise<Result>,
  ) {
    super(definition);
  }

  /**
   * Runs it.
   *
   * @returns the reply, or what `reply` made of it.
   * @throws {RedisServerError} what the script failed with; {RedisProtocolError} where `reply` threw.
   */
  call(keys: readonly RedisKey[] = [], args: readonly CommandArgument[] = []): Promise<Result> {
    return this.run(this, keys, args);
  }
}

function checkDefinition(definition: ScriptDefinition<unknown>): void {
  if (typeof definition !== 'object' || definition === null)
    throw new TypeError('A script is defined by an object, as in { lua, keys: 1 }.');
  for (const name of Object.keys(definition))
    if (!(NAMES as readonly string[]).includes(name)) throw unknownOption(name, NAMES);
  const { lua, keys, readOnly, reply } = definition;
  if (typeof lua !== 'string' || lua.trim() === '') throw new TypeError("A script's 'lua' must be its text.");
  if (keys !== undefined && !(Number.isSafeInteger(keys) && keys >= 0))
    throw new TypeError("A script's 'keys' must be a number of keys, 0 or more.");
  if (readOnly !== undefined && typeof readOnly !== 'boolean')
    throw new TypeError("A script's 'readOnly' must be a boolean.");
  if (reply !== undefined && typeof reply !== 'function')
    throw new TypeError("A script's 'reply' must be a function that makes the result out of the reply.");
}
