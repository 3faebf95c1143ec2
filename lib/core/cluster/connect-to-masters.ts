import { setTimeout as sleep } from 'node:timers/promises';
import { isFatalConnectError } from '../connection/connect-error.js';
import { unreachable } from '../connection/connect-waiters.js';
import type { SharedEngine } from '../engine/shared-engine.js';
import type { RedisError } from '../errors.js';
import { settlesWithin } from '../settles-within.js';
import type { ClusterRouter } from './routing/cluster-router.js';

/** ms between two rounds of connecting to masters of which none can be reached. */
const PAUSE = 100;

/**
 * Has the map of the slots told, and connects to the masters. One of them is enough: a shard that is down is no reason to fail, for
 * on a bad night that would keep every new instance from starting.
 *
 * @param deadline ms; without it one attempt is made.
 * @param connect connects to one node, by one attempt.
 */
export async function connectToMasters(
  router: ClusterRouter,
  deadline: number | undefined,
  connect: (engine: SharedEngine) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  const left = (): number => Math.max(1, (deadline ?? Infinity) - (performance.now() - started));
  for (;;) {
    await router.whenKnown(deadline);
    let isConnected = false;
    const connecting = Promise.allSettled(
      router.topology.masters.map(({ engine }) => connect(engine).then(() => (isConnected = true))),
    );
    // one that takes the connection and says nothing must not hold up the others
    const isSettled = await settlesWithin(connecting, left());
    if (isConnected) return;
    if (!isSettled) throw tooLate(router, deadline!);
    const failed = (await connecting).find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    const isOver = deadline === undefined || performance.now() - started >= deadline;
    if (isOver || isFatalConnectError(failed.reason as RedisError)) throw failed.reason;
    await sleep(Math.min(PAUSE, left()));
    await settlesWithin(router.refreshNow(), left());
  }
}

function tooLate({ topology, anyNode }: ClusterRouter, deadline: number): RedisError {
  const reasons = topology.masters.map(({ engine }) => engine.connection.whyUnconnected());
  const why = reasons.find(({ cause }) => cause !== undefined) ?? reasons[0];
  return unreachable(anyNode.name, deadline, why ?? { reason: 'no node has a slot.', cause: undefined });
}
