// @ts-check
import { parseNodes } from './cluster-view.mjs';

/**
 * @import { NodeView } from './cluster-view.mjs'
 * @import { Server } from './server.mjs'
 */

/** One node of a cluster: its server, and what it says of itself and of the others when asked. */
export class ClusterNode {
  server;
  /** The cluster's name for it, which it keeps over restarts. */
  id;
  /** When it was seen to have become a master by a failover, as `performance.now()` has it. @type {number | undefined} */
  promotedAt;

  /**
   * @param {Server} server
   * @param {string} id
   */
  constructor(server, id) {
    this.server = server;
    this.id = id;
  }

  /** @param {Server} server */
  static async of(server) {
    return new ClusterNode(server, await server.ask('CLUSTER', 'MYID'));
  }

  get host() {
    return this.server.host;
  }

  /** The port that clients use: the one for TLS where the cluster has that. */
  get port() {
    return this.server.tlsPort ?? this.server.port;
  }

  get url() {
    return this.server.tlsUrl ?? this.server.url;
  }

  get isRunning() {
    return this.server.state === 'running';
  }

  /**
   * @param {...(string | number)} words
   * @returns {Promise<any>}
   */
  ask(...words) {
    return this.server.ask(...words);
  }

  /** What it knows of the cluster. @returns {Promise<NodeView[]>} */
  async view() {
    return parseNodes(await this.ask('CLUSTER', 'NODES'));
  }

  /** What it says of itself. */
  async own() {
    const own = (await this.view()).find(({ flags }) => flags.includes('myself'));
    if (own === undefined) throw new Error(`Node ${this.id} does not know itself.`);
    return own;
  }

  /** Asked live. @returns {Promise<'master' | 'replica'>} */
  async role() {
    return (await this.own()).role;
  }

  /** @param {string} section @param {string} field */
  async info(section, field) {
    const line = (await this.ask('INFO', section)).match(new RegExp(`^${field}:(.*)$`, 'm'));
    return line?.[1].trim();
  }
}
