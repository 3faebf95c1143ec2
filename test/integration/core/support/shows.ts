import { it } from '@jest/globals';
import type { ReconnectOptions, RedisClientOptions, RedisTlsOptions } from 'nestjs-redwire/core';

/** An option of a client, or a part of one. */
export type OptionName =
  keyof RedisClientOptions | `reconnect.${keyof ReconnectOptions}` | `tls.${keyof RedisTlsOptions}`;

/**
 * A test that shows what an option does, and fails where the option is ignored. `options.spec.ts` finds these calls in the
 * sources and misses none of the options.
 */
export function shows(option: OptionName, effect: string, test: () => Promise<void>): void {
  it(`${option}: ${effect}`, test);
}
