import type { CommandArgument } from './arguments.js';
import type { CommandSpec } from './command-spec.js';

/** The error for arguments that cannot be sent, or undefined. The hot path calls this for every command. */
export function checkArguments(spec: CommandSpec, args: readonly CommandArgument[]): TypeError | undefined {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    const type = typeof arg;
    if (type === 'string') continue;
    if (type === 'number' ? arg === arg : type === 'bigint' || Buffer.isBuffer(arg)) continue;
    return badArgument(spec, index, arg);
  }
  return undefined;
}

function badArgument({ name }: CommandSpec, index: number, value: unknown): TypeError {
  const position = `argument ${index + 1}`;
  if (value === undefined || value === null) {
    return new TypeError(
      `${name}: ${position} is ${value}; nothing was sent. Pass a string, Buffer, number or bigint, or leave the argument out.`,
    );
  }
  const what = Number.isNaN(value)
    ? 'NaN'
    : typeof value === 'object'
      ? (value.constructor?.name ?? 'an object')
      : `a ${typeof value}`;
  const advice = ADVICE[typeof value] ?? 'Pass a string, Buffer, number or bigint.';
  return new TypeError(
    `${name}: ${position} is ${what}, which Redis cannot store as it is; nothing was sent. ${advice}`,
  );
}

const ADVICE: Record<string, string> = {
  boolean: 'Pass 1 or 0, or String(value).',
  object: 'Serialize it, for example with JSON.stringify(); wrap bytes in Buffer.from().',
};
