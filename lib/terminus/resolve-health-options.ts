import type { AllGiven } from '../core/all-given.js';
import { anything, checkOptions, isObject, oneOf, type OptionChecks } from '../option-checks.js';
import type { RedisHealthOptions } from './redis-ping-check-options.interface.js';

export type ResolvedHealthOptions = AllGiven<RedisHealthOptions>;

const DEFAULTS: ResolvedHealthOptions = {
  timeout: 1_000,
  degradedAfter: Infinity,
  maxPoolUsage: 1,
  whenDeaf: 'degraded',
  whenNodeDown: 'degraded',
};

const MILLISECONDS = 'a number of milliseconds above 0';

const CHECKS: OptionChecks<RedisHealthOptions> = {
  timeout: (value) => (isAbove0(value) && value < Infinity ? undefined : MILLISECONDS),
  degradedAfter: (value) => (isAbove0(value) ? undefined : MILLISECONDS),
  maxPoolUsage: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1',
  whenDeaf: oneOf('down', 'degraded', 'ignore'),
  whenNodeDown: oneOf('down', 'degraded', 'ignore'),
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
  const fail = (problem: string): never => {
    throw new TypeError(`${check}: ${problem}`);
  };
  if (!isObject(options)) fail(`its options must be an object such as { ${own}: … }.`);
  checkOptions(options, { [own]: anything, ...CHECKS }, fail);
  const given = Object.entries(options).filter(([name, value]) => name !== own && value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

function isAbove0(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
