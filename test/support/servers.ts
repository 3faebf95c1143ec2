import { KIND_NAMES, Server, ServerUnavailableError } from '../../scripts/servers/index.mjs';
import type { MissingServers, ServerBinaries } from '../../scripts/servers/obtain.mjs';
import type { ServerKind } from '../../scripts/servers/kinds.mjs';
import type { ServerOptions } from '../../scripts/servers/server.mjs';
import { isRequired } from '../../scripts/lib/absences.mjs';

export type { ServerKind };

/** A real server of this test's own: see `scripts/servers/server.mjs`. */
export type TestServer = Omit<Server, 'kind'> & { readonly kind: ServerKind };

export type StartOptions = Omit<ServerOptions, 'kind' | 'binary'> & { kind: ServerKind };

/** What the global setup found, once for all test files. */
function known(): { found: ServerBinaries; missing: MissingServers } {
  const told = process.env.REDWIRE_SERVERS;
  return told ? JSON.parse(told) : { found: {}, missing: {} };
}

/** The servers that cannot be had on this machine, and why. */
export const MISSING_SERVERS: MissingServers = known().missing;

/** `REDWIRE_KIND` names the one to use, where a run is about other differences than those between servers. */
const WANTED_KINDS = process.env.REDWIRE_KIND
  ? KIND_NAMES.filter((kind) => kind === process.env.REDWIRE_KIND)
  : KIND_NAMES;

/**
 * The servers for `describe.each(SERVER_KINDS)`: all three, less what cannot be had on this machine (said loudly by
 * the global setup). One that is required, or all where none can be had, stays in the matrix and fails with the reason.
 */
export const SERVER_KINDS: readonly ServerKind[] = (() => {
  const kinds = WANTED_KINDS.filter((kind) => !(kind in MISSING_SERVERS) || isRequired('servers', kind));
  return kinds.length > 0 ? kinds : WANTED_KINDS;
})();

/** For `describe.each(ONE_KIND)`: where no server's version has a part in what is shown, one of them shows it as well. */
export const ONE_KIND: readonly ServerKind[] = SERVER_KINDS.slice(-1);

/** Starts a server of this kind on free ports and waits until it answers. Stop it in `afterAll`, or with `await using`. */
export async function startServer(options: StartOptions): Promise<TestServer> {
  const reason = MISSING_SERVERS[options.kind];
  if (reason !== undefined) throw new ServerUnavailableError(options.kind, reason);
  return (await Server.start(options)) as TestServer;
}
