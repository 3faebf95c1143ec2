/**
 * What the proxy can do to a stream of bytes:
 *
 * - `cut`: forwards up to the byte, then ends the connection on both sides in good order (FIN).
 * - `reset`: the same with RST.
 * - `truncate`: drops what this direction still had to carry and ends it (FIN); the other direction goes on.
 * - `stall`: forwards nothing in this direction for a while and holds it back in order; `ms: Infinity` is half-open for
 *   good: nobody is told.
 * - `freeze`: a `stall` in both directions.
 * - `delay`: a `stall` so short that no timeout should mind.
 * - `split`: the next bytes go out in fragments, each in a turn of the event loop of its own.
 * - `trickle`: the same with a pause between the fragments.
 * - `garble`: breaks one byte of a reply's framing (never of its content) so that it begins or ends no reply any more: a
 *   decoder can and must notice.
 * - `corrupt`: changes any one byte. RESP has no checksum: where it hits content or a length, nobody can notice.
 * - `refuse`: a new connection is reset as soon as it stands.
 */
export const FAULT_KINDS = [
  'cut',
  'reset',
  'truncate',
  'stall',
  'freeze',
  'delay',
  'split',
  'trickle',
  'garble',
  'corrupt',
  'refuse',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that befalls one direction of one connection. */
export interface Fault {
  readonly kind: Exclude<FaultKind, 'refuse'>;
  /** Once so many bytes were forwarded in this direction since the last fault, or since the connection was made. */
  readonly after: number;
  /** Of `stall`, `freeze` and `delay` how long; of `trickle` the pause between fragments. ms */
  readonly ms?: number;
  /** Of `split` and `trickle`: for so many bytes. */
  readonly length?: number;
  /** Of `split` and `trickle`: bytes of a fragment. Default 1. */
  readonly size?: number;
  /** Of `corrupt`: what the byte is XORed with, 1 to 255. */
  readonly mask?: number;
}

/** What befalls one connection. */
export interface ConnectionPlan {
  /** It is reset as soon as it stands. */
  readonly refuse?: boolean;
  /** From client to server. */
  readonly requests?: Iterable<Fault>;
  /** From server to client. */
  readonly replies?: Iterable<Fault>;
}

/** The plan of the nth connection, counted from 0. */
export type FaultPlan = (connection: number) => ConnectionPlan;

/** Faults that took effect, by kind. */
export type FaultCounts = Record<FaultKind, number>;

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as FaultCounts;
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
