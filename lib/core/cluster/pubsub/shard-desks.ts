import type { ConnectionObservers } from '../../observation/connection-observers.js';
import { ConnectionWatch } from '../../observation/connection-watch.js';
import { optionsAt, type ResolvedOptions } from '../../resolve-options.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { ShardChannel } from './shard-channel.js';
import { ShardDesk, type DeskHost } from './shard-desk.js';

/** The desks of a client: one for each node with channels that are listened to, closed when the last of them is left. */
export class ShardDesks {
  private readonly open = new Map<string, ShardDesk>();
  private readonly closing = new Set<ShardDesk>();
  private keepsProcess = true;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly observers: ConnectionObservers,
    private readonly host: DeskHost,
  ) {}

  /** The one of a node, made at first use. */
  at(node: ClusterNode): ShardDesk {
    const known = this.open.get(node.key);
    if (known !== undefined) return known;
    const watch = new ConnectionWatch(this.observers, 'subscriber');
    const desk = new ShardDesk(node.key, optionsAt(this.options, node), watch, this.host);
    desk.setRef(this.keepsProcess);
    this.open.set(node.key, desk);
    return desk;
  }

  /** Asks the servers for what they were not asked for yet. */
  flush(): void {
    for (const desk of this.open.values()) desk.flush();
  }

  /** Leaves channels at a desk; ends when the server has taken note. */
  async leave(desk: ShardDesk, channels: readonly ShardChannel[]): Promise<void> {
    await desk.leave(channels);
    this.closeIfEmpty(desk);
  }

  closeIfEmpty(desk: ShardDesk): void {
    if (desk.channels.size > 0 || this.open.get(desk.key) !== desk) return;
    this.open.delete(desk.key);
    this.closing.add(desk);
    void desk.close().finally(() => this.closing.delete(desk));
  }

  setRef(keepsProcess: boolean): void {
    this.keepsProcess = keepsProcess;
    for (const desk of this.open.values()) desk.setRef(keepsProcess);
  }

  async close(timeout: number | undefined): Promise<void> {
    await Promise.all([...this.open.values(), ...this.closing].map((desk) => desk.close(timeout)));
  }

  destroy(): void {
    for (const desk of [...this.open.values(), ...this.closing]) desk.destroy();
  }
}
