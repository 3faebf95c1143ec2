import type { Connection } from '../connection/connection.js';
import { formatAddress, type Address } from '../connection/open-socket.js';
import type { PendingCommand } from '../connection/pending-command.js';
import type { Route, RoutedConnection } from '../connection/route.js';
import { RedisConnectionError } from '../errors.js';
import type { ResolvedOptions } from '../resolve-options.js';
import type { ResolvedAddress } from '../resolve-topology.js';
import { askRole } from './ask-role.js';
import { Lookout } from './lookout.js';
import { Scout } from './scout.js';
import { keyOf } from './sentinel-replies.js';
import type { MasterEar, Sentinels } from './sentinels.js';

/** For so long, ms, a master that was announced goes before what Sentinels say that may not have heard of it. */
const ANNOUNCED_FOR = 3_000;

/** For so long, ms, an address that was no master is not gone to again on somebody's word. */
const DOUBTED_FOR = 500;

/** How long a replica that was chosen may take to be promoted, ms. */
const PROMOTION = 10_000;

/** A server that was a master takes writes no longer. Scripts end with these words as well, and more behind them. */
const DEMOTED = "READONLY You can't write against a read only";

/**
 * Leads to the server that Sentinels call the master: asked at every connect, and followed when it is another one. All
 * connections of a client or pool share it. Sentinels may be wrong, late or cut off: what a server says of itself decides.
 */
export class SentinelRoute implements Route, MasterEar {
  readonly isPatient = true;
  private readonly members = new Set<RoutedConnection>();
  /** Where each was last sent to. */
  private readonly sent = new WeakMap<RoutedConnection, ResolvedAddress>();
  private finding: Promise<Address> | undefined;
  private settleFinding: ((address: ResolvedAddress) => void) | undefined;
  private announced: { readonly address: ResolvedAddress; readonly until: number } | undefined;
  /** Addresses that were no master a moment ago, with the time until which that counts. */
  private readonly doubts = new Map<string, number>();
  /** By what they look at. */
  private readonly scouts = new Map<string, Scout>();
  private readonly lookout: Lookout;

  /** @param onMaster called when another server is the master. */
  constructor(
    private readonly options: ResolvedOptions,
    private readonly sentinels: Sentinels,
    private readonly onMaster: (address: ResolvedAddress) => void = () => undefined,
  ) {
    sentinels.listen(this);
    this.lookout = new Lookout(() => this.glance());
  }

  get name(): string {
    return this.sentinels.name;
  }

  // ── what connections ask and report ──────────────────────────────────────────────────────────────────────────────

  find(connection: RoutedConnection): Address | Promise<Address> {
    this.members.add(connection);
    this.sentinels.hold(connection);
    const { announced } = this;
    if (announced !== undefined && performance.now() < announced.until)
      return this.send(connection, announced.address);
    this.finding ??= this.ask().finally(() => {
      this.finding = undefined;
      this.settleFinding = undefined;
    });
    return this.finding.then((address) => this.send(connection, address));
  }

  async prepare(connection: Connection): Promise<void> {
    const { name } = await askRole(connection);
    if (name !== 'slave') return;
    const message = `Redis at ${connection.name} is a replica, though a Sentinel named it as the master: it is about to be promoted, or that Sentinel is behind. The Sentinels are asked again.`;
    throw new RedisConnectionError('connect_failed', message, { code: 'NOT_MASTER' });
  }

  onReady(connection: RoutedConnection): void {
    const address = this.sent.get(connection);
    if (address !== undefined) this.doubts.delete(keyOf(address));
    this.lookout.leave(connection);
    void this.sentinels.learn();
  }

  onLost(connection: RoutedConnection): void {
    this.lookout.join(connection);
  }

  onFailed(connection: RoutedConnection): void {
    const address = this.sent.get(connection);
    if (address !== undefined) this.doubt(address);
    this.lookout.join(connection);
  }

