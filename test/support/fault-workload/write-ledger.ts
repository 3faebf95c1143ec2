import type { RedisClient } from 'nestjs-redwire/core';
import type { Journal } from './journal.js';

/** A write that must not be applied twice. */
export interface Write {
  /** Its promise resolved: it must have been applied. */
  acknowledged: boolean;
  /** The caller allowed that it is sent again: it may have been applied several times. */
  readonly repeatable: boolean;
}

/** Ends a token in a text that grows by APPEND. */
export const TOKEN_END = '|';

/** All non-idempotent writes of a round, for the reckoning at its end. */
export class WriteLedger {
  /** Key of a list or of a growing text, to the tokens written there. */
  readonly lists = new Map<string, Map<string, Write>>();
  readonly texts = new Map<string, Map<string, Write>>();
  /** Key of a counter that one call alone counts up. */
  readonly once = new Map<string, Write>();
  /** Key of a counter that many count up. */
  readonly counters = new Map<string, Write[]>();
  /** Answers that no two writes to one key may both get: the length after it, the count after it. */
  private readonly answers = new Map<string, Set<unknown>>();

  constructor(private readonly journal: Journal) {}

  /** Notes what a write to a shared key was answered with. */
  answered(key: string, answer: unknown): void {
    const known = this.answers.get(key) ?? new Set();
    this.answers.set(key, known);
    if (known.has(answer))
      this.journal.violation(`two writes to ${key} were answered with ${String(answer)}`);
    known.add(answer);
  }

  /** Reads what is there, over a connection without faults, and compares. */
  async verify(admin: RedisClient): Promise<void> {
    for (const [key, writes] of this.lists) this.verifyTokens(key, writes, await admin.lrange(key, 0, -1));
    for (const [key, writes] of this.texts) {
      const tokens = ((await admin.get(key)) ?? '').split(TOKEN_END).slice(0, -1);
      this.verifyTokens(key, writes, tokens);
    }
    for (const [key, writes] of this.counters) {
      const applied = Number(await admin.get(key));
      const acknowledged = writes.filter((write) => write.acknowledged).length;
      this.verifyCount(`INCR ${key}`, applied, acknowledged, writes.length);
    }
    const keys = [...this.once.keys()];
    for (let from = 0; from < keys.length; from += 1_000) {
      const part = keys.slice(from, from + 1_000);
      const counts = await admin.mget(part);
      part.forEach((key, index) => this.verifyWrite(key, this.once.get(key)!, Number(counts[index])));
    }
  }

  private verifyTokens(key: string, writes: ReadonlyMap<string, Write>, tokens: readonly string[]): void {
    const applied = new Map<string, number>();
    for (const token of tokens) applied.set(token, (applied.get(token) ?? 0) + 1);
    for (const [token, write] of writes)
      this.verifyWrite(`${token} in ${key}`, write, applied.get(token) ?? 0);
    for (const token of applied.keys())
      if (!writes.has(token)) this.journal.violation(`${key} holds ${token}, which nobody wrote`);
  }

  private verifyWrite(what: string, { acknowledged, repeatable }: Write, applied: number): void {
    this.verifyCount(what, applied, acknowledged ? 1 : 0, repeatable ? Infinity : 1);
  }

  private verifyCount(what: string, applied: number, least: number, most: number): void {
    if (applied < least) this.journal.violation(`${what}: ${least} acknowledged, only ${applied} applied`);
    if (applied > most) this.journal.violation(`${what}: ${most} issued, ${applied} applied`);
  }
}
