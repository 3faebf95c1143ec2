import type { RedisSession } from 'nestjs-redwire/core';
import type { Random } from '../random.js';
import type { PoolBook } from './book.js';

/** A key that everybody watches and that changes before anybody looks. */
export const WATCHED = 'watched';
/** A list that never has an element. */
const NEVER = 'never';
/** ms in which whatever is under way on a connection ends once that was given back. */
const ENDS = 2_000;

/** What a borrower does to a connection and leaves as it is; returns what is to hold once the connection was given back. */
type Leftover = (session: RedisSession, book: PoolBook) => Promise<(() => void) | undefined>;

const LEFTOVERS: Readonly<Record<string, Leftover>> = {
  MULTI: async (session) => {
    await session.multi();
    await session.set('k', 'never set');
    return undefined;
  },
  WATCH: async (session) => {
    await session.watch(WATCHED);
    return undefined;
  },
  'WATCH and MULTI': async (session) => {
    await session.watch(WATCHED);
    await session.multi();
    return undefined;
  },
  'unanswered MULTI': async (session) => {
    session.multi().catch(() => undefined);
    return undefined;
  },
  SELECT: async (session) => {
    await session.call('SELECT', 3);
    return undefined;
  },
  name: async (session) => {
    await session.clientSetname('an-earlier-borrower');
    return undefined;
  },
  subscription: async (session, book) => {
    const subscription = await session.subscribe('news');
    return () => {
      if (!subscription.closed) book.violation('a subscription outlived its borrower');
    };
  },
  'blocking command': async (session, book) => {
    const popped = session.blpop(NEVER, 0).then(
      (reply) => book.violation(`a BLPOP that was left behind was answered ${JSON.stringify(reply)}`),
      () => undefined,
    );
    return () => void book.watchdog.guard(popped, ENDS, 'a BLPOP that was left behind');
  },
  'commands in flight': async (session, book) => {
    const all = Promise.allSettled(Array.from({ length: 20 }, (_, nth) => session.echo(`left ${nth}`)));
    return () => void book.watchdog.guard(all, ENDS, 'commands that were left behind');
  },
  'end of the connection': async (session) => {
    session.destroy();
    return undefined;
  },
};

/** Leaves one of them on a connection. */
export async function leaveSomething(
  session: RedisSession,
  random: Random,
  book: PoolBook,
): Promise<(() => void) | undefined> {
  const name = random.pick(Object.keys(LEFTOVERS));
  const check = await LEFTOVERS[name]!(session, book);
  book.count(`left ${name}`);
  return check;
}
