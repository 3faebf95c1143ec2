import type { Connection } from '../connection/connection.js';
import type { Address } from '../connection/open-socket.js';
import type { Route, RoutedConnection } from '../connection/route.js';
import { RedisConnectionError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import { askRole } from './ask-role.js';
import { Scout } from './scout.js';
import { keyOf } from './sentinel-replies.js';
import type { Sentinels } from './sentinels.js';

/** For so long, ms, another replica is taken than the one that was lost or could not be reached. */
const AVOIDED_FOR = 10_000;

/** How often a replica is looked for while reads go to the master, ms. */
const LOOKS_AGAIN = 2_000;

/** Leads to one of the master's replicas, at random; to the master where there is no replica. For reads. */
export class ReplicaRoute implements Route {
  private readonly members = new Set<RoutedConnection>();
  private readonly sent = new Map<RoutedConnection, ResolvedAddress>();
  private readonly avoided = new Map<string, number>();
  /** Servers that said of themselves, when they were last connected to, that they are the master. */
  private readonly masters = new Set<string>();
  private choosing: Promise<ResolvedAddress> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private scout: Scout | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly sentinels: Sentinels,
  ) {}

  get name(): string {
    return `a replica of ${this.sentinels.name}`;
  }

  async find(connection: RoutedConnection): Promise<Address> {
    this.members.add(connection);
    this.sentinels.hold(connection);
    // all that connect at the same time read from one replica: what one of them has seen, the others see
    this.choosing ??= this.choose().finally(() => (this.choosing = undefined));
    const { host, port } = await this.choosing;
    if (this.members.has(connection)) this.sent.set(connection, { host, port });
    return { host, port, path: undefined };
  }

  async prepare(connection: Connection): Promise<void> {
    const { name, hasLink } = await askRole(connection);
    if (name === 'master') this.masters.add(connection.name);
    else this.masters.delete(connection.name);
    if (name !== 'slave' || hasLink) return;
    const message = `Redis at ${connection.name} is a replica that does not hear its master: what it knows may be old. Another one is looked for.`;
    throw new RedisConnectionError('connect_failed', message, { code: 'NO_LINK' });
  }

  onReady(): void {
    void this.sentinels.learn();
    this.lookAgain();
  }

  onLost(connection: RoutedConnection): void {
    this.avoid(connection);
  }

  onFailed(connection: RoutedConnection): void {
    this.avoid(connection);
  }

  onClosed(connection: RoutedConnection): void {
    this.members.delete(connection);
    this.sent.delete(connection);
    this.sentinels.release(connection);
    if (this.members.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.scout?.end();
    this.masters.clear();
  }

  /** Reads leave a replica that is the master now, and one that was lost is looked for no more. */
  onMaster(address: ResolvedAddress): void {
    for (const member of this.members) {
      const { target } = member;
      if (target === undefined || keyOf(target) === keyOf(address))
        member.move(`Redis at ${keyOf(address)} is the master now: reads go to a replica.`);
    }
  }

  private async choose(): Promise<ResolvedAddress> {
    const replicas = await this.sentinels.findReplicas();
    const wanted = replicas.filter((replica) => this.avoidedSince(replica) === 0);
    // what a Sentinel sees of a link may be a moment old: the replica itself is asked
    const linked = wanted.filter(({ hasLink }) => hasLink);
    const chosen = pick(linked) ?? pick(wanted);
    if (chosen !== undefined) return chosen;
    const master = await this.sentinels.findMaster(() => false);
    if (this.avoidedSince(master) === 0) return master;
    const [longest] = replicas.toSorted((one, other) => this.avoidedSince(one) - this.avoidedSince(other));
    return longest ?? master;
  }

  // ── back from the master ─────────────────────────────────────────────────────────────────────────────────────────

  private get atMaster(): RoutedConnection[] {
    return [...this.members].filter(({ target }) => target !== undefined && this.masters.has(keyOf(target)));
  }

  private lookAgain(): void {
    if (this.timer !== undefined || this.atMaster.length === 0) return;
    this.timer = setTimeout(() => {
      void this.look().then(() => {
        this.timer = undefined;
        this.lookAgain();
      });
    }, LOOKS_AGAIN);
    this.timer.unref();
  }

  /** The master answers: it is left only for a replica that was seen to answer as well. */
  private async look(): Promise<void> {
    const replicas = await this.sentinels.findReplicas().catch(() => []);
    const linked = pick(replicas.filter(({ hasLink }) => hasLink));
    if (linked === undefined || this.atMaster.length === 0) return;
    this.scout = new Scout(this.options, linked, 0, 'replica');
    const isReplica = await this.scout.look();
    this.scout = undefined;
    if (!isReplica) return;
    this.avoided.delete(keyOf(linked));
    for (const member of this.atMaster) member.move(`Redis at ${keyOf(linked)} is a replica to read from.`);
  }

  /** ms, as `performance.now()` has it; 0 where it is not avoided. */
  private avoidedSince(address: ResolvedAddress): number {
    const since = this.avoided.get(keyOf(address)) ?? -Infinity;
    return performance.now() - since < AVOIDED_FOR ? since : 0;
  }

  private avoid(connection: RoutedConnection): void {
    const address = this.sent.get(connection);
    if (address === undefined) return;
    this.sent.delete(connection);
    this.avoided.set(keyOf(address), performance.now());
  }
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
