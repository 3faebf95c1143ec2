import type { RedisClient, StreamConsumer } from 'nestjs-redwire/core';

let streams = 0;

/** A stream that no other test has. */
export function newStream(): string {
  return `stream:${++streams}`;
}

/** Adds entries with the numbers `from` to `to` as their field `n`; gives their ids. */
export function addNumbers(client: RedisClient, stream: string, from: number, to: number): Promise<string[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return Promise.all(numbers.map((n) => client.xadd(stream, '*', { n })));
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Entries of a group that were handed out and not acknowledged. */
export async function pendingOf(client: RedisClient, stream: string, group = 'g'): Promise<number> {
  return (await client.xpending(stream, group)).pending;
}

/** What befell a consumer, in order: `handlerError 1-0`. */
export function eventsOf(consumer: StreamConsumer): string[] {
  const events: string[] = [];
  consumer.on('error', (error) => events.push(`error ${(error as Error & { code: string }).code}`));
  consumer.on('handlerError', ({ id }) => events.push(`handlerError ${id}`));
  consumer.on('claimed', (entries) => events.push(`claimed ${entries.map(({ id }) => id).join()}`));
  consumer.on('dropped', (ids) => events.push(`dropped ${ids.join()}`));
  consumer.on('deadLetter', ({ entry }) => events.push(`deadLetter ${entry.id}`));
  return events;
}

/** A promise, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Connections of a server that wait in XREADGROUP now: `cmd` alone is also the last command of one that waits for nothing. */
export async function readersOf(client: RedisClient): Promise<number> {
  const blocked = (await client.clientList()).filter(({ flags }) => String(flags).includes('b'));
  return blocked.filter(({ cmd }) => String(cmd).startsWith('xreadgroup')).length;
}
