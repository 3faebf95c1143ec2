import type { Type } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import { RedisModule, type RedisModuleOptions } from 'nestjs-redwire';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redwire/terminus';

/** Terminus 11 has no third state. */
export const DEGRADED = 'degraded' in new HealthIndicatorService().check('any') ? 'degraded' : 'up';

/** An application with health checks. */
export interface CheckedApp {
  readonly module: TestingModule;
  readonly indicator: RedisHealthIndicator;
}

/** Boots an application with these connections, by their names. It waits for no lost server when it closes. */
export async function startChecked(
  connections: Record<string, RedisModuleOptions>,
  providers: Type[] = [],
  { init = true }: { init?: boolean } = {},
): Promise<CheckedApp> {
  const modules = Object.entries(connections).map(([name, options]) => {
    const reconnect = options.reconnect ?? { delay: 20, maxDelay: 50 };
    return RedisModule.forRoot({ name, shutdownTimeout: 200, ...options, reconnect });
  });
  const module = await Test.createTestingModule({ imports: [...modules, RedisHealthModule], providers })
    .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
    .compile();
  if (init) await module.init();
  return { module, indicator: module.get(RedisHealthIndicator) };
}

/** What a check gave, and how long it took, ms. */
export async function timed<Result>(check: Promise<Result>): Promise<{ result: Result; took: number }> {
  const started = performance.now();
  const result = await check;
  return { result, took: performance.now() - started };
}
