import type { CallOptions } from 'nestjs-redwire/core';
import type { Random } from '../random.js';

/** Settings drawn for one call, and what follows from them for its outcome. */
export interface CallSettings {
  readonly options: CallOptions | undefined;
  readonly abortable: boolean;
  /** It may be sent again after it was on its way, whatever it does. */
  readonly repeatable: boolean;
  /** A retry rule of its own may hold it back: commands issued later may come before it. */
  readonly heldBack: boolean;
  /** Of each attempt, ms; 0 is none, undefined is the client's. */
  readonly timeout: number | undefined;
}

/** Attempts of one command at most, the first included. */
export const MOST_ATTEMPTS = 4;

const PLAIN: CallSettings = {
  options: undefined,
  abortable: false,
  repeatable: false,
  heldBack: false,
  timeout: undefined,
};

/** Mostly none, else what `client.with()` takes. */
export function drawSettings(random: Random): CallSettings {
  if (random.chance(0.7)) return PLAIN;
  const timeout = random.pick([undefined, undefined, 0, 20, 60, 250]);
  const options: CallOptions = {};
  if (timeout !== undefined) options.timeout = timeout;
  const abortable = random.chance(0.3);
  if (abortable) options.signal = drawSignal(random);
  const retry = random.pick([undefined, undefined, false, 'policy', 'function'] as const);
  if (retry === 'policy')
    options.retry = { attempts: random.between(0, MOST_ATTEMPTS - 1), backoff: random.between(0, 20) };
  // a function is asked about writes too
  else if (retry === 'function') options.retry = (attempt) => (attempt < MOST_ATTEMPTS ? 5 : false);
  else if (retry === false) options.retry = false;
  const idempotent = random.chance(0.2);
  if (idempotent) options.idempotent = true;
  const heldBack = retry === 'policy' || retry === 'function';
  return { options, abortable, repeatable: idempotent || retry === 'function', heldBack, timeout };
}

function drawSignal(random: Random): AbortSignal {
  const control = new AbortController();
  const abort = (): void => control.abort('no longer wanted');
  const when = random.below(4);
  if (when === 0) abort();
  else if (when === 1) setImmediate(abort);
  else if (when === 2) process.nextTick(abort);
  else setTimeout(abort, random.between(1, 40));
  return control.signal;
}
