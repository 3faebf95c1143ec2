// @ts-check
import { RedisClient } from 'nestjs-redwire/core';

/**
 * A consumer in a process of its own. Notes in a list which number it began with, and prints its name once it has begun with
 * fifty; ends when its standard input does.
 */
const { SERVER = '', NAME = '' } = process.env;
const client = new RedisClient(SERVER);
const consumer = client.streamConsumer({
  stream: 'work',
  group: 'workers',
  consumer: NAME,
  batch: 8,
  claimIdle: 1_000,
});
process.stdin.resume();
process.stdin.once('end', () => void consumer.stop());
let begun = 0;
await consumer.run(
  async ({ id, fields, deliveries }) => {
    await client.rpush(`begun:${NAME}`, `${fields['n']} ${id} ${deliveries}`);
    if (++begun === 50) console.log(NAME);
    await client.rpush('handled', String(fields['n']));
  },
  { concurrency: 4 },
);
await client.close();
console.log(JSON.stringify(consumer.stats));
