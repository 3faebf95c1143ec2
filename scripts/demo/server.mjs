// @ts-check
import { messageOf } from '../lib/report.mjs';
import { findProgram } from '../lib/run-command.mjs';
import { obtain, Server, ServerUnavailableError } from '../servers/index.mjs';

/**
 * @import { RedisClientOptions } from '../../lib/core/index.js'
 */

/**
 * @typedef {object} DemoServer
 * @property {RedisClientOptions} place  where it is, for a client
 * @property {NodeJS.ProcessEnv} environment  the same, for the sample
 * @property {string} about     in words, for the screen; no password
 * @property {boolean} ours     started for the demo, and ended with it
 * @property {boolean} standIn  not a real server
 * @property {() => Promise<void>} stop
 */

/**
 * A server for the demo: the one at `REDIS_URL`, else a server program on the PATH, else one of Debian's packages, else
 * the stand-in written in JavaScript.
 *
 * @param {{ standIn?: boolean, say: (message: string) => void }} options `standIn` takes it whatever else there is
 * @returns {Promise<DemoServer>}
 */
export async function provideServer({ standIn = false, say }) {
  if (standIn) return startStandIn('as asked for with --stand-in');
  return fromEnvironment() ?? (await fromPath(say)) ?? (await fromDebian(say));
}

/** @returns {DemoServer | undefined} */
function fromEnvironment() {
  const url = process.env.REDIS_URL;
  if (!url) return undefined;
  const shown = url.replace(/\/\/[^/@]*@/, '//***@');
  return { ...at(url), about: `REDIS_URL, ${shown}`, ours: false, standIn: false, stop: async () => {} };
}

/**
 * @param {(message: string) => void} say
 * @returns {Promise<DemoServer | undefined>}
 */
async function fromPath(say) {
  for (const name of ['redis-server', 'valkey-server']) {
    const binary = findProgram(name);
    if (binary === undefined) continue;
    try {
      return await start(binary, `${name} on the PATH`);
    } catch (error) {
      say(`${binary} does not start here (${messageOf(error).split('\n')[0]})`);
    }
  }
  return undefined;
}

/**
 * @param {(message: string) => void} say
 * @returns {Promise<DemoServer>}
 */
async function fromDebian(say) {
  try {
    const { path } = await obtain('redis-8.0', { log: say });
    return await start(path, "Debian's package in a private folder");
  } catch (error) {
    const reason = error instanceof ServerUnavailableError ? error.reason : messageOf(error);
    say(`no server could be had: ${reason}`);
    return startStandIn('REDIS_URL names a real one');
  }
}

/**
 * @param {string} binary
 * @param {string} from
 * @returns {Promise<DemoServer>}
 */
async function start(binary, from) {
  const server = await Server.start({ binary });
  const about = `${server.product} ${server.version} (${from}) at ${server.url}`;
  return { ...at(server.url), about, ours: true, standIn: false, stop: () => server.stop() };
}

/**
 * @param {string} why
 * @returns {Promise<DemoServer>}
 */
async function startStandIn(why) {
  const { createRedisMock } = await import('js-redis-server');
  const server = await createRedisMock();
  const about = `not a real one: js-redis-server stands in, written in JavaScript, inside this process (${why})`;
  return { ...at(server.url), about, ours: true, standIn: true, stop: () => server.close() };
}

/** @param {string} url */
function at(url) {
  return { place: { url }, environment: { REDIS_URL: url } };
}
