import { outsideCallers } from '../../connection/outside-callers.js';
import { RedisConnectionError, RedisDisconnectedError, type RedisError } from '../../errors.js';
import type { ResolvedCluster } from '../../resolve-topology.js';
import { timerDelay } from '../../timer-delay.js';
import { type Growth, RoundPauses } from '../round-pauses.js';
import { askForSlots, isFatalRefusal, type SlotsAnswer } from './ask-for-slots.js';
import type { ClusterNode } from './cluster-node.js';
import { firstAnswers, type Asking, type Refusal } from './first-answers.js';

/** Nodes that are ready are asked three at once: one alone may be cut off from its fellows, and be wrong. */
const READY: Asking = { width: 3, patience: 300, grace: 50 };
/** Nodes that have no connection are tried so many in one round: the next round takes others. */
const MOST_TRIED = 4;
const UNREADY: Asking = { width: 1, patience: 300, grace: 0, most: MOST_TRIED };

/** A minute with pauses of up to 100 ms, and then more rarely. */
const GROWTH: Growth = { longest: 100, manyRounds: 600 };
/** The longest pause where no node has answered, ms. */
const LONGEST_SILENCE = 500;

/** What a refresh needs of the one who keeps the map. */
export interface RefreshHost {
  /** Nodes that may be asked, those to begin with among them. */
  candidates(): readonly ClusterNode[];
  /** Takes over what was told. */
  onAnswer(answer: SlotsAnswer): void;
  /** A round came to nothing. */
  onFailed(error: RedisError): void;
  /** Is there still trouble that another map may mend? */
  isTroubled(): boolean;
}

/** Asks for the map of the slots: one round at a time, whoever wants it; and on and on while there is trouble. */
export class TopologyRefresh {
  private running: Promise<void> | undefined;
  private again = false;
  private interval: NodeJS.Timeout | undefined;
  private readonly pauses = new RoundPauses(GROWTH);
  private isAnswered = true;
  private stopped = false;
  private turn = 0;

  constructor(
    private readonly options: ResolvedCluster,
    private readonly host: RefreshHost,
  ) {}

  /** A round: the one under way where there is one. Never rejects: what came of it, the host has heard. */
  now(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.pauses.cancel();
    return (this.running ??= outsideCallers(() => this.round()).finally(() => {
      this.running = undefined;
      this.planNext();
    }));
  }

  /** A round in a moment: much of what calls for it comes in crowds. */
  soon(): void {
    if (this.stopped || this.pauses.pausing) return;
    if (this.running === undefined) this.plan();
    else this.again = true;
  }

  setRef(keepsProcess: boolean): void {
    this.pauses.setRef(keepsProcess);
  }

  stop(): void {
    this.stopped = true;
    this.pauses.cancel();
    clearInterval(this.interval);
  }

  private async round(): Promise<void> {
    this.again = false;
    const candidates = this.host.candidates();
    const ready = shuffled(candidates.filter(({ isReady }) => isReady));
    const others = candidates.filter(({ isReady }) => !isReady);
    const refusals: Refusal<ClusterNode>[] = [];
    const ask = (node: ClusterNode): Promise<SlotsAnswer> => askForSlots(node, this.options.nat);
    let answers = await firstAnswers(ready, ask, READY, refusals);
    // who sees no whole cluster may be cut off from it: others, which nobody has asked for anything yet, may see more
    if (!this.stopped && answers.every(({ isOk }) => !isOk))
      answers = [...answers, ...(await firstAnswers(this.nextOf(others), ask, UNREADY, refusals))];
    if (this.stopped) return;
    this.isAnswered = answers.length > 0;
    if (answers.length === 0) this.host.onFailed(explain(refusals));
    else this.host.onAnswer(answers.reduce((best, other) => (isBetter(other, best) ? other : best)));
  }

  /** All of them, each time beginning with others. */
  private nextOf(nodes: readonly ClusterNode[]): ClusterNode[] {
    const start = this.turn++ * MOST_TRIED;
    return nodes.map((_, index) => nodes[(start + index) % nodes.length]!);
  }

  private planNext(): void {
    if (this.stopped) return;
    if (this.again || this.host.isTroubled()) this.plan();
    else this.pauses.reset();
    const { refreshInterval } = this.options;
    if (this.interval !== undefined || refreshInterval === 0 || refreshInterval === Infinity) return;
    this.interval = setInterval(() => void this.now(), timerDelay(refreshInterval));
    this.interval.unref();
  }

  private plan(): void {
    this.pauses.begin(() => void this.now(), this.isAnswered ? undefined : LONGEST_SILENCE);
  }
}

function isBetter(one: SlotsAnswer, other: SlotsAnswer): boolean {
  return one.isOk === other.isOk ? one.epoch > other.epoch : one.isOk;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** Why no node has told, node by node. */
function explain(refusals: readonly Refusal<ClusterNode>[]): RedisError {
  const first = refusals.find(({ error }) => isFatalRefusal(error as RedisError)) ?? refusals[0];
  if (first === undefined)
    return new RedisDisconnectedError('DISCONNECTED', 'No node of the cluster could be asked for its slots.');
  const reasons = refusals.map(({ candidate, error }) => `${candidate.key}: ${error.message}`);
  const code = (first.error as RedisError).code;
  return new RedisConnectionError(
    'connect_failed',
    `No node of the cluster told which node has which slots. ${reasons.join(' ')}`,
    { cause: first.error, code: code === 'DISCONNECTED' ? undefined : code },
  );
}
