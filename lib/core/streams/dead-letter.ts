import type { CommandArgument } from '../commands/arguments.js';
import type { ResolvedStreamConsumer } from './stream-consumer-options.js';

/** Begins the names of the fields that tell where a dead letter comes from. */
const PREFIX = 'dead-letter:';

/** A message longer than this many characters is cut: some hold whole documents. */
const LONGEST_MESSAGE = 2_000;

/**
 * The fields of a dead letter: those of the entry, then where it comes from and why. A field of the entry whose name begins with
 * `dead-letter:` has another `dead-letter:` before it, so that nothing is overwritten and all can be restored.
 *
 * @param failure what the handler threw, which may be undefined; none where no delivery came to an end.
 */
export function deadLetterFields(
  original: Readonly<Record<string, CommandArgument>>,
  { id, deliveries }: { id: string; deliveries: number },
  { stream, group, consumer }: ResolvedStreamConsumer,
  failure: { readonly error: unknown } | undefined,
): Map<string, CommandArgument> {
  const fields = new Map<string, CommandArgument>();
  for (const [name, value] of Object.entries(original))
    fields.set(name.startsWith(PREFIX) ? `${PREFIX}${name}` : name, value);
  const facts = { stream, group, consumer, id, deliveries, ...describe(failure) };
  for (const [name, value] of Object.entries(facts)) fields.set(`${PREFIX}${name}`, value);
  return fields;
}

function describe(failure: { readonly error: unknown } | undefined): {
  error: string;
  message: string;
  code?: string;
} {
  if (failure === undefined) {
    return {
      error: 'NeverFinished',
      message: 'No delivery came to an end: did the processes that had the entry die with it?',
    };
  }
  const { error } = failure;
  const name = read(error, 'name');
  const code = read(error, 'code');
  return {
    error: typeof name === 'string' ? name : typeof error,
    message: messageOf(error).slice(0, LONGEST_MESSAGE),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
  };
}

function messageOf(error: unknown): string {
  const message = read(error, 'message');
  if (typeof message === 'string') return message;
  try {
    return String(error);
  } catch {
    return 'an error that has no text';
  }
}

/** By its looks and not by `instanceof`: it may come from another realm. Anything can be thrown, getters that throw included. */
function read(error: unknown, property: string): unknown {
  try {
    return (Object(error) as Record<string, unknown>)[property];
  } catch {
    return undefined;
  }
}
