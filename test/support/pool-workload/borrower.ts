import {
  RedisAbortError,
  RedisConnectionError,
  RedisDisconnectedError,
  RedisError,
  RedisTimeoutError,
  type RedisClient,
  type RedisPool,
  type RedisSession,
} from 'nestjs-redwire/core';
import { setImmediate as loop, setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { PoolBook } from './book.js';
import { leaveSomething, WATCHED } from './leftovers.js';

/** How far a timer may be before its time, ms. */
const BLUR = 5;

/** What a borrower works with. */
export interface BorrowerParts {
  readonly pool: RedisPool;
  readonly book: PoolBook;
  /** A client whose connection suffers no faults. */
  readonly admin: RedisClient;
  /** ms; 0 waits for ever. */
  readonly acquireTimeout: number;
  /** ms that an `acquire()` may take by what is documented, where it waits for ever too. */
  readonly longestWait: number;
}

/** One who borrows a connection, looks whether it is as good as new, works with it, and leaves it as he pleases. */
export class Borrower {
  constructor(
    private readonly parts: BorrowerParts,
    private readonly random: Random,
  ) {}

  /** One time, by one of the ways there are. */
  async turn(): Promise<void> {
    const { pool } = this.parts;
    const way = this.random.below(10);
    if (way === 0) await this.byUse();
    else {
      const session = await this.acquire();
      if (session === undefined) return;
      try {
        if (way === 1) await this.byBlock(session);
        else await this.byHand(session);
      } finally {
        await this.afterRelease(session);
      }
    }
    await this.step();
    if (this.random.chance(0.02))
      await this.note(pool.connect({ deadline: this.random.pick([undefined, 100]) }));
  }

  private async byUse(): Promise<void> {
    const { pool, book } = this.parts;
    const { signal, place, since } = this.ask();
    let known: RedisSession | undefined;
    const used = pool.use(
      async (session) => {
        known = session;
        book.served(place, session);
        try {
          await this.work(session);
        } finally {
          book.released(session);
        }
      },
      { signal },
    );
    await this.guard(used).catch((error: unknown) => {
      if (known === undefined) this.refused(place, signal, since, error);
      else book.violation(`use() failed with ${describe(error)}`);
    });
  }

  private async byBlock(session: RedisSession): Promise<void> {
    await using lent = session;
    await this.work(lent);
    this.parts.book.released(session);
  }

  private async byHand(session: RedisSession): Promise<void> {
    const { pool, book } = this.parts;
    const holds = await this.work(session);
    book.released(session);
    pool.release(session);
    book.checkBounds();
    holds?.();
    if (!this.random.chance(0.1)) return;
    try {
      pool.release(session);
      book.violation('a second release was no error');
    } catch (error) {
      book.count('second release');
      if ((error as RedisError).code !== 'NOT_LENT') book.violation(`a second release: ${describe(error)}`);
    }
  }

  /** The client of one who had it is of no use, and harms nobody. */
  private async afterRelease(session: RedisSession): Promise<void> {
    const { book } = this.parts;
    if (!this.random.chance(0.1)) return;
    book.count('use after release');
    if (this.random.chance(0.5)) session.destroy();
    const error: unknown = await session.echo('after the release').catch((reason: unknown) => reason);
    if ((error as RedisError).code !== 'RELEASED') book.violation(`use after release: ${describe(error)}`);
  }

  private async acquire(): Promise<RedisSession | undefined> {
    const { pool, book } = this.parts;
    const { signal, place, since } = this.ask();
    const acquired = this.guard(pool.acquire({ signal }));
    book.checkBounds();
    return acquired.then(
      (session) => {
        book.served(place, session);
        return session;
      },
      (error: unknown) => {
        this.refused(place, signal, since, error);
        return undefined;
      },
    );
  }

  private ask(): { signal: AbortSignal | undefined; place: number; since: number } {
    const signal = this.random.chance(0.3) ? this.signal() : undefined;
    return { signal, place: this.parts.book.ask(), since: performance.now() };
  }

  /** Everybody comes to know what has become of him; then the book must be true. */
  private async step(): Promise<void> {
    const { book } = this.parts;
    book.checkBounds();
    await loop();
    book.check();
  }

  private guard<T>(acquired: Promise<T>): Promise<T> {
    const { book, longestWait } = this.parts;
    return book.watchdog.guard(acquired, longestWait, 'acquire()');
  }

  private refused(place: number, signal: AbortSignal | undefined, since: number, error: unknown): void {
    const { book, acquireTimeout } = this.parts;
    book.gaveUp(place);
    book.count(nameOf(error));
    const isRight =
      (error instanceof RedisAbortError && signal?.aborted === true) ||
      (error instanceof RedisDisconnectedError && error.code === 'CLOSED' && book.isEnding) ||
      (error instanceof RedisConnectionError && error.code === 'CONNECT_FAILED') ||
      (error instanceof RedisTimeoutError && error.kind === 'connect') ||
      (error instanceof RedisTimeoutError &&
        error.kind === 'pool' &&
        acquireTimeout > 0 &&
        performance.now() - since >= acquireTimeout - BLUR);
    if (!isRight) book.violation(`acquire() failed with ${describe(error)}`);
  }

  /** Works with a connection that was lent. Returns what is to hold once it was given back. */
  private async work(session: RedisSession): Promise<(() => void) | undefined> {
    const { book, admin } = this.parts;
    await this.step();
    try {
      const era = book.eraNow;
      const info = await session.clientInfo();
      book.noteId(info.id, era, session);
      // within MULTI it would have been answered otherwise
      const { db, name } = info;
      if (db !== 0 || name !== '')
        book.violation(`it came with what another left: ${JSON.stringify({ db, name })}`);
      if (this.random.chance(0.5)) {
        await admin.incr(WATCHED);
        const results = await session.multi((tx) => tx.echo('mine'));
        if (results?.[0] !== 'mine') book.violation(`it came with watched keys: ${JSON.stringify(results)}`);
      }
      if (this.random.chance(0.3)) await sleep(this.random.between(0, 8));
      const text = `text ${this.random.below(1e9)}`;
      if ((await session.echo(text)) !== text) book.violation("another's reply");
      if (this.random.chance(0.4)) return await leaveSomething(session, this.random, book);
    } catch (error) {
      this.failed(error);
    }
    return undefined;
  }

  /** What may happen to commands whose connection suffers. That the client is closed is nobody's doing but the pool's. */
  private failed(error: unknown): void {
    const { book } = this.parts;
    book.count(nameOf(error));
    const isRight =
      error instanceof RedisConnectionError ||
      (error instanceof RedisTimeoutError && error.kind !== 'pool') ||
      (error instanceof RedisDisconnectedError && book.isEnding);
    if (!isRight) book.violation(`a borrower was told ${describe(error)}`);
  }

  private async note(connected: Promise<void>): Promise<void> {
    const { book, longestWait } = this.parts;
    await book.watchdog.guard(connected, longestWait, 'connect()').catch((error: unknown) => {
      if (!(error instanceof RedisError)) book.violation(`connect() failed with ${describe(error)}`);
    });
  }

  private signal(): AbortSignal {
    const control = new AbortController();
    const abort = (): void => control.abort('no longer wanted');
    const when = this.random.below(5);
    if (when === 0) abort();
    else if (when === 1) process.nextTick(abort);
    else if (when === 2) setImmediate(abort);
    else setTimeout(abort, this.random.between(1, 60));
    return control.signal;
  }
}

function nameOf(error: unknown): string {
  if (error instanceof RedisTimeoutError) return `${error.name} ${error.kind}`;
  if (error instanceof RedisError) return `${error.name} ${error.code}`;
  return String((error as Error | null)?.name);
}

function describe(error: unknown): string {
  return `${nameOf(error)}: ${(error as Error | null)?.message}`;
}
