// @ts-check
import { agreement } from './cluster-agreement.mjs';
import { ClusterNode } from './cluster-node.mjs';
import { forget, meet, replicate } from './cluster-join.mjs';
import { assign, migrateAtomically, moveSlot, shares } from './cluster-slots.mjs';
import { serves } from './cluster-view.mjs';
import { Server } from './server.mjs';
import { shareCertificates } from './share-certificates.mjs';
import { until } from './until.mjs';

/**
 * @import { NodeView } from './cluster-view.mjs'
 * @import { ServerKind } from './kinds.mjs'
 * @import { ServerOptions } from './server.mjs'
 *
 * @typedef {object} ClusterOptions
 * @property {ServerKind} kind
 * @property {number} [masters]           default 3
 * @property {number} [replicas]          of each master; default 1
 * @property {ServerOptions['tls']} [tls] clients use TLS ports then, and the nodes talk TLS among themselves
 * @property {string} [requirepass]       the password of every node
 * @property {string[] | ((index: number) => string[])} [args]  more options for the nodes, which win over ours
 */

/** As quick as the servers allow: a node is given up after a second, for on a busy machine one that lives may be silent for half of that. */
const QUICK = Object.entries({
  'cluster-node-timeout': 1_000,
  'cluster-replica-validity-factor': 0,
  'cluster-require-full-coverage': 'no',
  'cluster-allow-replica-migration': 'no',
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': 0,
  'repl-ping-replica-period': 1,
  'repl-timeout': 5,
}).flatMap(([name, value]) => [`--${name}`, String(value)]);

/**
 * A real cluster on loopback. What it is made of is asked of the servers whenever it is needed, so that nothing here
 * grows stale by a failover.
 */
export class Cluster {
  /** All that were started and not removed, masters first as they were then. @type {ClusterNode[]} */
  nodes = [];
  #options;
  /** @type {Awaited<ReturnType<typeof shareCertificates>> | undefined} */
  #certificates;
  /** What was agreed last: what became of a node that is gone is told from it. @type {NodeView[]} */
  #agreed = [];
  #started = 0;

  /** @param {ClusterOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Resolves when every node takes commands, knows all others and has its replication going: some 2 s, most of which
   * a master waits by itself before it joins in.
   *
   * @param {ClusterOptions} options
   */
  static async start(options) {
    const cluster = new Cluster(options);
    try {
      await cluster.#build();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #build() {
    const { masters = 3, replicas = 1, tls } = this.#options;
    if (tls) this.#certificates = await shareCertificates(tls);
    const started = await Promise.allSettled(
      Array.from({ length: masters * (1 + replicas) }, () => this.#startNode()),
    );
    for (const result of started) if (result.status === 'fulfilled') this.nodes.push(result.value);
    for (const result of started) if (result.status === 'rejected') throw result.reason;

    const heads = this.nodes.slice(0, masters);
    const ranges = shares(masters);
    await Promise.all(this.nodes.map((node, index) => node.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)));
    await Promise.all(heads.map((node, index) => node.ask('CLUSTER', 'ADDSLOTSRANGE', ...ranges[index])));
    await meet(this.nodes, this.nodes);
    await Promise.all(
      this.nodes.slice(masters).map((node, index) => replicate(node, heads[index % masters])),
    );
    await this.settled();
  }

  async #startNode() {
    const { kind, requirepass, args = [] } = this.#options;
    const index = this.#started++;
    const more = typeof args === 'function' ? args(index) : args;
    const secrets = requirepass === undefined ? [] : ['--masterauth', requirepass];
    const encrypted = this.#certificates
      ? ['--tls-cluster', 'yes', '--tls-replication', 'yes', ...this.#certificates.args]
      : [];
    return await ClusterNode.of(
      await Server.start({
        kind,
        cluster: true,
        tls: this.#certificates?.tls,
        requirepass,
        args: [...QUICK, ...secrets, ...encrypted, ...more],
      }),
    );
  }

  get #running() {
    return this.nodes.filter(({ isRunning }) => isRunning);
  }

  get urls() {
    return this.nodes.map(({ url }) => url);
  }

  /** Where clients reach the nodes: seeds. */
  get addresses() {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  /** PEM, for `tls: { ca }`. */
  get ca() {
    return this.nodes[0]?.server.ca;
  }

  /** The masters that serve slots or could, of those that run, as they say themselves. */
  async masters() {
    return await this.#withRole('master');
  }

  async replicas() {
    return await this.#withRole('replica');
  }

  /** @param {'master' | 'replica'} role */
  async #withRole(role) {
    const running = this.#running;
    const roles = await Promise.all(running.map((node) => node.role()));
    return running.filter((_, index) => roles[index] === role);
  }

  /** The node of those that run which serves a slot, or the slot of a key. @param {number | string} slotOrKey */
  async masterOf(slotOrKey) {
    const slot = typeof slotOrKey === 'number' ? slotOrKey : await this.slotOf(slotOrKey);
    for (const node of this.#running) {
      const own = await node.own();
      if (own.role === 'master' && serves(own, slot)) return node;
    }
    throw new Error(`No node that runs serves slot ${slot}.`);
  }

  /** @param {string} key @returns {Promise<number>} */
  async slotOf(key) {
    return await this.#anyone().ask('CLUSTER', 'KEYSLOT', key);
  }

