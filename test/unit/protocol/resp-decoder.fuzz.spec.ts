import { afterAll, describe, expect, it } from '@jest/globals';
import { newSeed, type Random } from '../../support/random.js';
import { SAMPLES } from './corpus.js';
import { rounds } from './rounds.js';
import { assertSame, Feed, isMalformed, show, type Told } from './wire.js';

const SEED = newSeed();
/** Inputs of all generators together. */
const INPUTS = 1_000_000;
/** ms; the million takes a sixth of it on an idle machine. */
const LONGEST = 120_000;
/** What all inputs may add to what the process holds, bytes: none of them is longer than a few hundred. */
const MOST_MEMORY = 256 * 2 ** 20;

// looked up once: under Jest each look at a global goes through a sandbox
const { min } = Math;

// most inputs end in an error of which nobody reads the stack, and that is what takes the time
Error.stackTraceLimit = 0;

/** How inputs ended, and the most that was held meanwhile. */
const ended = { replies: 0, incomplete: 0, malformed: 0 };
const before = held();
let most = 0;

function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function note(told: readonly Told[], malformed: boolean): void {
  if (malformed) ended.malformed++;
  else if (told.length > 0) ended.replies++;
  else ended.incomplete++;
  if ((ended.malformed + ended.replies + ended.incomplete) % 2_000 === 0)
    most = Math.max(most, held() - before);
}

/** Small enough to be met. */
const TIGHT = { maxDepth: 6, maxBulkLength: 200, maxAggregateLength: 40 };

/** Decodes in one chunk or, given a source of chance, in many. Anything but a malformed reply comes out as thrown. */
function outcome(
  wire: Buffer,
  { buffers, tight }: { buffers: boolean; tight: boolean },
  random?: Random,
): { told: Told[]; malformed: boolean } {
  const feed = new Feed(buffers, tight ? TIGHT : undefined);
  let malformed = false;
  try {
    for (let from = 0; from < wire.length;) {
      const to = random === undefined ? wire.length : min(wire.length, from + 1 + random.below(12));
      feed.write(wire, from, to);
      from = to;
    }
  } catch (error) {
    if (!isMalformed(error)) throw error;
    malformed = true;
  }
  return { told: feed.sink.told, malformed };
}

/** Whatever the bytes are: a clean end, and the same one however they are cut. */
function survives(wire: Buffer, random: Random): void {
  // also with the limits by default, where what is announced is taken at its word
  const settings = { buffers: random.below(4) === 0, tight: random.below(3) > 0 };
  const whole = outcome(wire, settings);
  const cut = outcome(wire, settings, random);
  note(whole.told, whole.malformed);
  const nothing = whole.told.length === 0 && cut.told.length === 0;
  if (nothing && whole.malformed === cut.malformed) return;
  assertSame(cut, whole, () => `cut otherwise: ${show(wire.toString('latin1'))}`);
}

const ALPHABET = [...Buffer.from('$*+-:_,#!=(%~>|;.?\r\n\r\n\r\n0123456789-1tf\r\n:1\r\n+a\r\n$1\r\n')];
const SHORT = SAMPLES.map((sample) => ({ ...sample, wire: Buffer.from(sample.wire as string) })).filter(
  ({ wire }) => wire.length < 120,
);
const WIRES = SHORT.map(({ wire }) => wire);

/** Changes a byte, or takes some out, or doubles some. */
function mutate(wire: Buffer, random: Random): Buffer {
  const at = random.below(wire.length);
  switch (random.below(4)) {
    case 0:
      wire[at] = random.below(256);
      return wire;
    case 1:
      wire[at] = random.pick(ALPHABET);
      return wire;
    case 2:
      return Buffer.concat([wire.subarray(0, at), wire.subarray(at + 1 + random.below(3))]);
    default:
      return Buffer.concat([wire.subarray(0, at), wire.subarray(Math.max(0, at - random.below(6)))]);
  }
}

describe(`RespDecoder on a million inputs (REDWIRE_SEED=${SEED})`, () => {
  it(
    'survives random bytes',
    () => {
      rounds(SEED, 200_000, (random) => {
        const wire = Buffer.allocUnsafe(random.below(24));
        for (let i = 0; i < wire.length; i++) wire[i] = random.below(256);
        survives(wire, random);
      });
    },
    LONGEST,
  );

  it(
    'survives bytes that matter',
    () => {
      rounds(SEED, 330_000, (random) => {
        const wire = Buffer.allocUnsafe(1 + random.below(32));
        for (let i = 0; i < wire.length; i++) wire[i] = random.pick(ALPHABET);
        survives(wire, random);
      });
    },
    LONGEST,
  );

  it(
    'survives replies with a few bytes changed',
    () => {
      rounds(SEED, 330_000, (random) => {
        let wire: Buffer = Buffer.concat([random.pick(WIRES), random.pick(WIRES)]);
        for (let changes = random.below(4); changes >= 0 && wire.length > 0; changes--)
          wire = mutate(wire, random);
        survives(wire, random);
      });
    },
    LONGEST,
  );

  it(
    'waits for the rest of what is cut off, wherever that is, and goes on with it',
    () => {
      rounds(SEED, 140_000, (random) => {
        const samples = [random.pick(SHORT), random.pick(SHORT)];
        const wire = Buffer.concat(samples.map((sample) => sample.wire));
        const buffers = random.below(4) === 0;
        const expected = samples.flatMap(({ text, bytes }) => (buffers ? (bytes ?? text) : text));
        const cut = random.below(wire.length);
        const feed = new Feed(buffers);
        feed.write(wire, 0, cut);
        const { told } = feed.sink;
        note(told, false);
        const early = told.length;
        assertSame(told, expected.slice(0, early), () => `cut off at ${cut}: ${show(wire.toString())}`);
        feed.write(wire, cut);
        assertSame(told, expected, () => `cut at ${cut}: ${show(wire.toString())}`);
      });
    },
    LONGEST,
  );

  it(`came to ${INPUTS} inputs, of every outcome, in bounded memory`, () => {
    expect(ended.replies + ended.incomplete + ended.malformed).toBeGreaterThanOrEqual(INPUTS);
    expect(Math.min(ended.replies, ended.incomplete, ended.malformed)).toBeGreaterThan(INPUTS / 20);
    expect(most).toBeLessThan(MOST_MEMORY);
  });

  afterAll(() => {
    const counts = Object.entries(ended).map(([name, count]) => `${count} ${name}`);
    process.stderr.write(`[fuzz] seed ${SEED}: ${counts.join(', ')}; at most ${most >> 20} MiB held\n`);
  });
});
