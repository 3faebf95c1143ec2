import { RedisConnectionError, type RedisError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress, ResolvedSentinel } from '../resolve-topology.js';
import { timerDelay } from '../timer-delay.js';
import { Answers } from './answers.js';
import { noMaster, type Failure } from './no-master.js';
import { SENTINEL_GET_MASTER, SENTINEL_REPLICAS, SENTINEL_SENTINELS } from './sentinel-commands.js';
import { patienceOf, sentinelConnectionOptions } from './sentinel-connections.js';
import { SentinelNode } from './sentinel-node.js';
import { isReachable, readAddress, readServers, type KnownServer } from './sentinel-replies.js';

/** Once one has answered, those that do not know better have so long, ms. */
const GRACE = 50;

/** Hears of a master. */
export interface MasterEar {
  /** A Sentinel says that this is the master now. */
  onSwitch(address: ResolvedAddress): void;
  /** A Sentinel is about to make this one the master. */
  onSelected(address: ResolvedAddress): void;
  /** It is time to look whether the master is another one. */
  onPoll(): void;
}

/**
 * All Sentinels of one client or pool: those that were configured and those that they name. All are asked at the same time, so
 * that a dead one costs nothing, and each is listened to. They are connected to as long as somebody is held.
 */
export class Sentinels {
  private nodes: SentinelNode[];
  private readonly held = new Set<object>();
  private ear: MasterEar | undefined;
  private poll: NodeJS.Timeout | undefined;
  private readonly patience: number;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly settings: ResolvedSentinel,
  ) {
    this.patience = patienceOf(options);
    this.nodes = settings.nodes.map((address) => this.create(address, false));
  }

  /** `mymaster (by Sentinels a:1, b:2)`: what there is to say as long as there is no master. */
  get name(): string {
    const some = this.nodes.map(({ name }) => name).join(', ');
    return `${this.settings.masterName} (by Sentinel${this.nodes.length === 1 ? '' : 's'} ${some})`;
  }

  listen(ear: MasterEar): void {
    this.ear = ear;
  }

  /** Somebody needs them, until {@link release}. */
  hold(holder: object): void {
    this.held.add(holder);
    const { pollInterval } = this.settings;
    if (this.poll !== undefined || pollInterval === 0 || pollInterval === Infinity) return;
    this.poll = setInterval(() => this.onPoll(), timerDelay(pollInterval));
    this.poll.unref();
  }

  /** The last one has all connections to them closed. */
  release(holder: object): void {
    if (!this.held.delete(holder) || this.held.size > 0) return;
    clearInterval(this.poll);
    this.poll = undefined;
    for (const node of this.nodes) node.close();
  }

  /**
   * Asks for the master's address.
   *
   * @throws {RedisConnectionError} within `connectTimeout`, saying for each of them why it was of no help.
   */
  findMaster(isDoubted: (address: ResolvedAddress) => boolean): Promise<ResolvedAddress> {
    return this.askMaster(this.nodes, isDoubted);
  }

  /** The same of those only to whom there is a connection; undefined where nobody has an answer. */
  async glance(isDoubted: (address: ResolvedAddress) => boolean): Promise<ResolvedAddress | undefined> {
    const ready = this.nodes.filter(({ isReady }) => isReady);
    return ready.length === 0 ? undefined : this.askMaster(ready, isDoubted).catch(() => undefined);
  }

  /** The replicas that one of them holds for reachable; of several answers the first counts. */
  async findReplicas(): Promise<(ResolvedAddress & { readonly hasLink: boolean })[]> {
    const asked = this.nodes.map(async (node) => {
      const servers = await this.serversOf(node, SENTINEL_REPLICAS);
      return servers
        .filter(isReachable)
        .map((server) => ({ ...this.settings.nat(server), hasLink: server.hasLink }));
    });
    const soon = this.inTime('the replicas');
    try {
      return await Promise.race([Promise.any(asked), soon.late]);
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      const failures = error.errors.map((cause: RedisError, index) => failureOf(this.nodes[index]!, cause));
      throw noMaster(this.settings.masterName, failures, []);
    } finally {
      soon.forget();
    }
  }

  private askMaster(
    nodes: readonly SentinelNode[],
    isDoubted: (address: ResolvedAddress) => boolean,
  ): Promise<ResolvedAddress> {
    const answers = new Answers(nodes.length, isDoubted);
    const failures: Failure[] = [];
    return new Promise((resolve, reject) => {
      const open = new Set(nodes);
      const end = (): void => {
        clearTimeout(limit);
        clearTimeout(grace);
        const { best } = answers;
        const silent = [...open].map(({ name }) => name);
        if (best === undefined) reject(noMaster(this.settings.masterName, failures, silent));
        else resolve(answers.decided ?? best);
      };
      const limit = setTimeout(end, timerDelay(this.patience));
      let grace: NodeJS.Timeout | undefined;
      const settle = (node: SentinelNode): void => {
        open.delete(node);
        if (open.size === 0 || answers.decided !== undefined) end();
        else if (answers.size > 0) grace ??= setTimeout(end, GRACE);
      };
      for (const node of nodes) {
        this.masterOf(node).then(
          (address) => {
            if (address === undefined) failures.push({ sentinel: node.name, error: undefined });
            else answers.add(address);
            settle(node);
          },
          (error: RedisError) => {
            failures.push(failureOf(node, error));
            settle(node);
          },
        );
      }
    });
  }

  private async masterOf(node: SentinelNode): Promise<ResolvedAddress | undefined> {
    const reply = await node.ask(SENTINEL_GET_MASTER, [this.settings.masterName], this.patience);
    if (!Array.isArray(reply)) return undefined;
    const address = readAddress(reply[0], reply[1]);
    if (address === undefined)
      throw new RedisConnectionError('connect_failed', 'what it answered is no address');
    return this.settings.nat(address);
  }

  private async serversOf(node: SentinelNode, spec: typeof SENTINEL_REPLICAS): Promise<KnownServer[]> {
    return readServers(await node.ask(spec, [this.settings.masterName], this.patience));
  }

  private inTime(what: string): { late: Promise<never>; forget(): void } {
    let timer: NodeJS.Timeout;
    const late = new Promise<never>((_, reject) => {
      const message = `The Sentinels did not name ${what} of '${this.settings.masterName}' within ${this.patience} ms (\`connectTimeout\`).`;
      timer = setTimeout(
        () => reject(new RedisConnectionError('connect_failed', message)),
        timerDelay(this.patience),
      );
    });
    return { late, forget: () => clearTimeout(timer) };
  }

  // ── what they tell ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks one of them for its fellows. Those that were learned before, answer no more and are named no more are forgotten. */
  async learn(): Promise<void> {
    const teacher = this.nodes.find(({ isReady }) => isReady);
    if (teacher === undefined) return;
    let told: KnownServer[];
    try {
      told = await this.serversOf(teacher, SENTINEL_SENTINELS);
    } catch {
      return;
    }
    if (this.held.size === 0) return;
    const fellows = told.map((server) => ({ server, address: this.settings.nat(server) }));
    const isNamed = (node: SentinelNode): boolean => fellows.some(({ address }) => node.isAt(address));
    this.nodes = this.nodes.filter((node) => {
      const stays = !node.isLearned || node.isReady || isNamed(node);
      if (!stays) node.close();
      return stays;
    });
    for (const { server, address } of fellows)
      if (isReachable(server) && !this.nodes.some((node) => node.isAt(address))) this.addLearned(address);
  }

  private addLearned(address: ResolvedAddress): void {
    const node = this.create(address, true);
    this.nodes.push(node);
    // to hear it: what it answers does not matter
    this.masterOf(node).catch(() => undefined);
  }

  private create(address: ResolvedAddress, isLearned: boolean): SentinelNode {
    const options = sentinelConnectionOptions(this.options, this.settings, address);
    return new SentinelNode(address, isLearned, options, (event, words) => this.onEvent(event, words));
  }

  private onEvent(event: string, words: readonly string[]): void {
    const { masterName } = this.settings;
    if (event === '+switch-master' && words[0] === masterName) {
      const address = this.reachable(words[3], words[4]);
      if (address !== undefined) this.ear?.onSwitch(address);
    } else if (words[4] === '@' && words[5] === masterName) {
      if (event === '+sentinel') void this.learn();
      const address = event === '+selected-slave' ? this.reachable(words[2], words[3]) : undefined;
      if (address !== undefined) this.ear?.onSelected(address);
    }
  }

  /** An address that was told, as it can be reached from here. */
  private reachable(host: string | undefined, port: string | undefined): ResolvedAddress | undefined {
    const address = readAddress(host, port);
    try {
      return address === undefined ? undefined : this.settings.nat(address);
    } catch {
      // the user's `natMap`: whoever looks for the master next tells of that, and this is a socket's callback
      return undefined;
    }
  }

  private onPoll(): void {
    for (const node of this.nodes) if (!node.isReady) this.masterOf(node).catch(() => undefined);
    void this.learn();
    this.ear?.onPoll();
  }
}

function failureOf({ name }: SentinelNode, error: RedisError): Failure {
  return { sentinel: name, error };
}
