import { Random } from '../random.js';
import type { Fault, FaultKind, FaultPlan } from './faults.js';

/** How often what happens. */
export interface FaultMix {
  /** How often each kind comes, relative to the others. What is left out never comes. */
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>;
  /** Bytes between two faults of one direction, on average. */
  readonly gap: number;
  /** The share of directions whose first fault comes within the handshake, 0 to 1. */
  readonly early: number;
  /** The longest `stall` or `freeze` that ends, ms. */
  readonly longestStall: number;
  /** The share of stalls and freezes that never end, 0 to 1. */
  readonly forGood: number;
}

/** About as long as a handshake, bytes. */
const HANDSHAKE = 300;
/** Connections refused in a row at most: for a while, not for ever. */
const MOST_REFUSED = 4;

/** A plan that depends on nothing but the seed: a connection's faults follow from its number. */
export function randomFaults(seed: number, mix: FaultMix): FaultPlan {
  const { refuse = 0, ...rest } = mix.weights;
  const share = refuse / (refuse + sum(Object.values(rest)));
  return (connection) => {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + connection);
    const [requests, replies] = [random.fork(), random.fork()];
    return {
      refuse: isRefused(seed, connection, share),
      requests: faultsOf(requests, mix, false),
      replies: faultsOf(replies, mix, true),
    };
  };
}

/** Some connections are the first of a few in a row that are refused. */
function isRefused(seed: number, connection: number, share: number): boolean {
  for (let back = 0; back < MOST_REFUSED; back++) {
    const random = new Random(Math.imul(seed ^ 0x51ed27, 0x85ebca6b) + connection - back);
    if (random.chance(share / 2) && random.between(1, MOST_REFUSED) > back) return true;
  }
  return false;
}

function* faultsOf(random: Random, mix: FaultMix, replies: boolean): Generator<Fault, void> {
  const kinds = Object.entries(mix.weights).filter(
    ([kind]) => kind !== 'refuse' && (replies || kind !== 'garble'),
  );
  if (kinds.length === 0) return;
  let after = random.chance(mix.early) ? random.below(HANDSHAKE) : gap(random, mix);
  for (;;) {
    yield { after, ...shape(random, weighted(random, kinds) as Fault['kind'], mix) };
    after = gap(random, mix);
  }
}

function shape(random: Random, kind: Fault['kind'], mix: FaultMix): Omit<Fault, 'after'> {
  switch (kind) {
    case 'stall':
    case 'freeze':
      return { kind, ms: random.chance(mix.forGood) ? Infinity : random.between(5, mix.longestStall) };
    case 'delay':
      return { kind, ms: random.between(1, 15) };
    case 'split':
      return { kind, length: random.between(2, 400), size: random.pick([1, 1, 2, 7, 64]) };
    case 'trickle':
      return { kind, length: random.between(2, 25), size: random.between(1, 3), ms: random.between(1, 4) };
    case 'corrupt':
      return { kind, mask: random.between(1, 255) };
    default:
      return { kind };
  }
}

/** Mostly short, at times long: an exponential distribution. */
function gap(random: Random, mix: FaultMix): number {
  return Math.ceil(-Math.log(1 - random.next()) * mix.gap);
}

function weighted(random: Random, kinds: readonly (readonly [string, number])[]): string {
  let at = random.next() * sum(kinds.map(([, weight]) => weight));
  for (const [kind, weight] of kinds) {
    at -= weight;
    if (at < 0) return kind;
  }
  return kinds.at(-1)![0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
