import type { Socket } from 'node:net';
import type { Fault, FaultKind } from './faults.js';
import { garbled, ReplyFraming } from './reply-framing.js';

/** Bytes held back above which the sender is made to wait, as a network would. */
const MOST_HELD = 4 * 2 ** 20;

/** What a lane asks of its connection. */
export interface LaneHooks {
  /** A fault took effect. */
  struck(kind: FaultKind): void;
  /** Ends both directions: in good order, or by a reset. */
  end(how: 'cut' | 'reset'): void;
  /** Holds both directions back, ms. */
  freeze(ms: number): void;
}

/**
 * One direction of one connection: takes bytes from a socket and hands them to the other, with what the plan says done
 * to them on their way.
 */
export class Lane {
  /** Bytes that went through. */
  forwarded = 0;
  private readonly held: Buffer[] = [];
  private heldBytes = 0;
  /** While set nothing is forwarded; without an end it is for good. */
  private pause: { cancel: (() => void) | undefined } | undefined;
  private fault: Fault | undefined;
  private countdown = 0;
  private fragments: { left: number; size: number; ms: number } | undefined;
  private ended = false;
  private closed = false;
  private healthy = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly plan: Iterator<Fault>,
    /** Follows the replies, where a fault must find their framing. */
    private readonly framing: ReplyFraming | undefined,
    private readonly hooks: LaneHooks,
  ) {
    this.draw();
    from.on('data', (chunk: Buffer) => this.take(chunk));
    from.once('end', () => this.finish());
    from.once('close', () => this.finish());
    to.on('drain', () => this.resumeSender());
    to.once('close', () => this.discard());
  }

  /** Nobody was told, and nobody will be. */
  get isHalfOpen(): boolean {
    return this.pause !== undefined && this.pause.cancel === undefined;
  }

  /** Begins; what is planned before the first byte happens now. */
  start(): void {
    this.advance();
  }

  /** Puts a fault before all that is planned, counted from here. */
  schedule(fault: Fault): void {
    this.fault = fault;
    this.countdown = fault.after;
    this.advance();
  }

  /** No further faults; what is held back for a while goes on at once. */
  heal(): void {
    this.healthy = true;
    this.fault = undefined;
    this.fragments = undefined;
    if (this.pause?.cancel !== undefined) {
      this.unpause();
      this.advance();
    }
  }

  /** @param ms Infinity is for good. */
  hold(ms: number): void {
    if (this.closed) return;
    this.unpause();
    if (ms === Infinity) this.pause = { cancel: undefined };
    else this.pauseFor(ms);
  }

  /** Goes on at once with what is held back, though it was for good. */
  thaw(): void {
    if (this.pause === undefined) return;
    this.unpause();
    this.advance();
  }

  /** Takes and drops whatever still comes. */
  discard(): void {
    if (this.closed) return;
    this.closed = true;
    this.unpause();
    this.held.length = 0;
    this.heldBytes = 0;
    this.from.resume();
  }

  private draw(): void {
    const next = this.healthy ? undefined : this.plan.next();
    this.fault = next === undefined || next.done === true ? undefined : next.value;
    this.countdown = this.fault?.after ?? 0;
  }

  private take(chunk: Buffer): void {
    if (this.closed) return;
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    this.advance();
    if (this.heldBytes > MOST_HELD) this.from.pause();
  }

  private finish(): void {
    this.ended = true;
    this.advance();
  }

  private goOn(): void {
    this.pause = undefined;
    this.advance();
  }

  private unpause(): void {
    this.pause?.cancel?.();
    this.pause = undefined;
  }

  /** @param ms 0 is until the event loop has turned. */
  private pauseFor(ms: number): void {
    if (ms > 0) {
      const timer = setTimeout(() => this.goOn(), ms);
      this.pause = { cancel: () => clearTimeout(timer) };
    } else {
      const timer = setImmediate(() => this.goOn());
      this.pause = { cancel: () => clearImmediate(timer) };
    }
  }

  private resumeSender(): void {
    if (this.heldBytes <= MOST_HELD) this.from.resume();
  }

  /** Forwards what may be forwarded; faults strike as soon as their byte is reached. */
  private advance(): void {
    while (!this.closed && this.pause === undefined) {
      if (this.fault !== undefined && this.countdown <= 0) {
        if (!this.strike(this.fault)) break;
        continue;
      }
      const chunk = this.held[0];
      if (chunk === undefined) break;
      const room = this.fault === undefined ? chunk.length : Math.min(chunk.length, this.countdown);
      const size = this.fragments === undefined ? room : Math.min(room, this.fragments.size);
      this.forward(chunk, size);
    }
    if (this.closed || this.pause !== undefined) return;
    this.resumeSender();
    if (this.ended && !this.to.writableEnded) this.to.end();
  }

  private forward(chunk: Buffer, size: number): void {
    this.follow(chunk, size);
    this.drop(chunk, size);
    this.to.write(chunk.subarray(0, size));
    this.forwarded += size;
    this.countdown -= size;
    const { fragments } = this;
    if (fragments === undefined) return;
    fragments.left -= size;
    if (fragments.left <= 0) this.fragments = undefined;
    this.pauseFor(fragments.ms);
  }

  private follow(chunk: Buffer, size: number): void {
    const { framing } = this;
    if (framing === undefined) return;
    for (let at = 0; at < size;) {
      const next = framing.skipContent(at, size);
      if (next < size) framing.take(chunk[next]!);
      at = next + 1;
    }
  }

  private drop(chunk: Buffer, size: number): void {
    this.heldBytes -= size;
    if (size === chunk.length) this.held.shift();
    else this.held[0] = chunk.subarray(size);
  }

  /** @returns false where the fault waits for a byte that has not come. */
  private strike(fault: Fault): boolean {
    const { kind, ms = 0 } = fault;
    if (kind === 'corrupt' || kind === 'garble') {
      if (!this.change(fault)) return false;
      this.hooks.struck(kind);
      this.draw();
      return true;
    }
    this.draw();
    this.hooks.struck(kind);
    switch (kind) {
      case 'cut':
      case 'reset':
        this.hooks.end(kind);
        break;
      case 'truncate':
        this.discard();
        this.to.end();
        break;
      case 'freeze':
        this.hooks.freeze(ms);
        break;
      case 'stall':
      case 'delay':
        this.hold(ms);
        break;
      default:
        this.fragments = { left: fault.length ?? 1, size: fault.size ?? 1, ms: kind === 'trickle' ? ms : 0 };
    }
    return true;
  }

  /** Changes the next byte, or the next one of the framing, and forwards up to it. */
  private change({ kind, mask = 0xff }: Fault): boolean {
    for (let chunk = this.held[0]; chunk !== undefined; chunk = this.held[0]) {
      if (kind === 'corrupt') {
        chunk[0] = chunk[0]! ^ mask;
        this.forwardOne(chunk);
        return true;
      }
      const content = this.framing!.skipContent(0, chunk.length);
      if (content > 0) {
        this.pass(chunk, content);
        continue;
      }
      const part = this.framing!.take(chunk[0]!);
      const broken = garbled(part);
      if (broken !== undefined) chunk[0] = broken;
      this.forwardOne(chunk);
      if (broken !== undefined) return true;
    }
    return false;
  }

  private forwardOne(chunk: Buffer): void {
    this.pass(chunk, 1);
  }

  /** As {@link forward}, for bytes that the framing was told of. */
  private pass(chunk: Buffer, size: number): void {
    this.drop(chunk, size);
    this.to.write(chunk.subarray(0, size));
    this.forwarded += size;
  }
}
