/** More are not kept: what is told twice after that many others is no flood. */
const MOST_KEPT = 100;

/**
 * What went wrong with a connection and was told already. A long outage fails every few seconds in the same way, and of a
 * cluster several nodes by turns: each of these is one line, not a thousand.
 */
export class ToldProblems {
  private readonly told = new Set<string>();

  /** Is it the first time, since all was well? */
  isNew(problem: string): boolean {
    // who asks several servers at once hears of them in any order
    const key = problem.split(' ').toSorted().join(' ');
    if (this.told.has(key)) return false;
    if (this.told.size >= MOST_KEPT) this.told.clear();
    this.told.add(key);
    return true;
  }

  /** All is well. */
  clear(): void {
    this.told.clear();
  }

  /** All is well with the server at that address. Gives true where something was told of it. */
  forget(address: string): boolean {
    let wasTold = false;
    for (const key of this.told) {
      if (!key.split(/[^\w.:[\]-]/).some((word) => word.replace(/[.:]+$/, '') === address)) continue;
      this.told.delete(key);
      wasTold = true;
    }
    return wasTold;
  }
}
