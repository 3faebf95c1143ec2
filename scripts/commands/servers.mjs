import { KIND_NAMES, Server } from '../servers/index.mjs';

/** One server of every kind, on free ports. `stop()` ends them all. */
export async function startServers() {
  const servers = [];
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  try {
    for (const kind of KIND_NAMES) servers.push(await Server.start({ kind }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: servers.map((server) => server.url), stop };
}
