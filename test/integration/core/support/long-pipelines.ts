import { RedisError, type Pipeline, type RedisClient } from 'nestjs-redwire/core';

/** Most commands of one pipeline that may be under way: written down here once more, so that a change is noticed. */
export const WINDOW = 2_000;

/** The client's `pipeline()`, or that of a view with settings. */
interface Pipelines {
  pipeline(): Pipeline;
}

/** Runs a pipeline that appends 0, 1, 2 … to a list: what the server did, and in which order, can be read there. */
export function countInto(client: Pipelines, list: string, length: number): Promise<unknown[]> {
  const pipeline = client.pipeline();
  for (let index = 0; index < length; index++) pipeline.rpush(list, index);
  return pipeline.exec();
}

/** What such pipelines left in their list. */
export async function counted(client: RedisClient, list: string): Promise<number[]> {
  return (await client.lrange(list, 0, -1)).map(Number);
}

/** Commands issued to a client and not settled. */
export function pending(client: RedisClient): number {
  return client.queued + client.inFlight;
}

/** Waits until no more than `most` commands are pending; looks as often as replies can have come. */
export async function untilPending(client: RedisClient, most: number): Promise<void> {
  while (pending(client) > most) await new Promise((resolve) => setImmediate(resolve));
}

/** The place of the first error among results; their number where there is none. */
export function firstFailure(results: readonly unknown[]): number {
  const index = results.findIndex((result) => result instanceof RedisError);
  return index === -1 ? results.length : index;
}

/** How many errors of an aborted or timed-out pipeline say that their command never left. */
export function neverSent(results: readonly unknown[]): number {
  return results.filter((result) => result instanceof RedisError && /never sent/.test(result.message)).length;
}

/** The first `count` numbers: 0, 1, 2 … */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
