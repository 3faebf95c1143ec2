// @ts-check
import { Server } from './server.mjs';
import { shareCertificates } from './share-certificates.mjs';
import { until } from './until.mjs';

/**
 * @import { ServerKind } from './kinds.mjs'
 * @import { ServerOptions } from './server.mjs'
 *
 * @typedef {object} SentinelOptions
 * @property {ServerKind} kind
 * @property {number} [replicas]          default 2
 * @property {number} [sentinels]         default 3; more than half of them decide
 * @property {string} [masterName]        default mymaster
 * @property {string} [requirepass]       the password of the master and its replicas
 * @property {string} [sentinelPassword]  the password of the sentinels
 * @property {ServerOptions['tls']} [tls] clients use TLS ports then, and so do the servers among themselves
 * @property {string[]} [args]            more options for the master and its replicas
 * @property {string[]} [sentinelLines]   more lines for the sentinels' configuration
 *
 * @typedef {object} SentinelNode
 * @property {Server} server
 * @property {string} host
 * @property {number} port  the one for TLS where there is one
 */

const QUICK = Object.entries({
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': 0,
  'repl-ping-replica-period': 1,
  'repl-timeout': 5,
}).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** How often a sentinel looks, ms. Pings more often than this, or news that often for good, make failovers abort. */
const PERIODS = {
  'INFO-PERIOD': 200,
  'PING-PERIOD': 300,
  'ASK-PERIOD': 100,
  'PUBLISH-PERIOD': 100,
};
const PUBLISH_PERIOD = 500;

/** A master with replicas on loopback, and the sentinels that watch it. */
export class SentinelSetup {
  /** The master and its replicas, in the order they were started. @type {Server[]} */
  servers = [];
  /** @type {SentinelNode[]} */
  sentinels = [];
  masterName;
  /** When a replica was last seen to have become the master, as `performance.now()` has it. @type {number | undefined} */
  promotedAt;
  #options;
  /** @type {Awaited<ReturnType<typeof shareCertificates>> | undefined} */
  #certificates;

  /** @param {SentinelOptions} options */
  constructor(options) {
    this.#options = options;
    this.masterName = options.masterName ?? 'mymaster';
  }

  /**
   * Resolves when the sentinels know each other, the master and its replicas, and replication goes: some 0.5 s.
   *
   * @param {SentinelOptions} options
   */
  static async start(options) {
    const setup = new SentinelSetup(options);
    try {
      await setup.#build();
      return setup;
    } catch (error) {
      await setup.stop();
      throw error;
    }
  }

