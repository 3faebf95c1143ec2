/**
 * Latency of a load by itself, and then beside something that waits on the server; both in one process. By itself it runs
 * twice: the first time pays for the compiling.
 */
import { load } from './load.mjs';

export async function beside({ scenario, client, limits }) {
  await load({ scenario, client, limits });
  const alone = await load({ scenario, client, limits });
  await client.block(scenario.waiting, scenario.key);
  const joined = await load({ scenario, client, limits });
  return {
    p50: joined.p50,
    p99: joined.p99,
    p50Alone: alone.p50,
    p99Alone: alone.p99,
    added: joined.p50 - alone.p50,
  };
}
