/**
 * What a command costs in memory from its call to its reply: the server is paused, 100,000 commands are called, and
 * the heap is weighed before and after. The promises are part of it, the array that holds them is not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlConnection } from '../harness/control-connection.mjs';

/** Long enough to call and weigh 100,000 commands, short enough for a client whose command timeout is 5 s. */
const PAUSE = 3_500;
const WARM_UP_COMMANDS = 2_000;
const SETTLE = 300;

export async function memory({ scenario, client, address }) {
  const { issue, count } = scenario;
  const control = await ControlConnection.open(address);

  // Code is compiled and buffers are made, but no queue has grown yet: growing it belongs to the measure.
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: WARM_UP_COMMANDS }, (_, i) => issue(client, i)));
  }
  const pending = Array.from({ length: count });
  await control.send('CLIENT', 'PAUSE', PAUSE, 'ALL');
  const pausedAt = performance.now();
  const before = weigh();

  for (let i = 0; i < count; i++) pending[i] = issue(client, i);
  await sleep(SETTLE); // time for the client to hand everything to the socket
  const after = weigh();

  if (performance.now() - pausedAt > PAUSE)
    throw new Error('calling the commands took longer than the pause');
  await Promise.all(pending);
  control.close();
  return { heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count };
}

function weigh() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