  async #build() {
    const { replicas = 2, sentinels = 3, tls } = this.#options;
    if (tls) this.#certificates = await shareCertificates(tls);
    const master = await this.#startServer();
    await allOf(Array.from({ length: replicas }, () => this.#startServer(master)));
    await allOf(Array.from({ length: sentinels }, (_, index) => this.#startSentinel(master, index)));
    await this.settled();
  }

  /** @param {Server} [master] */
  async #startServer(master) {
    const { requirepass, args = [] } = this.#options;
    const secrets = requirepass === undefined ? [] : ['--masterauth', requirepass];
    const follows = master ? ['--replicaof', master.host, String(portOf(master))] : [];
    const server = await this.#start({
      requirepass,
      args: [...QUICK, ...secrets, ...follows, ...this.#encrypted, ...args],
    });
    this.servers.push(server);
    return server;
  }

  /** @param {Partial<ServerOptions>} options */
  async #start(options) {
    return await Server.start({ kind: this.#options.kind, tls: this.#certificates?.tls, ...options });
  }

  get #encrypted() {
    return this.#certificates ? ['--tls-replication', 'yes', ...this.#certificates.args] : [];
  }

  /** @param {Server} master @param {number} index */
  async #startSentinel(master, index) {
    const { requirepass, sentinelPassword, sentinels = 3, sentinelLines = [] } = this.#options;
    const name = this.masterName;
    const server = await this.#start({
      requirepass: sentinelPassword,
      sentinel: [
        `sentinel monitor ${name} ${master.host} ${portOf(master)} ${Math.floor(sentinels / 2) + 1}`,
        // Not all at once, or they vote for themselves.
        `sentinel down-after-milliseconds ${name} ${index < 2 ? 500 : 3_000}`,
        `sentinel failover-timeout ${name} 3000`,
        `sentinel parallel-syncs ${name} 2`,
        ...(requirepass === undefined ? [] : [`sentinel auth-pass ${name} ${requirepass}`]),
        ...(sentinelPassword === undefined ? [] : [`sentinel sentinel-pass ${sentinelPassword}`]),
        ...sentinelLines,
      ],
      args: this.#encrypted,
    });
    const sentinel = { server, host: server.host, port: portOf(server) };
    this.sentinels.push(sentinel);
    await server.ask('SENTINEL', 'DEBUG', ...Object.entries(PERIODS).flat());
    return sentinel;
  }

  /** Where clients ask for the master. */
  get addresses() {
    return this.sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** PEM, for `tls: { ca }`. */
  get ca() {
    return this.servers[0]?.ca;
  }

  /** The server that the sentinels call the master now, whether it runs or not. */
  async master() {
    for (const { server } of this.#watching) {
      const [host, port] = await server.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.masterName);
      const found = this.servers.find((one) => one.host === host && portOf(one) === Number(port));
      if (found) return found;
    }
    throw new Error(`No sentinel that runs knows a master of ours by the name of ${this.masterName}.`);
  }

  /** The servers that run and say of themselves that they are replicas. */
  async replicas() {
    const running = this.#running;
    const roles = await Promise.all(running.map((server) => roleOf(server)));
    return running.filter((_, index) => roles[index].role === 'slave');
  }

  get #running() {
    return this.servers.filter(({ state }) => state === 'running');
  }

  get #watching() {
    return this.sentinels.filter(({ server }) => server.state === 'running');
  }

  /**
   * Resolves when the sentinels that run agree on a master that runs and says so, see nothing wrong with it, know each
   * other, and all other servers that run follow it.
   *
   * @param {{ timeout?: number }} [options] ms
   */
  async settled({ timeout = 20_000 } = {}) {
    await until('the sentinels agree', () => this.#agreed(), { timeout });
    await Promise.all(
      this.#watching.map(({ server }) => server.ask('SENTINEL', 'DEBUG', 'PUBLISH-PERIOD', PUBLISH_PERIOD)),
    );
  }

  async #agreed() {
    const master = await this.master();
    const running = this.#running;
    const { role } = await roleOf(master);
    if (role !== 'master') return false;
    for (const server of running) {
      if (server === master) continue;
      const its = await roleOf(server);
      if (its.role !== 'slave' || its.port !== portOf(master) || its.link !== 'connected') return false;
    }
    for (const { server } of this.#watching) {
      const seen = await server.ask('SENTINEL', 'MASTER', this.masterName);
      if (Number(seen.port) !== portOf(master) || seen.flags !== 'master') return false;
      if (Number(seen['num-other-sentinels']) < this.#watching.length - 1) return false;
      const replicas = await server.ask('SENTINEL', 'REPLICAS', this.masterName);
      const sound = replicas.filter((/** @type {{ flags: string }} */ { flags }) => flags === 'slave');
      if (sound.length < running.length - 1) return false;
    }
    return true;
  }

  /**
   * SENTINEL FAILOVER: the sentinels make another one the master without asking each other. The old master takes
   * writes until it is told, and loses them. Resolves when all agree, with the new master.
   */
  async failover() {
    const old = await this.master();
    // Refused while the last failover is not over for this sentinel.
    await until('a sentinel takes the failover', async () => {
      await this.#watching[0].server.ask('SENTINEL', 'FAILOVER', this.masterName);
      return true;
    });
    const promoted = await this.waitForPromotion(old);
    await this.settled();
    return promoted;
  }

  /** SIGKILL, of any of them. @param {Server} server */
  async kill(server) {
    await server.kill();
  }

  /**
   * Starts one again that was killed or runs; resolves when it has found its place.
   *
   * @param {Server} server
   */
  async restart(server) {
    await server.restart();
    if (this.sentinels.some((sentinel) => sentinel.server === server))
      await server.ask('SENTINEL', 'DEBUG', ...Object.entries(PERIODS).flat());
    await this.settled();
  }

  /**
   * Resolves as soon as a server other than `old` says that it is the master.
   *
   * @param {Server} old
   * @param {{ timeout?: number }} [options] ms
   */
  async waitForPromotion(old, { timeout = 20_000 } = {}) {
    const heirs = this.servers.filter((server) => server !== old);
    const check = async () => {
      for (const heir of heirs) {
        if (heir.state !== 'running' || (await roleOf(heir)).role !== 'master') continue;
        this.promotedAt = performance.now();
        return heir;
      }
      return undefined;
    };
    return await until('a replica is promoted', check, { timeout, interval: 5 });
  }

  /** One more sentinel, which the others get to know. */
  async addSentinel() {
    const sentinel = await this.#startSentinel(await this.master(), this.sentinels.length);
    await this.settled();
    return sentinel;
  }

  async stop() {
    await Promise.all(
      [...this.sentinels.map(({ server }) => server), ...this.servers].map((one) => one.stop()),
    );
    await this.#certificates?.dispose();
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }
}

/** @param {Server} server */
function portOf(server) {
  return server.tlsPort ?? server.port;
}

/** @param {Server} server @returns {Promise<{ role: string, port?: number, link?: string }>} */
async function roleOf(server) {
  const [role, , port, link] = await server.ask('ROLE');
  return role === 'slave' ? { role, port, link } : { role };
}

/** All or the first failure, but only when none is on its way any more: what was started has to be stopped. @param {Promise<unknown>[]} promises */
async function allOf(promises) {
  for (const result of await Promise.allSettled(promises))
    if (result.status === 'rejected') throw result.reason;
}