  /** @param {ClusterNode} master */
  async replicasOf(master) {
    const running = this.#running;
    const views = await Promise.all(running.map((node) => node.own()));
    return running.filter((_, index) => views[index].masterId === master.id);
  }

  #anyone() {
    const [node] = this.#running;
    if (node === undefined) throw new Error('No node of the cluster runs.');
    return node;
  }

  /**
   * Resolves when all nodes that run agree on who serves what, take commands, see nothing wrong with each other, and
   * every replica of a node that runs follows it.
   *
   * @param {{ timeout?: number }} [options] ms
   */
  async settled({ timeout = 20_000 } = {}) {
    this.#agreed = await until('the nodes of a cluster agree', () => agreement(this.#running), { timeout });
  }

  /**
   * CLUSTER FAILOVER: the replica takes its master's place by arrangement, by FORCE without it, by TAKEOVER without the
   * other masters. Resolves when all agree.
   *
   * @param {ClusterNode} replica
   * @param {'FORCE' | 'TAKEOVER'} [option]
   */
  async failover(replica, option) {
    await replica.ask('CLUSTER', 'FAILOVER', ...(option ? [option] : []));
    await this.#promoted([replica], 20_000);
    await this.settled();
  }

  /** SIGKILL. @param {ClusterNode} node */
  async kill(node) {
    await node.server.kill();
  }

  /**
   * Starts a node that was killed or runs; resolves when it has found its place. With `move` it comes back on other
   * ports, which the others learn from it.
   *
   * @param {ClusterNode} node
   * @param {{ move?: boolean }} [options]
   */
  async restart(node, options) {
    await node.server.restart(options);
    await this.settled();
  }

  /**
   * Resolves as soon as one of the replicas that a node had says that it is a master now: what the others make of it
   * is another matter (`settled`).
   *
   * @param {ClusterNode} node
   * @param {{ timeout?: number }} [options] ms
   */
  async waitForPromotion(node, { timeout = 20_000 } = {}) {
    const heirs = this.#agreed.filter(({ masterId }) => masterId === node.id).map(({ id }) => id);
    if (heirs.length === 0) throw new Error(`Node ${node.id} had no replica when the cluster last agreed.`);
    return await this.#promoted(
      this.nodes.filter(({ id }) => heirs.includes(id)),
      timeout,
    );
  }

  /** @param {ClusterNode[]} heirs @param {number} timeout */
  async #promoted(heirs, timeout) {
    const check = async () => {
      for (const heir of heirs) {
        if (!heir.isRunning) continue;
        const own = await heir.own();
        if (own.role !== 'master' || own.slots.length === 0) continue;
        heir.promotedAt = performance.now();
        return heir;
      }
      return undefined;
    };
    return await until('a replica is promoted', check, { timeout, interval: 5 });
  }

  /**
   * Moves a slot and its keys to another master while it is in use. Masters know of it when this resolves, replicas
   * soon after (`settled`).
   *
   * @param {number} slot
   * @param {ClusterNode} target
   * @param {{ onHalfWay?: () => unknown }} [options]  called once when half of the keys have gone over
   */
  async moveSlot(slot, target, { onHalfWay } = {}) {
    const source = await until('a node serves the slot', () => this.masterOf(slot).catch(() => undefined));
    if (source === target) return;
    const others = (await this.masters()).filter((node) => node !== source && node !== target);
    await moveSlot({ slot, source, target, others, password: this.#options.requirepass, onHalfWay });
    // older news of another node may still be on its way, and take the slot from where it is now
    await until('all masters know who has the slot', async () => {
      const masters = await this.masters();
      const views = await Promise.all(masters.map((node) => node.view()));
      if (views.every((view) => view.some((one) => one.id === target.id && serves(one, slot)))) return true;
      await target.ask('CLUSTER', 'BUMPEPOCH');
      for (const node of masters) await assign(node, slot, target);
      return false;
    });
  }

  /**
   * Valkey 9's own way: the slots go over as a whole, with no moment at which a key is here and another there.
   *
   * @param {number} first
   * @param {number} last
   * @param {ClusterNode} target
   */
  async migrateSlotsAtomically(first, last, target) {
    const source = await this.masterOf(first);
    await migrateAtomically({ first, last, source, target });
    await until('everyone knows who has the slots', async () => {
      const views = await Promise.all(this.#running.map((node) => node.view()));
      return views.every((view) => view.some((one) => one.id === target.id && serves(one, first)));
    });
  }

  /**
   * A new node, which joins: an empty master, or a replica.
   *
   * @param {{ replicaOf?: ClusterNode }} [options]
   */
  async addNode({ replicaOf } = {}) {
    const node = await this.#startNode();
    this.nodes.push(node);
    await meet([node], this.#running);
    if (replicaOf) await replicate(node, replicaOf);
    await this.settled();
    return node;
  }

  /** Stops a node and has the others forget it; its slots are nobody's then. @param {ClusterNode} node */
  async removeNode(node) {
    this.nodes = this.nodes.filter((other) => other !== node);
    await node.server.stop();
    await Promise.all(this.#running.map((other) => forget(other, node.id)));
    await this.settled();
  }

  async stop() {
    await Promise.all(this.nodes.map(({ server }) => server.stop()));
    await this.#certificates?.dispose();
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }
}
