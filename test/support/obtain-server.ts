import { findProgram } from '../../scripts/lib/run-command.mjs';
import { Server } from '../../scripts/servers/index.mjs';
import { findDocker, startContainer } from './docker.js';
import { MISSING_SERVERS, type ServerKind, startServer } from './servers.js';

/** Any server, for a test that does not mind which. It may be shared (`REDIS_URL`): use keys of your own, flush nothing. */
export interface ObtainedServer {
  url: string;
  host: string;
  port: number;
  /** Where it came from. */
  from: 'REDIS_URL' | 'binary' | 'container';
  /** Ends what was started for the test; the server behind `REDIS_URL` is left alone. */
  stop(): Promise<void>;
}

const PREFERRED: readonly ServerKind[] = ['redis-8.0', 'redis-7.0', 'valkey-9.1'];

/**
 * Hands a test a server: the one at `REDIS_URL`, else one started from a server binary, else one in a container where a
 * Docker engine answers.
 */
export async function obtainServer(): Promise<ObtainedServer> {
  return fromEnvironment() ?? (await fromBinary()) ?? (await fromContainer());
}

function fromEnvironment(): ObtainedServer | undefined {
  const url = process.env.REDIS_URL;
  if (!url) return undefined;
  const { hostname, port } = new URL(url);
  // A URL keeps the brackets of an IPv6 address; a socket wants it without.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { url, host, port: Number(port || 6379), from: 'REDIS_URL', stop: async () => {} };
}

async function fromBinary(): Promise<ObtainedServer | undefined> {
  const kind = PREFERRED.find((name) => !(name in MISSING_SERVERS));
  const binary = findProgram('redis-server') ?? findProgram('valkey-server');
  let server: Pick<Server, 'url' | 'host' | 'port' | 'stop'>;
  if (kind !== undefined) server = await startServer({ kind });
  else if (binary !== undefined) server = await Server.start({ binary });
  else return undefined;
  const { url, host, port } = server;
  return { url, host, port, from: 'binary', stop: () => server.stop() };
}

async function fromContainer(): Promise<ObtainedServer> {
  const docker = await findDocker();
  if (docker.available) return { ...(await startContainer(docker.image)), from: 'container' };
  const reasons = Object.entries(MISSING_SERVERS).map(([kind, reason]) => `- ${kind}: ${reason}`);
  throw new Error(
    [
      'No Redis server for the tests. Set REDIS_URL, put a redis-server on the PATH, or start a Docker engine.',
      ...reasons,
      `- docker: ${docker.reason}`,
    ].join('\n'),
  );
}
