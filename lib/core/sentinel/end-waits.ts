import { CLIENT_UNBLOCK } from '../commands/commands.generated.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { Command } from '../connection/command.js';
import { FixedRoute } from '../connection/route.js';
import { optionsAt, type ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import { unwatchedConnection } from './unwatched-connection.js';

/** ms. After that the connections are given up all the same. */
const TIMEOUT = 1_000;

/**
 * Has a server end the waits of blocking commands on connections that are to go elsewhere: it alone knows whether they have
 * taken anything. One that has not waits on at the new master; else its answer comes before its connection is given up.
 *
 * @param clientIds the server's numbers for those connections.
 */
export function endWaits(
  options: ResolvedOptions,
  address: ResolvedAddress,
  clientIds: readonly number[],
): void {
  const at = optionsAt(options, address);
  const route = new FixedRoute({ ...address, path: undefined });
  const connection = unwatchedConnection({ options: at, route }, 'shared');
  const ended = clientIds.map((clientId) => {
    // with ERROR: of a `null` nobody would know whether it was the command's own timeout
    const command = new Command(CLIENT_UNBLOCK, [clientId, 'ERROR'], false);
    command.deadline = deadlineAfter(TIMEOUT);
    connection.submit(command);
    return command.promise;
  });
  void Promise.allSettled(ended).then(() => connection.destroy());
}
