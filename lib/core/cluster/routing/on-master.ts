import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from '../../abort-signals.js';
import { isElsewhere } from '../../connection/elsewhere.js';
import type { Wait } from '../../engine/client-engine.js';
import type { SharedEngine } from '../../engine/shared-engine.js';
import { TimeLimit } from '../../time-limit.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import { MOST_REDIRECTS, REDIRECT_PAUSE, REDIRECTS_AT_ONCE, type ClusterRouter } from './cluster-router.js';
import { redirectOf } from './redirect-error.js';

/** Something to be done by the node that has a slot. */
export interface OnMaster extends Wait {
  readonly slot: number;
  /** What it is, at the beginning of messages: `multi()`. */
  readonly what: string;
}

/** @param wait what is left of the time, for a connection. */
type Work<Result> = (engine: SharedEngine, wait: Wait, asking: boolean) => Promise<Result>;

/**
 * Has something done by the master of a slot; where that has changed while a connection was waited for, by the one that it is now.
 *
 * @param target the node to begin with, instead of the one that is known to have the slot.
 */
export async function onMaster<Result>(
  router: ClusterRouter,
  { slot, what, timeout, signal }: OnMaster,
  work: Work<Result>,
  target?: ClusterNode,
): Promise<Result> {
  const limit = new TimeLimit(timeout);
  for (let asked = target; ; asked = undefined) {
    if (!router.topology.isKnown) await unlessAborted(router.whenKnown(limit.left), signal, what);
    const { engine } = asked ?? router.masterOf(slot);
    try {
      return await work(engine, { timeout: timeout === 0 ? 0 : limit.left, signal }, asked !== undefined);
    } catch (error) {
      if (!isElsewhere(error)) throw error;
    }
  }
}

/** The same, and where the node says that the slot is elsewhere and nothing was done, again there. */
export async function followSlot<Result>(
  router: ClusterRouter,
  { slot, what, timeout, signal }: OnMaster,
  work: Work<Result>,
): Promise<Result> {
  const limit = new TimeLimit(timeout);
  let target: ClusterNode | undefined;
  for (let redirects = 1; ; redirects++) {
    const left = { slot, what, timeout: timeout === 0 ? 0 : limit.left, signal };
    try {
      return await onMaster(router, left, work, target);
    } catch (error) {
      const redirect = redirectOf(error);
      if (redirect === undefined || redirects > MOST_REDIRECTS || limit.endsWithin(0)) throw error;
      const node = router.follow(redirect);
      target = redirect.isAsk ? node : undefined;
    }
    if (redirects > REDIRECTS_AT_ONCE)
      await sleep(REDIRECT_PAUSE * redirects, undefined, { signal }).catch(() => undefined);
  }
}
