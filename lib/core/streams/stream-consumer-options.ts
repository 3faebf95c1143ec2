import { unknownOption } from '../unknown-option.js';

/** Settings of a stream consumer. */
export interface StreamConsumerOptions {
  /** The stream's key. */
  stream: string;
  /** The consumer group; made at the start, with the stream, where there is none. */
  group: string;
  /**
   * This consumer's name in the group, of which only one may run at a time. One that stays the same over restarts takes up at
   * once what it left. Default: `hostname:pid:random`.
   */
  consumer?: string | undefined;
  /** Where a group that is made begins: `'0'` with the stream's first entry, `'$'` with the next one, or after an id. Default `'0'`. */
  start?: string | undefined;
  /** Entries asked for at once; those that have no free handler wait here. 1 takes none before there is one. Default 10. */
  batch?: number | undefined;
  /** How long one read waits on the server for entries, ms. Default 5_000. */
  block?: number | undefined;
  /**
   * How long an entry must have been pending, ms, before it is taken from whoever has it: of a consumer that died, or whose
   * handler failed. A living consumer keeps its own, however long its handlers take. Default 60_000.
   */
  claimIdle?: number | undefined;
  /** Deliveries in vain after which an entry is given up. Needs `deadLetter`. Default 5 with it, else Infinity. */
  maxDeliveries?: number | undefined;
  /** The stream for what is given up; `false` drops it, with the event alone. */
  deadLetter?: string | false | undefined;
  /** Values of fields as Buffers. Default false. */
  buffers?: boolean | undefined;
}

/** The same with defaults filled in. */
export interface ResolvedStreamConsumer {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly start: string;
  readonly batch: number;
  readonly block: number;
  readonly claimIdle: number;
  readonly maxDeliveries: number;
  readonly deadLetter: string | false | undefined;
  readonly buffers: boolean;
}

const DEFAULTS = { start: '0', batch: 10, block: 5_000, claimIdle: 60_000, buffers: false } as const;
const MAX_DELIVERIES = 5;

/** What each option must be; the one list of what exists. */
const KNOWN: Record<keyof StreamConsumerOptions, { must: string; allows: (value: unknown) => boolean }> = {
  stream: text("the stream's key"),
  group: text("the group's name"),
  consumer: text("this consumer's name"),
  start: {
    must: "'0', '$' or the id of an entry",
    allows: (value) => typeof value === 'string' && /^(\$|\d+(-\d+)?)$/.test(value),
  },
  batch: count('a number of entries'),
  // 0 would wait for ever, also for a server that has forgotten the connection
  block: count('a number of ms'),
  claimIdle: count('a number of ms'),
  maxDeliveries: {
    must: 'a number of deliveries, 1 or more',
    allows: (value) => isCount(value) || value === Infinity,
  },
  deadLetter: {
    must: "a stream's key, or false to drop what is given up",
    allows: (value) => value === false || isText(value),
  },
  buffers: { must: 'a boolean', allows: (value) => typeof value === 'boolean' },
};

/** Every option there is. */
export const STREAM_CONSUMER_OPTION_NAMES = Object.keys(KNOWN) as (keyof StreamConsumerOptions)[];

/**
 * Checks what `streamConsumer()` was given and fills in the defaults.
 *
 * @throws {TypeError} naming the option.
 */
export function resolveStreamConsumer(given: StreamConsumerOptions): ResolvedStreamConsumer {
  if (typeof given !== 'object' || given === null)
    throw new TypeError("streamConsumer(): give options, as in streamConsumer({ stream: 's', group: 'g' }).");
  for (const name of Object.keys(given))
    if (!Object.hasOwn(KNOWN, name)) throw unknownOption(name, STREAM_CONSUMER_OPTION_NAMES);
  for (const name of STREAM_CONSUMER_OPTION_NAMES) {
    const { must, allows } = KNOWN[name];
    const needed = name === 'stream' || name === 'group';
    if ((given[name] !== undefined || needed) && !allows(given[name]))
      throw new TypeError(`streamConsumer(): '${name}' must be ${must}.`);
  }
  const { deadLetter, maxDeliveries } = given;
  if (deadLetter === undefined && maxDeliveries !== undefined && maxDeliveries !== Infinity) {
    throw new TypeError(
      "streamConsumer(): 'maxDeliveries' needs 'deadLetter', the stream for what is given up (or false to drop it).",
    );
  }
  if (deadLetter === given.stream)
    throw new TypeError("streamConsumer(): 'deadLetter' must be another stream than 'stream'.");
  return {
    stream: given.stream,
    group: given.group,
    consumer: given.consumer ?? uniqueName(),
    start: given.start ?? DEFAULTS.start,
    batch: given.batch ?? DEFAULTS.batch,
    block: given.block ?? DEFAULTS.block,
    claimIdle: given.claimIdle ?? DEFAULTS.claimIdle,
    maxDeliveries: maxDeliveries ?? (deadLetter === undefined ? Infinity : MAX_DELIVERIES),
    deadLetter,
    buffers: given.buffers ?? DEFAULTS.buffers,
  };
}

/** Settings of `consumer.run()`. */
export interface StreamRunOptions {
  /** Handlers at the same time. With 1 entries are handled in order. Default 1. */
  concurrency?: number | undefined;
}

/** @throws {TypeError} naming the option. */
export function resolveConcurrency(options: StreamRunOptions): number {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('run(): options must be an object, as in run(handler, { concurrency: 10 }).');
  for (const name of Object.keys(options))
    if (name !== 'concurrency') throw unknownOption(name, ['concurrency']);
  const { concurrency = 1 } = options;
  if (!isCount(concurrency)) throw new TypeError("run(): 'concurrency' must be an integer of 1 or more.");
  return concurrency;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function text(what: string): { must: string; allows: (value: unknown) => boolean } {
  return { must: `${what}, a string that is not empty`, allows: isText };
}

function count(what: string): { must: string; allows: (value: unknown) => boolean } {
  return { must: `${what}, 1 or more`, allows: isCount };
}

/** Tells an operator where it runs. */
function uniqueName(): string {
  // by Node's module only where it is needed
  const host = process.getBuiltinModule('node:os').hostname();
  return `${host}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`;
}
