import { type DecoderLimits, MalformedReplyError, type ReplySink } from './decoder.js';
import { type AggregateKind, ATTRIBUTE, LIST, MAP, OpenAggregate, PUSH } from './open-aggregate.js';
import type { Reply } from './reply.js';
import { malformed, T_ATTRIBUTE, T_END, T_MAP, T_PUSH } from './tokens.js';

/** {@link AggregateStack.place} where it is neither a reply nor an element of a list that is one. */
export const NESTED = -2;

/** The aggregates that are open, one a level, and the way of a finished value: into the innermost, or to the sink. */
export class AggregateStack {
  /** The innermost open aggregate; `null` between top-level values. */
  top: OpenAggregate | null = null;

  /** `levels[0..depth)` are open, the rest are there to be used again. */
  private readonly levels: OpenAggregate[] = [];
  private depth = 0;

  constructor(
    private readonly sink: ReplySink,
    private readonly limits: DecoderLimits,
  ) {}

  /** Where the next value belongs: -1 for a reply by itself, its index in a list that is one, else {@link NESTED}. */
  get place(): number {
    const { top } = this;
    if (top === null) return -1;
    return this.depth === 1 && top.kind === LIST ? top.items.length : NESTED;
  }

  /** Takes a value that is complete. */
  add(value: Reply): void {
    const { top } = this;
    if (top === null) {
      this.sink.onReply(value);
      return;
    }
    top.add(value);
    if (top.remaining === 0) this.closeFull();
  }

  /** The head of an aggregate. `length` counts pairs where there are pairs; `null` is for one that will end with `.`. */
  open(type: number, length: number | null): void {
    const kind = kindOf(type);
    const { maxDepth, maxAggregateLength } = this.limits;
    if (kind === PUSH && this.top !== null) throw malformed('a push inside a reply', type);
    if (this.depth >= maxDepth) throw malformed('aggregates nested beyond maxDepth', type);
    if (length !== null && length > maxAggregateLength)
      throw malformed('an aggregate beyond maxAggregateLength', type);
    if (length === 0) {
      if (kind === PUSH) throw malformed('a push without a kind', type);
      if (kind !== ATTRIBUTE) this.add(kind === MAP ? {} : []);
      return;
    }
    // a streamed one is full, and so too long, with the first element past the limit
    const elements = length ?? maxAggregateLength + 1;
    if (this.depth === this.levels.length) this.levels.push(new OpenAggregate());
    this.top = this.levels[this.depth++];
    this.top.open(kind, kind === MAP || kind === ATTRIBUTE ? elements * 2 : elements, length === null);
  }

  /** Closes the innermost aggregate if it has all of its elements, and then those that it fills. */
  closeFull(): void {
    let full = this.top;
    while (full !== null && full.remaining === 0) {
      if (full.streamed) throw new MalformedReplyError('an aggregate beyond maxAggregateLength');
      full = this.close(full);
    }
  }

  /** `.` after the elements of a streamed aggregate. */
  closeStreamed(): void {
    const { top } = this;
    if (top === null || !top.streamed) throw malformed('the end of nothing', T_END);
    if (top.lacksValue()) throw malformed('a key without a value', T_END);
    if (top.kind === PUSH && top.items.length === 0) throw malformed('a push without a kind', T_END);
    this.close(top);
    this.closeFull();
  }

  /** Takes the innermost aggregate off the stack and its value to where it belongs. Returns the one around it. */
  private close(innermost: OpenAggregate): OpenAggregate | null {
    const { kind } = innermost;
    const value = innermost.close();
    this.depth--;
    const around = this.depth === 0 ? null : this.levels[this.depth - 1];
    this.top = around;
    if (kind === ATTRIBUTE) return null;
    if (around !== null) around.add(value);
    else if (kind === PUSH) this.sink.onPush(value as Reply[]);
    else this.sink.onReply(value);
    return around;
  }
}

function kindOf(type: number): AggregateKind {
  switch (type) {
    case T_MAP:
      return MAP;
    case T_PUSH:
      return PUSH;
    case T_ATTRIBUTE:
      return ATTRIBUTE;
    default:
      return LIST;
  }
}
