import { existsSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../scripts/lib/report.mjs';
import type { Found } from './absences.js';

/** The image for servers in containers: `REDWIRE_TEST_IMAGE` (an exact tag, which may be a local one). */
export const TEST_IMAGE = process.env.REDWIRE_TEST_IMAGE || 'redis:8.0';

export interface ContainerServer {
  url: string;
  host: string;
  port: number;
  image: string;
  stop(): Promise<void>;
}

/**
 * A Docker engine that answers and has the image, or can pull it. Looks where Testcontainers does: `DOCKER_HOST`, then
 * the usual sockets.
 */
export async function findDocker(image = TEST_IMAGE): Promise<Found<{ host: string; image: string }>> {
  const tried: string[] = [];
  for (const host of candidates()) {
    try {
      const answer = await ask(host, { path: '/_ping' }, 5_000);
      if (answer.status !== 200) throw new Error(`it answers with status ${answer.status}`);
    } catch (error) {
      tried.push(`${host}: ${messageOf(error)}`);
      continue;
    }
    try {
      await ensureImage(host, image);
      return { available: true, host, image };
    } catch (error) {
      const reason = `the engine at ${host} has no image ${image} and could not pull it (${messageOf(error)})`;
      return { available: false, reason: `${reason}. REDWIRE_TEST_IMAGE may name a local one.` };
    }
  }
  const where = tried.length > 0 ? ` (${tried.join('; ')})` : '';
  return { available: false, reason: `No Docker engine answers${where}. DOCKER_HOST names one.` };
}

/** Starts a server in a container with Testcontainers. */
export async function startContainer(image = TEST_IMAGE): Promise<ContainerServer> {
  // A named image may well be a local one beside no registry, and then the reaper's cannot be had.
  if (process.env.REDWIRE_TEST_IMAGE) process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  const { RedisContainer } = await import('@testcontainers/redis');
  const container = await new RedisContainer(image).start();
  return {
    url: container.getConnectionUrl(),
    host: container.getHost(),
    port: container.getPort(),
    image,
    stop: async () => {
      await container.stop();
    },
  };
}

function candidates(): string[] {
  if (process.env.DOCKER_HOST) return [process.env.DOCKER_HOST];
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${userInfo().uid}`;
  const home = homedir();
  return ['/var/run/docker.sock', join(runtime, 'docker.sock')]
    .concat(['run', 'desktop'].map((folder) => join(home, '.docker', folder, 'docker.sock')))
    .filter((path) => existsSync(path))
    .map((path) => `unix://${path}`);
}

async function ensureImage(host: string, image: string): Promise<void> {
  const { status } = await ask(host, { path: `/images/${image}/json` }, 10_000);
  if (status === 200) return;
  const [, name, tag = 'latest'] = /^(.+?)(?::([^:/]+))?$/.exec(image) ?? [];
  const query = new URLSearchParams({ fromImage: name ?? image, tag });
  const pulled = await ask(host, { method: 'POST', path: `/images/create?${query}` }, 120_000);
  // A line of JSON for each step; one that fails does so inside an answer that began as a success.
  const steps: { error?: string; message?: string }[] = pulled.body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const failure = steps.map((step) => step.error ?? step.message).find(Boolean);
  if (pulled.status !== 200 || failure) throw new Error(failure ?? `status ${pulled.status}`);
}

/** One request to the engine's API. */
function ask(
  host: string,
  options: RequestOptions,
  timeout: number,
): Promise<{ status: number; body: string }> {
  const { protocol, pathname, hostname, port } = new URL(host);
  const target: RequestOptions =
    protocol === 'unix:'
      ? { socketPath: decodeURIComponent(pathname) }
      : { hostname, port: port === '' ? 2375 : Number(port) };
  if (!['unix:', 'tcp:', 'http:'].includes(protocol)) {
    return Promise.reject(new Error(`an engine over ${protocol}// cannot be asked from here`));
  }
  return new Promise((resolve, reject) => {
    const asked = request({ ...target, ...options, signal: AbortSignal.timeout(timeout) }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}
