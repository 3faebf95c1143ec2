import { setTimeout as pause } from 'node:timers/promises';
import { applyCallOptions } from '../apply-call-options.js';
import type { CommandArgument } from '../commands/arguments.js';
import type { CommandSpec } from '../commands/command-spec.js';
import { CLUSTER_NODES, SCAN } from '../commands/commands.generated.js';
import type { ClusterNode as NodeLine } from '../commands/reply-types.js';
import { deadlineAfter } from '../connection/coarse-clock.js';
import { CommandContext } from '../connection/command-context.js';
import { Command } from '../connection/command.js';
import {
  RedisClientError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisServerError,
} from '../errors.js';
import type { CommandObservers } from '../observation/command-observers.js';
import type { CallOptions } from '../options.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { isPassing } from '../retry.js';
import type { ClusterRouter } from './routing/cluster-router.js';
import { PassCoverage } from './scan-coverage.js';
import { keySlot, SLOT_COUNT } from './slots/key-slot.js';
import type { ClusterNode } from './topology/cluster-node.js';

/** Passes after which it gives up: slots move faster than they can be looked at. Besides one for each master. */
const MOST_PASSES_MORE = 200;
/** ms before a node is looked at again, or another one in its place. */
const PAUSE = 20;
/** A pass that is for few slots takes long steps: the shorter it is, the fewer of them move meanwhile. */
const LONG_STEP = 1_000;

/** What is asked for. */
export interface KeyScan {
  /** Of SCAN, after the cursor. */
  readonly args: readonly CommandArgument[];
  readonly buffers: boolean;
  readonly call: CallOptions | undefined;
}

/** Once round the keys of one node. */
interface Pass {
  readonly node: ClusterNode;
  /** Slots of which all but what comes in was seen before it began. */
  readonly seenBefore: ReadonlySet<number>;
  readonly coverage: PassCoverage;
  cursor: string;
  /** The connection by which it began: a server that was started anew goes by another order. */
  peer: object | undefined;
}

/**
 * Goes over the keys of a whole cluster. A cursor means something to one server only, and slots move meanwhile: so each slot is
 * done once some pass over a node has gone all the way round while the node had all of that slot, all the time. What is not done by
 * then is looked for anew, where it is by then. So all is given that is there from the first step to the last.
 */
export class ClusterScan {
  private readonly done = new Uint8Array(SLOT_COUNT);
  private left = SLOT_COUNT;
  /** Slots on their way, of which all was seen that had not gone: by the node that gets them. */
  private readonly halves = new Map<number, ClusterNode>();
  private pass: Pass | undefined;
  private passes = 0;
  /** That the last pass was for; -1 before the first. */
  private lastSlot = -1;
  private readonly timeout: number;

  constructor(
    private readonly router: ClusterRouter,
    private readonly observers: CommandObservers,
    private readonly options: ResolvedOptions,
    private readonly scan: KeyScan,
  ) {
    this.timeout = scan.call?.timeout ?? options.commandTimeout;
  }

  /** The next keys, maybe none, and `'0'` once all was seen. Where a server is lost it is looked for another, for the time of a command. */
  async step(): Promise<[cursor: string, keys: (string | Buffer)[]]> {
    const { router, timeout } = this;
    const started = performance.now();
    const deadline = deadlineAfter(timeout);
    const isOver = (): boolean => timeout !== 0 && performance.now() - started >= timeout;
    await router.whenKnown(timeout === 0 ? Infinity : timeout);
    for (;;) {
      try {
        this.pass ??= await this.nextPass();
        if (this.pass === undefined) return ['0', []];
        const keys = await this.stepOf(this.pass, deadline);
        return [this.left === 0 ? '0' : 'more', keys];
      } catch (error) {
        this.pass = undefined;
        if (isOver() || !this.isWorthAnother(error)) throw error;
        await this.wait();
      }
    }
  }

  private async stepOf(pass: Pass, deadline: number): Promise<(string | Buffer)[]> {
    const { connection } = pass.node.engine;
    const step = this.command(SCAN, [pass.cursor, ...this.argsOfStep()], this.scan.buffers, deadline);
    if (this.observers.active) this.observers.show(step, connection);
    const look = this.command(CLUSTER_NODES, [], false, deadline);
    // one behind the other, in one write
    for (const command of [step, look]) if (!command.settled) connection.submit(command);
    const [[cursor, keys], lines] = (await Promise.all([step.promise, look.promise])) as [
      [string, (string | Buffer)[]],
      NodeLine[],
    ];
    const own = lines.find(({ flags }) => flags.includes('myself'));
    const { peer } = connection;
    if (pass.cursor === '0') pass.peer = peer;
    if (own?.flags.includes('master') !== true || peer === undefined || peer !== pass.peer)
      this.pass = undefined;
    else {
      pass.coverage.look(own, pass.seenBefore);
      // before it may be done
      const given = this.notSeen(keys);
      pass.cursor = cursor;
      if (cursor === '0') this.finish(pass, own, lines);
      return given;
    }
    return keys;
  }