  onClosed(connection: RoutedConnection): void {
    this.members.delete(connection);
    this.lookout.leave(connection);
    if (this.members.size === 0) {
      this.announced = undefined;
      this.doubts.clear();
      for (const scout of this.scouts.values()) scout.end();
    }
    this.sentinels.release(connection);
  }

  takeRefused(_command: PendingCommand, message: string, from: Address): boolean {
    if (!message.startsWith(DEMOTED)) return false;
    // the retry rule sends it again, by the connection that has moved meanwhile
    const why = `Redis at ${formatAddress(from)} is a replica now: the master is looked for.`;
    if (this.announced !== undefined && keyOf(this.announced.address) === keyOf(from))
      this.announced = undefined;
    for (const member of this.members)
      if (member.target !== undefined && keyOf(member.target) === keyOf(from)) member.move(why);
    return false;
  }

  // ── what the Sentinels tell ──────────────────────────────────────────────────────────────────────────────────────

  onSwitch(address: ResolvedAddress): void {
    if (this.members.size === 0) return;
    this.settleFinding?.(address);
    // who has nothing to lose goes there at once; who has a connection waits until the server itself has said so
    this.moveTo(address, (member) => member.target === undefined);
    this.scout(address, 0);
  }

  onSelected(address: ResolvedAddress): void {
    // the Sentinel that leads the failover looks for the promotion once a second, and tells of it after that
    if (this.members.size > 0) this.scout(address, PROMOTION);
  }

  onPoll(): void {
    void this.glance();
  }

  /** Asks those Sentinels that can be asked at once, and follows what they say where that leads elsewhere. */
  private async glance(): Promise<void> {
    const address = await this.sentinels.glance((other) => this.isDoubted(other));
    if (address !== undefined && !this.isDoubted(address) && this.isNews(address)) this.scout(address, 0);
  }

  /** Some connection does not go there. */
  private isNews(address: ResolvedAddress): boolean {
    return [...this.members].some(({ target }) => target === undefined || keyOf(target) !== keyOf(address));
  }

  // ── going there ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param patience for how long it may yet become the master, ms. */
  private scout(address: ResolvedAddress, patience: number): void {
    const key = keyOf(address);
    if (this.scouts.has(key) || !this.isNews(address)) return;
    const scout = new Scout(this.options, address, patience);
    this.scouts.set(key, scout);
    void scout.look().then((isMaster) => {
      this.scouts.delete(key);
      if (this.members.size === 0) return;
      if (isMaster) this.announce(address);
      else this.doubt(address);
    });
  }

  private announce(address: ResolvedAddress): void {
    this.doubts.delete(keyOf(address));
    this.settleFinding?.(address);
    this.moveTo(address, () => true);
    this.onMaster(address);
  }

  private moveTo(address: ResolvedAddress, isMeant: (member: RoutedConnection) => boolean): void {
    this.announced = { address, until: performance.now() + ANNOUNCED_FOR };
    const key = keyOf(address);
    const why = `Redis at ${key} is the master now.`;
    for (const member of this.members)
      if (isMeant(member) && (member.target === undefined || keyOf(member.target) !== key)) member.move(why);
  }

  private send(connection: RoutedConnection, { host, port }: ResolvedAddress): Address {
    this.sent.set(connection, { host, port });
    return { host, port, path: undefined };
  }

  private ask(): Promise<Address> {
    const told = new Promise<ResolvedAddress>((resolve) => {
      this.settleFinding = resolve;
    });
    const asked = this.sentinels.findMaster((address) => this.isDoubted(address));
    // the one that is not waited for any more may fail
    asked.catch(() => undefined);
    return Promise.race([asked, told]).then(({ host, port }) => ({ host, port, path: undefined }));
  }

  private doubt(address: ResolvedAddress): void {
    this.doubts.set(keyOf(address), performance.now() + DOUBTED_FOR);
    if (this.announced !== undefined && keyOf(this.announced.address) === keyOf(address))
      this.announced = undefined;
  }

  private isDoubted(address: ResolvedAddress): boolean {
    const until = this.doubts.get(keyOf(address));
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.doubts.delete(keyOf(address));
    return false;
  }
}
