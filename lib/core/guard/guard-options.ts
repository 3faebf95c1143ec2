import { dangerousCommands, RedisCommands } from '../commands/commands.generated.js';
import { nearest } from '../nearest.js';

/** A command in the servers' `@dangerous` category, by its method: `'keys'`, `'flushall'`, `'configSet'`. */
export type DangerousCommand = keyof ReturnType<typeof dangerousCommands>;

/** `'deny'` refuses the command before it is sent, `'warn'` sends it and warns the first time, `'allow'` sends it. */
export type GuardAction = 'warn' | 'deny' | 'allow';

/** What becomes of dangerous commands; one that is not named is allowed. */
export type GuardOptions = { readonly [Command in DangerousCommand]?: GuardAction };

/** KEYS is the one that does harm without looking dangerous. */
export const DEFAULT_GUARD: GuardOptions = { keys: 'warn' };

const ACTIONS: readonly unknown[] = ['warn', 'deny', 'allow'];

/** @throws {TypeError} naming what is wrong with the option `guard`. */
export function checkGuard(value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError("Redis option 'guard' must be an object such as { flushall: 'deny' }.");
  }
  const known = dangerousCommands();
  for (const [name, action] of Object.entries(value)) {
    if (!Object.hasOwn(known, name)) throw unknownCommand(name, Object.keys(known));
    if (action !== undefined && !ACTIONS.includes(action)) {
      throw new TypeError(`Redis option 'guard.${name}' must be 'warn', 'deny' or 'allow'.`);
    }
  }
}

function unknownCommand(name: string, known: readonly string[]): TypeError {
  const start = `Unknown Redis option 'guard.${name}'`;
  if (Object.hasOwn(RedisCommands.prototype, name)) {
    return new TypeError(`${start}: the servers do not class that command as dangerous.`);
  }
  const guess = nearest(name, known);
  const hint = guess === undefined ? '.' : `: did you mean 'guard.${guess}'?`;
  return new TypeError(
    `${start}${hint} Known are the methods of the commands that servers class as dangerous, such as 'keys', 'flushall' and 'configSet'.`,
  );
}
