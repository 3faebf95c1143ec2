import { onceAborted } from '../../abort-signals.js';
import { blockingTimeout } from '../../commands/blocking-timeout.js';
import { deadlineAfter } from '../../connection/coarse-clock.js';
import { CommandContext } from '../../connection/command-context.js';
import type { Command } from '../../connection/command.js';
import { waitLeft, waitOnlyFor } from '../../connection/wait-left.js';
import { aborted } from '../../engine/call-off.js';
import type { CallOptions } from '../../options.js';
import type { ResolvedOptions } from '../../resolve-options.js';
import { crossSlotError } from '../many-nodes/cross-slot-error.js';
import { MANY_SLOTS, slotOf } from '../slots/command-slot.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { ClusterRouter } from './cluster-router.js';

/**
 * Has a blocking command wait on the node that has its slot, and on the one that has it then where the slot goes elsewhere meanwhile
 * or another server becomes its master: with what is left of its own timeout.
 *
 * @param wait how long the command may wait on the server, ms.
 */
export function blockOnMaster(
  router: ClusterRouter,
  options: ResolvedOptions,
  command: Command,
  wait: number,
  call: CallOptions | undefined,
): void {
  const context = (command.context ??= new CommandContext());
  // a time of the call's own is for all of it, the wait for the map of the slots too
  context.calledAt = performance.now();
  /** Takes back what ends the wait for the map; undefined where it does not wait for that. */
  let forget: (() => void) | undefined;
  const hold = (): void => {
    const { timeout, signal } = call ?? {};
    // 0 is none; what is over meanwhile has a moment left
    if (timeout !== undefined)
      command.deadline = deadlineAfter(
        timeout && Math.max(1, context.calledAt + timeout - performance.now()),
      );
    context.onSettled = forget =
      signal === undefined
        ? () => undefined
        : onceAborted(signal, () => command.fail(() => aborted(command.spec.name, signal)));
    router.hold(command);
  };
  const begin = (node: ClusterNode | undefined): void => {
    const slot = slotOf(command.spec, command.args);
    if (slot === MANY_SLOTS) command.fail(() => crossSlotError([command]));
    else if (!router.topology.isKnown) hold();
    else {
      context.asking = node !== undefined;
      const { engine } = node ?? router.masterOf(slot);
      engine.block(command, blockingTimeout(command.spec, command.args) ?? wait, call);
    }
  };
  context.reissue = (node) => {
    const { onSettled } = context;
    if (forget !== undefined) {
      context.onSettled = undefined;
      forget();
      forget = undefined;
    } else if (onSettled !== undefined) {
      // it comes from a server
      const left = waitLeft(command, options);
      context.onSettled = undefined;
      // what it had is given back
      onSettled();
      if (command.settled || command.endCalledOff()) return;
      // as those that wait when the client is closed: it has taken nothing
      if (router.status === 'closing' || router.status === 'closed') {
        command.reply(null);
        return;
      }
      waitOnlyFor(command, left, options);
    }
    begin(node as ClusterNode | undefined);
  };
  begin(undefined);
}
