import { isDeepStrictEqual } from 'node:util';
import {
  type DecoderLimits,
  MalformedReplyError,
  type ReplySink,
} from '../../../lib/core/protocol/decoder.js';
import { type Reply, ReplyError } from '../../../lib/core/protocol/reply.js';
import { RespDecoder } from '../../../lib/core/protocol/resp-decoder.js';

/** What a sink was told, in order. `asked` is one question of each kind. */
export type Told = ['reply', Reply] | ['error', string] | ['push', Reply[]];

export class RecordingSink implements ReplySink {
  readonly told: Told[] = [];
  asked = 0;
  pushesAsked = 0;

  constructor(
    private readonly buffers = false,
    private readonly pushBuffers = buffers,
    /** Where maps are wanted as pairs. */
    private readonly pairsAt: readonly number[] = [],
  ) {}

  wantsBuffers(): boolean {
    this.asked++;
    return this.buffers;
  }

  wantsPairs(place: number): boolean {
    return this.pairsAt.includes(place);
  }

  wantsPushBuffers(): boolean {
    this.pushesAsked++;
    return this.pushBuffers;
  }

  onReply(reply: Reply): void {
    this.told.push(['reply', reply]);
  }

  onError(message: string): void {
    this.told.push(['error', message]);
  }

  onPush(items: Reply[]): void {
    this.told.push(['push', items]);
  }
}

/** What the chunks come in. It is overwritten after every write, as a socket's is. */
let receive = Buffer.alloc(256);

/** One decoder fed from {@link receive}. */
export class Feed {
  readonly sink: RecordingSink;
  private readonly decoder: RespDecoder;

  constructor(buffers = false, limits?: Partial<DecoderLimits>) {
    this.sink = new RecordingSink(buffers);
    this.decoder = new RespDecoder(this.sink, limits);
  }

  write(wire: Buffer, from = 0, to = wire.length): void {
    if (to - from > receive.length) receive = Buffer.alloc((to - from) * 2);
    wire.copy(receive, 0, from, to);
    try {
      this.decoder.write(receive, to - from);
    } finally {
      // a byte that means something at every place: a digit
      receive.fill(0x35, 0, to - from);
    }
  }
}

/** What comes of bytes cut at the given places. */
export function decode(
  wire: Buffer | string,
  options: { buffers?: boolean; cuts?: number[]; limits?: Partial<DecoderLimits> } = {},
): RecordingSink {
  const bytes = typeof wire === 'string' ? Buffer.from(wire) : wire;
  const feed = new Feed(options.buffers, options.limits);
  let from = 0;
  for (const cut of [...(options.cuts ?? []), bytes.length]) {
    feed.write(bytes, from, cut);
    from = cut;
  }
  return feed.sink;
}

/** {@link decode}, byte by byte. */
export function decodeByteByByte(
  wire: Buffer | string,
  buffers = false,
  limits?: Partial<DecoderLimits>,
): RecordingSink {
  const length = typeof wire === 'string' ? Buffer.byteLength(wire) : wire.length;
  return decode(wire, {
    buffers,
    limits,
    cuts: Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1),
  });
}

/** The one reply in the bytes. */
export function decodeOne(wire: Buffer | string, buffers = false): Reply {
  const { told } = decode(wire, { buffers });
  if (told.length !== 1 || told[0][0] !== 'reply') throw new Error(`not one reply: ${show(told)}`);
  return told[0][1];
}

/** Strict, with prototypes, `-0` and `NaN`; far quicker than `expect` where there are thousands to compare. */
export function assertSame(actual: unknown, expected: unknown, where: () => string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${where()}\nexpected ${show(expected)}\nactual   ${show(actual)}`);
  }
}

export function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (item instanceof Map) return { map: [...item] };
    return item;
  });
  return text === undefined ? 'undefined' : text.slice(0, 2000);
}

export function isMalformed(error: unknown): boolean {
  return error instanceof MalformedReplyError;
}

export function bulk(text: string | Buffer): string {
  return `$${Buffer.byteLength(text)}\r\n${text.toString()}\r\n`;
}

/** An array of texts, and of arrays of them. */
export function array(items: readonly unknown[]): string {
  const elements = items.map((item) => (Array.isArray(item) ? array(item) : bulk(String(item))));
  return `*${items.length}\r\n${elements.join('')}`;
}

export { ReplyError };
