import { unknownOption } from '../core/unknown-option.js';
import type { RedisHealthOptions } from './redis-ping-check-options.interface.js';

export type ResolvedHealthOptions = Required<RedisHealthOptions>;

const DEFAULTS: ResolvedHealthOptions = {
  timeout: 1_000,
  degradedAfter: Infinity,
  maxPoolUsage: 1,
  whenDeaf: 'degraded',
};

const MILLISECONDS = 'a number of milliseconds above 0';

const CHECKS: Record<keyof RedisHealthOptions, (value: unknown) => string | undefined> = {
  timeout: (value) => (isAbove0(value) && value < Infinity ? undefined : MILLISECONDS),
  degradedAfter: (value) => (isAbove0(value) ? undefined : MILLISECONDS),
  maxPoolUsage: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1',
  whenDeaf: (value) =>
    value === 'down' || value === 'degraded' || value === 'ignore'
      ? undefined
      : "'down', 'degraded' or 'ignore'",
};

/**
 * Checks the options of a health check and fills in the defaults.
 *
 * @param check as its user wrote it: `pingCheck('redis')`.
 * @param own options beside those that every check has.
 * @throws {TypeError} for an option that does not exist, naming the nearest that does, or a value of the wrong kind.
 */
export function resolveHealthOptions(
  check: string,
  options: RedisHealthOptions,
  own: string,
): ResolvedHealthOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`${check}: its options must be an object such as { ${own}: … }.`);
  const known = [own, ...Object.keys(CHECKS)];
  const resolved: Record<string, unknown> = { ...DEFAULTS };
  for (const [option, value] of Object.entries(options)) {
    if (!known.includes(option)) throw new TypeError(`${check}: ${unknownOption(option, known).message}`);
    if (option === own || value === undefined) continue;
    const expected = CHECKS[option as keyof RedisHealthOptions](value);
    if (expected !== undefined) throw new TypeError(`${check}: '${option}' must be ${expected}.`);
    resolved[option] = value;
  }
  return resolved as unknown as ResolvedHealthOptions;
}

function isAbove0(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
