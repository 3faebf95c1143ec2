import { KIND_NAMES, obtainAll, Server } from '../servers/index.mjs';

/**
 * One server of every kind that can be had, on free ports. `stop()` ends them all; `missing` tells of the others why not.
 */
export async function startServers() {
  const { missing } = await obtainAll(KIND_NAMES);
  const servers = [];
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  try {
    for (const kind of KIND_NAMES) if (!(kind in missing)) servers.push(await Server.start({ kind }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: servers.map((server) => server.url), missing, stop };
}
