import type { RedisClient } from 'nestjs-redwire/core';

export async function run(client: RedisClient, charge: (order: string) => Promise<void>) {
  // #region run
  const consumer = client.streamConsumer({ stream: 'orders', group: 'billing' });
  const running = consumer.run(
    async ({ id, fields, deliveries }, { signal }) => {
      signal.throwIfAborted(); // fires where the consumer can wait no longer
      await charge(`${fields['order']}: ${id}, delivery ${deliveries}`);
    },
    { concurrency: 10 },
  );
  // #endregion
  // #region stop
  process.once('SIGTERM', () => void consumer.stop({ timeout: 10_000 }));
  // #endregion
  return { consumer, running };
}

export async function loop(client: RedisClient, wanted: number): Promise<string[]> {
  const seen: string[] = [];
  // #region loop
  const consumer = client.streamConsumer({ stream: 'orders', group: 'audit' });
  for await (const { id, fields } of consumer) {
    seen.push(fields['order']!);
    if (seen.length === wanted) {
      await consumer.ack(id); // else the last one would stay pending
      break;
    }
  } // asking for the next entry acknowledges the one before
  // #endregion
  return seen;
}

export function failures(client: RedisClient, log: (line: string) => void) {
  // #region failures
  const consumer = client.streamConsumer({
    stream: 'orders',
    group: 'billing',
    consumer: process.env['HOSTNAME'] ?? 'billing-1', // the same after a restart: see below
    claimIdle: 30_000, // ms until what failed comes again
    maxDeliveries: 5,
    deadLetter: 'orders:dead',
  });
  consumer.on('handlerError', ({ id, deliveries }, error) =>
    log(`${id} failed (${deliveries}): ${String(error)}`),
  );
  consumer.on('deadLetter', ({ entry, stream }) => log(`${entry.id} is in ${stream}`));
  consumer.on('claimed', (entries) => log(`took over ${entries.length}`));
  consumer.on('error', (error) => log(`goes on after: ${error.message}`));
  // #endregion
  return consumer;
}

export async function deadLetters(client: RedisClient): Promise<number> {
  // #region dead-letters
  for (const { id, fields } of await client.xrange('orders:dead', '-', '+', { count: 100 })) {
    const names = Object.keys(fields).filter((name) => !name.startsWith('dead-letter:'));
    const original = new Map(names.map((name) => [name, fields[name]!]));
    await client.xadd(fields['dead-letter:stream']!, '*', original); // once more, as a new entry
    await client.xdel('orders:dead', id);
  }
  // #endregion
  return client.xlen('orders:dead');
}

export async function bytes(client: RedisClient): Promise<number> {
  // #region bytes
  for await (const { fields } of client.streamConsumer({ stream: 'frames', group: 'g', buffers: true })) {
    return fields['data']!.length; // a Buffer
  }
  // #endregion
  return 0;
}
