import type { CommandView, RedisClient } from 'nestjs-redwire/core';
import type { Random } from '../random.js';
import { drawSettings, MOST_ATTEMPTS } from './call-settings.js';
import type { Attempt, Journal } from './journal.js';
import { uniqueBytes, uniqueText } from './values.js';
import { TOKEN_END, type Write, type WriteLedger } from './write-ledger.js';

/** What a connection without faults lays down before a round. */
export const FIXTURES = {
  text: 'fixture:text',
  list: 'fixture:list',
  elements: Array.from({ length: 40 }, (_, index) => `element ${index} 😀`),
};

/** Lists, texts and counters that all callers write to: several, so that none grows beyond what is quick to check. */
const SHARED = 4;

/** What a caller works with. */
export interface Caller {
  readonly client: RedisClient;
  readonly random: Random;
  readonly journal: Journal;
  readonly ledger: WriteLedger;
  /** A text that nobody else gets. */
  readonly id: string;
}

/** A caller with settings drawn for its next commands. */
interface Call extends Caller {
  readonly view: RedisClient | CommandView<string>;
  readonly heldBack: boolean;
  attempt(what: string, refusal?: string): Attempt;
  newWrite(): Write;
}

/** One caller's turn: a command, or a few that belong together; awaits and checks them. */
export async function operate(caller: Caller): Promise<void> {
  const { client, random, id } = caller;
  const { options, abortable, repeatable, heldBack, timeout } = drawSettings(random);
  const { commandTimeout, socketTimeout } = client.options;
  const perAttempt = timeout === 0 ? socketTimeout : (timeout ?? commandTimeout);
  const limit = heldBack ? perAttempt * MOST_ATTEMPTS : perAttempt;
  await pick(random)({
    ...caller,
    view: options === undefined ? client : client.with(options),
    heldBack,
    attempt: (what, refusal) => ({ what: `${what} (${id})`, limit, abortable, refusal }),
    newWrite: () => ({ acknowledged: false, repeatable }),
  });
}

type Operation = (call: Call) => Promise<void>;

/** Each with how often it comes, relative to the others. */
const OPERATIONS: readonly [weight: number, operation: Operation][] = [
  [10, setAndGetText],
  [6, setAndGetBytes],
  [12, echoText],
  [5, echoBytes],
  [8, incrementOnce],
  [8, incrementShared],
  [8, push],
  [6, append],
  [4, manyKeys],
  [4, record],
  [4, fixtureList],
  [4, refusedByType],
  [3, ping],
  [1, probe],
];
const TOTAL = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

function pick(random: Random): Operation {
  let at = random.below(TOTAL);
  for (const [weight, operation] of OPERATIONS) {
    at -= weight;
    if (at < 0) return operation;
  }
  return ping;
}

async function setAndGetText({ view, client, heldBack, journal, random, id, attempt }: Call): Promise<void> {
  const [key, value] = [`k:${id}`, uniqueText(random, id)];
  // in one tick at times: the order of the calls is the order of their effects
  const setting = journal.expect(view.set(key, value), 'OK', attempt('SET'));
  if (heldBack || !random.chance(0.3)) await setting;
  const reading = random.chance(0.2) ? client.call('GET', key) : view.get(key);
  const got = await journal.attempt(reading as Promise<string | null>, attempt('GET'));
  if (!got.ok) return;
  if (await setting) journal.same(got.value, value, `GET after SET (${id})`);
  else if (got.value !== null) journal.same(got.value, value, `GET after a SET that failed (${id})`);
}

async function setAndGetBytes({ view, journal, random, id, attempt }: Call): Promise<void> {
  const [key, value] = [`b:${id}`, uniqueBytes(random, id)];
  const set = await journal.attempt(view.set(key, value), attempt('SET of bytes'));
  const got = await journal.attempt(view.buffers.get(key), attempt('GET of bytes'));
  if (got.ok && (set.ok || got.value !== null))
    journal.same(got.value, value, `GET of bytes after SET (${id})`);
}

async function echoText({ view, journal, random, id, attempt }: Call): Promise<void> {
  const value = uniqueText(random, id);
  await journal.expect(view.echo(value), value, attempt('ECHO'));
}

async function echoBytes({ view, journal, random, id, attempt }: Call): Promise<void> {
  const value = uniqueBytes(random, id);
  await journal.expect(view.buffers.echo(value), value, attempt('ECHO of bytes'));
}