  /** Of a slot that is done, everything was given. */
  private notSeen(keys: (string | Buffer)[]): (string | Buffer)[] {
    if (this.left === SLOT_COUNT) return keys;
    // of text that stands for other bytes the slot cannot be told
    return keys.filter(
      (key) => this.done[keySlot(key)] === 0 || (typeof key === 'string' && key.includes('\ufffd')),
    );
  }

  private finish({ coverage }: Pass, own: NodeLine, lines: readonly NodeLine[]): void {
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (coverage.isWhole(slot)) this.finishSlot(slot);
    for (const { slot, to } of own.migrating) {
      const target = lines.find(({ id }) => id === to);
      if (target !== undefined && coverage.isAllThatStayed(slot) && this.done[slot] === 0)
        this.halves.set(slot, this.router.topology.nodeAt(this.options.cluster!.nat(target)));
    }
    this.pass = undefined;
  }

  private finishSlot(slot: number): void {
    if (this.done[slot] === 1) return;
    this.done[slot] = 1;
    this.left--;
    this.halves.delete(slot);
  }

  private async nextPass(): Promise<Pass | undefined> {
    const { topology } = this.router;
    for (;;) {
      const slot = this.done.indexOf(0);
      if (slot === -1) return undefined;
      const target = this.halves.get(slot);
      const isAgain = slot === this.lastSlot;
      this.lastSlot = slot;
      // looked for in vain: it may be elsewhere by now
      if (isAgain && target === undefined) await this.wait();
      const node = target ?? topology.shardOf(slot)?.master;
      if (node !== undefined) {
        this.assertNotTooMany();
        const seenBefore = new Set(this.halves.keys());
        // where this pass is in vain, it begins anew where it came from
        this.halves.delete(slot);
        return { node, seenBefore, coverage: new PassCoverage(), cursor: '0', peer: undefined };
      }
      if (isAgain) this.finishUnserved();
    }
  }

  /** Nobody could give their keys. */
  private finishUnserved(): void {
    for (let slot = 0; slot < SLOT_COUNT; slot++)
      if (this.router.topology.shardOf(slot) === undefined) this.finishSlot(slot);
  }

  private assertNotTooMany(): void {
    const most = this.router.topology.masters.length + MOST_PASSES_MORE;
    if (++this.passes > most)
      throw new RedisClientError(
        'SCAN_UNSETTLED',
        `scanIterator(): ${this.left} slots of the cluster have moved faster than their keys could be looked at, in ${most} passes.`,
        { command: SCAN.name },
      );
  }

  private argsOfStep(): readonly CommandArgument[] {
    const { args } = this.scan;
    if (this.passes <= this.router.topology.masters.length) return args;
    const place = args.indexOf('COUNT');
    const count = place === -1 ? 0 : Number(args[place + 1]);
    return [...args, 'COUNT', Math.max(count, LONG_STEP)];
  }

  private command(
    spec: CommandSpec,
    args: readonly CommandArgument[],
    buffers: boolean,
    deadline: number,
  ): Command {
    const command = new Command(spec, args, buffers);
    const context = (command.context = new CommandContext());
    if (this.scan.call !== undefined) applyCallOptions(command, this.scan.call);
    command.deadline = deadline;
    // another attempt is not for the same server
    context.retry = false;
    context.reissue = () =>
      command.fail(
        () =>
          new RedisDisconnectedError(
            'DISCONNECTED',
            `${spec.name} was not sent: its node cannot be reached.`,
            {
              command: spec.name,
              cause: this.router.lastError,
            },
          ),
      );
    return command;
  }

  private isWorthAnother(error: unknown): boolean {
    if ((this.scan.call?.retry ?? this.options.retry) === false || this.router.status === 'closed')
      return false;
    if (error instanceof RedisServerError) return isPassing(error);
    return error instanceof RedisConnectionError || error instanceof RedisDisconnectedError;
  }

  private async wait(): Promise<void> {
    await pause(PAUSE);
    await this.router.refreshNow();
  }
}