async function incrementOnce({ view, journal, ledger, id, attempt, newWrite }: Call): Promise<void> {
  const [key, write] = [`once:${id}`, newWrite()];
  ledger.once.set(key, write);
  const outcome = await journal.attempt(view.incr(key), attempt('INCR'));
  if (!outcome.ok) return;
  write.acknowledged = true;
  if (!write.repeatable) journal.same(outcome.value, 1, `INCR (${id})`);
}

async function incrementShared({ client, journal, ledger, random, attempt }: Call): Promise<void> {
  const key = `count:${random.below(SHARED)}`;
  const write: Write = { acknowledged: false, repeatable: false };
  const writes = ledger.counters.get(key) ?? [];
  ledger.counters.set(key, writes);
  writes.push(write);
  const outcome = await journal.attempt(client.incr(key), attempt(`INCR of ${key}`));
  if (!outcome.ok) return;
  write.acknowledged = true;
  ledger.answered(key, outcome.value);
}

async function push(call: Call): Promise<void> {
  const key = `list:${call.random.below(SHARED)}`;
  const token = `é${call.id}`;
  await writeToken(call, call.ledger.lists, key, token, () => call.view.rpush(key, token));
}

async function append(call: Call): Promise<void> {
  const key = `text:${call.random.below(SHARED)}`;
  const token = `😀${call.id}`;
  await writeToken(call, call.ledger.texts, key, token, () => call.view.append(key, token + TOKEN_END));
}

async function writeToken(
  { journal, ledger, attempt, newWrite }: Call,
  tokens: Map<string, Map<string, Write>>,
  key: string,
  token: string,
  issue: () => Promise<number>,
): Promise<void> {
  const write = newWrite();
  const known = tokens.get(key) ?? new Map<string, Write>();
  tokens.set(key, known.set(token, write));
  const outcome = await journal.attempt(issue(), attempt(`write to ${key}`));
  if (!outcome.ok) return;
  write.acknowledged = true;
  ledger.answered(key, outcome.value);
}

async function manyKeys({ view, journal, random, id, attempt }: Call): Promise<void> {
  const values = Array.from({ length: random.between(1, 20) }, (_, index) => `${id}/${index}`);
  const keys = values.map((value) => `m:${value}`);
  const entries = Object.fromEntries(keys.map((key, index) => [key, values[index]!]));
  const set = await journal.expect(view.mset(entries), 'OK', attempt('MSET'));
  const got = await journal.attempt(view.mget([...keys, 'none']), attempt('MGET'));
  if (!got.ok) return;
  // MSET is atomic: all or nothing
  if (set || got.value[0] !== null) journal.same(got.value, [...values, null], `MGET (${id})`);
  else journal.same(got.value, [...keys.map(() => null), null], `MGET after an MSET that failed (${id})`);
}

async function record({ view, journal, random, id, attempt }: Call): Promise<void> {
  const fields = Array.from({ length: random.between(1, 12) }, (_, index) => [`f${index}`, `${id}/${index}`]);
  const value = Object.fromEntries(fields) as Record<string, string>;
  const set = await journal.attempt(view.hset(`h:${id}`, value), attempt('HSET'));
  const got = await journal.attempt(view.hgetall(`h:${id}`), attempt('HGETALL'));
  if (got.ok && (set.ok || Object.keys(got.value).length > 0))
    journal.same(got.value, value, `HGETALL (${id})`);
}

async function fixtureList({ view, journal, random, attempt }: Call): Promise<void> {
  const from = random.below(FIXTURES.elements.length);
  const elements = FIXTURES.elements.slice(from);
  await journal.expect(view.lrange(FIXTURES.list, from, -1), elements, attempt(`LRANGE from ${from}`));
}

async function refusedByType({ view, journal, random, attempt }: Call): Promise<void> {
  if (random.chance(0.5))
    await journal.attempt(view.hget(FIXTURES.text, 'f'), attempt('HGET of a text', 'WRONGTYPE'));
  else await journal.attempt(view.incr(FIXTURES.text), attempt('INCR of a text', 'ERR'));
}

async function ping({ view, journal, attempt }: Call): Promise<void> {
  await journal.expect(view.ping(), 'PONG', attempt('PING'));
}

async function probe({ client, journal, attempt }: Call): Promise<void> {
  await journal.attempt(client.probe(200), attempt('probe'));
}
